/** Asks an MCP server whether it is alive, and for its tools: in its own revision, leaving no session behind. */
import { readFile } from 'node:fs/promises'
import type { Dispatcher } from 'undici'
import type { Envelope } from '../mcp/message.ts'
import {
  agreedVersion,
  discoverRequest,
  initializedNotification,
  initializeRequest,
  listRequest,
  type ProbeAnswer,
  type ProbeRequest,
  type ProbeSession,
  sessionHeaders,
} from '../mcp/probe-message.ts'
import { Connectors } from './connector.ts'
import { ask, converse, type ProbeReply, type Reading } from './probe-exchange.ts'
import { ListReading } from './probe-list.ts'
import { Client } from './undici.ts'

/** Where the server is: an `Endpoint`, or what is like one. */
export interface ProbeTarget {
  readonly url: URL
  readonly path: string
  readonly host: string
  readonly servername: string
  readonly connectors: Connectors
}

/** With the public authorities, where that is https. */
export function probeTarget(address: string): ProbeTarget {
  const url = new URL(address)
  const { pathname: path, host } = url
  const connectors = new Connectors(url, {})
  return { url, path, host, servername: connectors.servername, connectors }
}

export interface ConversationOptions {
  readonly target: ProbeTarget
  /** Milliseconds for each answer. */
  readonly timeout: number
  readonly headers: Readonly<Record<string, string>>
  /** Holds a bearer token. */
  readonly tokenFile?: string | undefined
  /** Sidelight's version, for the client's name. */
  readonly version: string
}

export interface Answer {
  readonly alive: boolean
  /** One line; never an address. */
  readonly message: string
  /** The tools' names, or why there are none; `undefined`: they were not asked for, or could not be. */
  readonly tools?: ReadonlySet<string> | string
}

/** A page of `tools/list` has come. `cursor`: the one that was asked for. */
export type OnPage = (page: Envelope, cursor: string | undefined) => void

const MOST_PAGES = 50

export class ProbeConversation {
  readonly #options: ConversationOptions
  #era: 'unknown' | 'modern' | 'legacy' = 'unknown'
  #client: Client | undefined
  /** Times that it was closed. */
  #closed = 0
  #credentials: Readonly<Record<string, string>> = {}

  constructor(options: ConversationOptions) {
    this.#options = options
  }

  /** Rejects when there is no answer. @param onPage given: ask for the tools too */
  async hold(onPage?: OnPage): Promise<Answer> {
    const { target, timeout, tokenFile } = this.#options
    const closed = this.#closed
    this.#credentials = tokenFile === undefined ? {} : await bearer(tokenFile)
    if (closed !== this.#closed) throw new Error('closed')
    this.#client = new Client(target.url.origin, {
      connect: target.connectors.within(timeout),
      allowH2: false,
      headersTimeout: timeout,
      bodyTimeout: timeout,
    })
    try {
      return (await this.#discover(onPage)) ?? (await this.#initialize(onPage))
    } finally {
      this.#client.destroy().catch(() => {})
    }
  }

  async close(): Promise<void> {
    this.#closed++
    await this.#client?.destroy()
  }

  /** `undefined`: it knows no `server/discover`. */
  async #discover(onPage: OnPage | undefined): Promise<Answer | undefined> {
    if (this.#era === 'legacy') return undefined
    const { kind, status } = await this.#ask(discoverRequest(this.#options.version))
    if (kind === 'refused') return { alive: true, message: `asks for authorization (${status})` }
    if (kind !== 'result') return undefined
    this.#era = 'modern'
    const alive = { alive: true, message: 'answered server/discover' }
    return onPage === undefined ? alive : { ...alive, tools: await this.#list(undefined, onPage) }
  }

  async #initialize(onPage: OnPage | undefined): Promise<Answer> {
    const { kind, status, session: id, contentType, text } = await this.#ask(initializeRequest(this.#options.version))
    this.#era = kind === 'result' ? 'legacy' : 'unknown'
    const answer = verdict(kind, status)
    const session = { id, protocolVersion: agreedVersion(contentType, text) }
    try {
      if (kind !== 'result' || onPage === undefined) return answer
      await this.#ask(initializedNotification(session)).catch(() => {})
      return { ...answer, tools: await this.#list(session, onPage) }
    } finally {
      await this.#end(session)
    }
  }

  /** All pages, or as many as there may be. */
  async #list(session: ProbeSession | undefined, onPage: OnPage): Promise<ReadonlySet<string> | string> {
    const names = new Set<string>()
    let cursor: string | undefined
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const request = listRequest(this.#options.version, session, cursor)
      const page = await this.#send('POST', request.headers, request.body, new ListReading()).catch(reason)
      if (typeof page === 'string') return page
      onPage(page, cursor)
      for (const { name } of page.tools ?? []) names.add(name)
      cursor = page.nextCursor
      if (cursor === undefined) break
    }
    return names
  }

  /** Not to leave a session behind every ten seconds. */
  async #end(session: ProbeSession): Promise<void> {
    if (session.id === undefined) return
    const { accept: _, 'content-type': __, ...headers } = sessionHeaders(session)
    // The upstream is alive all the same; a session that it will not end is its own to expire.
    await this.#send('DELETE', headers, null).catch(() => {})
  }

  #ask({ headers, body }: ProbeRequest): Promise<ProbeReply> {
    return this.#send('POST', headers, body)
  }

  #send(method: 'POST' | 'DELETE', headers: Headers, body: string | null): Promise<ProbeReply>
  #send<T>(method: 'POST' | 'DELETE', headers: Headers, body: string | null, reading: Reading<T>): Promise<T>
  #send<T>(
    method: 'POST' | 'DELETE',
    headers: Headers,
    body: string | null,
    reading?: Reading<T>,
  ): Promise<T | ProbeReply> {
    const { target, timeout } = this.#options
    const options = {
      path: target.path,
      method,
      headers: { host: target.host, ...headers, ...this.#credentials, ...this.#options.headers },
      body,
      servername: target.servername,
    } as Dispatcher.DispatchOptions
    const client = this.#client as Client
    return reading === undefined ? ask(client, options, timeout) : converse(client, options, timeout, reading)
  }
}

type Headers = Readonly<Record<string, string>>

/** Without it where it cannot be read: a server that asks for authorization is alive. */
async function bearer(file: string): Promise<Headers> {
  const token = await readFile(file, 'utf8').catch(() => '')
  return token.trim() === '' ? {} : { authorization: `Bearer ${token.trim()}` }
}

function verdict(kind: ProbeAnswer, status: number): Answer {
  if (kind === 'result') return { alive: true, message: 'answered initialize' }
  if (kind === 'error') return { alive: true, message: 'answered with a JSON-RPC error' }
  if (kind === 'refused') return { alive: true, message: `asks for authorization (${status})` }
  return { alive: false, message: `answered ${status} without JSON-RPC` }
}

/** Never an address. */
export function reason(error: unknown): string {
  return `no answer: ${(error as { code?: string }).code ?? (error as Error).name}`
}
