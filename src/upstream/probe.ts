/** Asks an upstream, again and again and off the request path, whether it is alive: in MCP, in its own revision. */
import type { Dispatcher } from 'undici'
import {
  discoverRequest,
  initializeRequest,
  LEGACY,
  type ProbeAnswer,
  type ProbeRequest,
} from '../mcp/probe-message.ts'
import type { Endpoint } from './endpoint.ts'
import { upstreamFailure } from './failure.ts'
import { ask, type ProbeReply } from './probe-exchange.ts'
import { Client } from './undici.ts'

export interface ProbeOptions {
  readonly endpoint: Endpoint
  /** Otherwise nothing is ever sent. */
  readonly enabled: boolean
  /** Milliseconds between probes. */
  readonly interval: number
  /** Milliseconds for one. */
  readonly timeout: number
  /** Credentials and the like. */
  readonly headers: Readonly<Record<string, string>>
  /** Sidelight's version, for the probe's client name. */
  readonly version: string
  readonly onResult: (result: ProbeResult) => void
}

export interface ProbeResult {
  readonly alive: boolean
  /** One line for the health report; never an address. */
  readonly message: string
  /** Milliseconds that the probe took. */
  readonly duration: number
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** Until the first success, and after a failure, the next probe comes sooner. */
const IMPATIENT_MS = 500

export class Probe {
  readonly #options: ProbeOptions
  #era: 'unknown' | 'modern' | 'legacy' = 'unknown'
  #timer: NodeJS.Timeout | undefined
  #client: Client | undefined
  #stopped = false
  #failures = 0
  #seen = false
  /** `off`: this upstream is not probed. */
  result: ProbeResult | 'off' | undefined

  constructor(options: ProbeOptions) {
    this.#options = options
    this.result = options.enabled ? undefined : 'off'
  }

  /** Seen alive recently, and not missed twice since; or not probed at all. */
  get alive(): boolean {
    return this.result === 'off' || (this.#seen && this.#failures < 2)
  }

  start(): void {
    if (this.#options.enabled) void this.#round()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#client?.destroy()
  }

  async #round(): Promise<void> {
    const { interval, onResult } = this.#options
    const startedAt = performance.now()
    const { alive, message } = await this.#probe()
    if (this.#stopped) return
    if (alive) {
      this.#seen = true
      this.#options.endpoint.answered(startedAt)
    }
    this.#failures = alive ? 0 : this.#failures + 1
    const result = { alive, message, duration: performance.now() - startedAt, at: Date.now() }
    this.result = result
    onResult(result)
    this.#timer = setTimeout(() => void this.#round(), alive ? interval : Math.min(interval, IMPATIENT_MS))
    this.#timer.unref()
  }

  async #probe(): Promise<{ alive: boolean; message: string }> {
    const { endpoint, timeout, version } = this.#options
    this.#client = new Client(endpoint.url.origin, {
      connect: endpoint.connectors.within(timeout),
      allowH2: false,
      headersTimeout: timeout,
      bodyTimeout: timeout,
    })
    try {
      if (this.#era !== 'legacy') {
        const answer = await this.#ask(discoverRequest(version))
        if (answer.kind === 'result') {
          this.#era = 'modern'
          return { alive: true, message: 'answered server/discover' }
        }
        if (answer.kind === 'refused') return { alive: true, message: `asks for authorization (${answer.status})` }
      }
      const answer = await this.#ask(initializeRequest(version))
      this.#era = answer.kind === 'result' ? 'legacy' : 'unknown'
      if (answer.session !== undefined) await this.#endSession(answer.session)
      return verdict(answer.kind, answer.status)
    } catch (error) {
      if (upstreamFailure(error, false).failure.outcome === 'upstream_unreachable') endpoint.unreachable()
      return { alive: false, message: `no answer: ${(error as { code?: string }).code ?? (error as Error).name}` }
    } finally {
      this.#client.destroy().catch(() => {})
    }
  }

  #ask({ headers, body }: ProbeRequest): Promise<ProbeReply> {
    return this.#send('POST', headers, body)
  }

  /** Not to leave a session behind every ten seconds. */
  async #endSession(session: string): Promise<void> {
    try {
      await this.#send('DELETE', { 'mcp-session-id': session, 'mcp-protocol-version': LEGACY }, null)
    } catch {
      // The upstream is alive all the same; a session that it will not end is its own to expire.
    }
  }

  #send(
    method: 'POST' | 'DELETE',
    headers: Readonly<Record<string, string>>,
    body: string | null,
  ): Promise<ProbeReply> {
    const { endpoint, timeout } = this.#options
    const options = {
      path: endpoint.path,
      method,
      headers: { host: endpoint.host, ...headers, ...this.#options.headers },
      body,
      servername: endpoint.servername,
    }
    return ask(this.#client as Client, options as Dispatcher.DispatchOptions, timeout)
  }
}

function verdict(kind: ProbeAnswer, status: number): { alive: boolean; message: string } {
  if (kind === 'result') return { alive: true, message: 'answered initialize' }
  if (kind === 'error') return { alive: true, message: 'answered with a JSON-RPC error' }
  if (kind === 'refused') return { alive: true, message: `asks for authorization (${status})` }
  return { alive: false, message: `answered ${status} without JSON-RPC` }
}
