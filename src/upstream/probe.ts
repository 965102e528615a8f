/** Asks an upstream, again and again and off the request path, whether it is alive: in MCP, in its own revision. */
import type { Endpoint } from './endpoint.ts'
import { upstreamFailure } from './failure.ts'
import { type OnPage, ProbeConversation, reason } from './probe-conversation.ts'

export interface ProbeOptions {
  readonly endpoint: Endpoint
  /** Otherwise nothing is ever sent. */
  readonly enabled: boolean
  /** Milliseconds between probes. */
  readonly interval: number
  /** Milliseconds for each answer. */
  readonly timeout: number
  /** Probes in a row that it takes to count as alive, and to count as such no longer. */
  readonly successThreshold: number
  readonly failureThreshold: number
  /** Credentials and the like. */
  readonly headers: Readonly<Record<string, string>>
  readonly tokenFile?: string | undefined
  /** That it must have. */
  readonly tools: readonly string[]
  /** Milliseconds between two lists of tools. */
  readonly listInterval: number
  /** Sidelight's version, for the probe's client name. */
  readonly version: string
  readonly onResult: (result: ProbeResult) => void
  /** Given: lists are asked for, and each page is told. */
  readonly onPage?: OnPage | undefined
  /** What asked before under other settings: what it saw still holds. */
  readonly before?: Probe | undefined
  /** Given: calls that were answered so far, and that got no answer. */
  readonly traffic?: (() => Traffic) | undefined
}

export interface Traffic {
  readonly answered: number
  readonly failed: number
}

export interface ProbeResult {
  readonly alive: boolean
  /** One line for the health report; never an address. */
  readonly message: string
  /** Alive, but not as it should be: why. */
  readonly degraded?: string | undefined
  /** Milliseconds that it took. */
  readonly duration: number
  /** Nothing was sent: calls that were answered said as much. */
  readonly byTraffic?: boolean
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** Until the first success, and after a failure, the next probe comes sooner. */
const IMPATIENT_MS = 500

export class Probe {
  readonly #options: Omit<ProbeOptions, 'before'>
  readonly #conversation: ProbeConversation
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  #busy = false
  #alive = false
  /** Probes in a row that said the other thing than `#alive`. */
  #against = 0
  #lastTraffic: Traffic = { answered: 0, failed: 0 }
  #nextList = 0
  #degraded: string | undefined
  /** `off`: this upstream is not probed. */
  result: ProbeResult | 'off' | undefined

  /** The probe before is not kept: it would keep the one before itself. */
  constructor({ before, ...options }: ProbeOptions) {
    this.#options = options
    this.#conversation = new ProbeConversation({ ...options, target: options.endpoint })
    this.result = options.enabled ? undefined : 'off'
    if (options.enabled && before !== undefined && before.result !== 'off') {
      this.#alive = before.#alive
      this.result = before.result
    }
  }

  /** Seen alive as often as wanted, and not missed too often since; or not probed at all. */
  get alive(): boolean {
    return this.result === 'off' || this.#alive
  }

  start(): void {
    const { enabled, endpoint, traffic } = this.#options
    if (!enabled) return
    if (traffic !== undefined) endpoint.onUnreachable = () => this.#hurry()
    void this.#round()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#conversation.close()
  }

  /** Traffic could not reach it: what the next probe would tell is worth knowing now. */
  #hurry(): void {
    if (this.#busy || this.#stopped || !this.#alive || this.#against > 0) return
    clearTimeout(this.#timer)
    void this.#round()
  }

  async #round(): Promise<void> {
    this.#busy = true
    const { interval, onResult } = this.#options
    const startedAt = performance.now()
    const byTraffic = this.#spokenFor()
    const { alive, message } = byTraffic ? { alive: true, message: 'answered calls' } : await this.#probe(startedAt)
    if (this.#stopped) return
    this.#count(alive)
    const duration = performance.now() - startedAt
    const result = { alive, message, degraded: this.#degraded, duration, byTraffic, at: Date.now() }
    this.result = result
    onResult(result)
    this.#busy = false
    const settled = alive && this.#alive
    this.#timer = setTimeout(() => void this.#round(), settled ? interval : Math.min(interval, IMPATIENT_MS))
    this.#timer.unref()
  }

  #count(alive: boolean): void {
    const { successThreshold, failureThreshold } = this.#options
    this.#against = alive === this.#alive ? 0 : this.#against + 1
    if (this.#against < (alive ? successThreshold : failureThreshold)) return
    this.#alive = alive
    this.#against = 0
  }

  /** Calls that were answered since the last round, if none failed, say as much as a probe. */
  #spokenFor(): boolean {
    const traffic = this.#options.traffic?.()
    if (traffic === undefined) return false
    const { answered, failed } = this.#lastTraffic
    this.#lastTraffic = traffic
    const proven = this.#alive && this.#against === 0 && traffic.answered > answered && traffic.failed === failed
    return proven && !this.#wantsList()
  }

  #wantsList(): boolean {
    const { tools, onPage } = this.#options
    return (tools.length > 0 || onPage !== undefined) && performance.now() >= this.#nextList
  }

  async #probe(startedAt: number): Promise<{ alive: boolean; message: string }> {
    const { endpoint, tools, listInterval, onPage = () => {} } = this.#options
    try {
      const lists = this.#wantsList()
      const { alive, message, tools: found } = await this.#conversation.hold(lists ? onPage : undefined)
      if (alive) endpoint.answered(startedAt)
      if (found !== undefined) {
        this.#degraded = missing(tools, found)
        // A list that did not come is asked for again with the next probe.
        if (typeof found !== 'string') this.#nextList = performance.now() + listInterval
      }
      return { alive, message }
    } catch (error) {
      if (upstreamFailure(error, false).failure.outcome === 'upstream_unreachable') endpoint.unreachable()
      return { alive: false, message: reason(error) }
    }
  }
}

/** How many names a message tells. */
const TOLD = 10

function missing(wanted: readonly string[], found: ReadonlySet<string> | string): string | undefined {
  if (wanted.length === 0) return undefined
  if (typeof found === 'string') return `tools/list: ${found}`
  const absent = wanted.filter((name) => !found.has(name))
  if (absent.length === 0) return undefined
  const more = absent.length > TOLD ? ` and ${absent.length - TOLD} more` : ''
  return `lacks the tools ${absent.slice(0, TOLD).join(', ')}${more}`
}
