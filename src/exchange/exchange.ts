/** One downstream HTTP request and its response, to the last byte: the facts that every part reads and interceptors see. */
import type { IncomingHttpHeaders } from 'node:http'
import { endsHere } from '../mcp/headers.ts'
import type { Envelope } from '../mcp/message.ts'
import { validateHeaderName, validateHeaderValue } from '../node-http.ts'
import type { Observer } from './flow.ts'
import type { Operation, SpanFacts } from './operation.ts'
import type { Outcome } from './outcome.ts'

const EMPTY = Buffer.alloc(0)
const NONE: readonly never[] = []

/** What an exchange knows of its route. */
export interface RouteFacts {
  /** Path that the downstream asked for, as configured; `_none` where no route matched. */
  readonly path: string
  /** Name of the upstream; `_none` where no route matched. */
  readonly upstream: string
  /** Whether it carries MCP messages; passthrough does not. */
  readonly mcp: boolean
}

/** Where an exchange stands in a trace (W3C Trace Context): lower-case hexadecimal. */
export interface TraceFacts extends SpanFacts {
  readonly sampled: boolean
}

/** What an exchange knows of its session. */
export interface SessionFacts {
  readonly id: string
  readonly clientName: string | undefined
  readonly clientVersion: string | undefined
  readonly revision: string | undefined
}

/** A request head as Node has read it. */
export interface RequestHead {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
}

/** All times are milliseconds of `performance.now()`; 0 means "not reached". All sizes are bytes of bodies. */
export class Exchange {
  readonly route: RouteFacts
  readonly method: string
  /** Path and query as the downstream sent them. */
  readonly url: string
  /** Lower-cased names, for reading; the upstream gets the raw list. */
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  /** The address of the connection's other end, never one from a header. */
  readonly remoteAddress: string
  /** Whether the downstream connection is TLS. */
  readonly encrypted: boolean
  /** The whole request body. */
  body: Buffer = EMPTY
  correlationId = ''
  /** Headers that interceptors set on the upstream's copy: name, value…; `undefined` while there are none. */
  upstreamHeaders: string[] | undefined = undefined
  /** Set by whatever changes the request; the chain reads it to count the action `modify`. */
  modified = false

  /** The JSON-RPC messages of the request; empty while it is unread, and where it carries none. */
  messages: readonly Envelope[] = NONE
  /** The operations that the request began, in the order of its messages. */
  operations: readonly Operation[] = NONE
  session: SessionFacts | undefined = undefined
  /** MCP revision, as a label. */
  revision = ''
  /** Its place in a trace; `undefined` while tracing is off. */
  trace: TraceFacts | undefined = undefined
  /** Sees the response; `undefined`: nobody does. */
  observer: Observer | undefined = undefined

  readonly startedAt: number
  /** The request was read whole. */
  readAt = 0
  /** The interceptors let it pass; it waits for a permit. */
  decidedAt = 0
  /** It has its permit, and a connection to go on or to wait for. */
  dispatchedAt = 0
  /** It was written to a connection. */
  sentAt = 0
  /** The connection was made for it. */
  connected = false
  headAt = 0
  /** The response head was written on. */
  headSentAt = 0
  /** The first event of a stream that carried data. */
  firstEventAt = 0
  endedAt = 0
  requestBytes = 0
  responseBytes = 0
  /** HTTP status sent downstream; 0 where none was. */
  status = 0
  /** Whether the response is `text/event-stream`. */
  stream = false
  /** What the stream is for, as a label; empty until its head is written on. */
  streamKind = ''
  /** Events with data that the response stream carried. */
  events = 0
  /** Comments that kept it alive. */
  keepAlives = 0
  /** The response was cut before its end. */
  interrupted = false
  outcome: Outcome = 'ok'
  /** Detail of the outcome: an error code of `errors.ts` or an HTTP status; empty for `ok`. */
  errorType = ''
  /** Code of what lies behind it, for the log alone: `ECONNREFUSED`, an OpenSSL code; empty where there is none. */
  errorCause = ''

  constructor(route: RouteFacts, head: RequestHead, remoteAddress: string, encrypted: boolean, startedAt: number) {
    this.route = route
    this.method = head.method ?? ''
    this.url = head.url ?? ''
    this.headers = head.headers
    this.rawHeaders = head.rawHeaders
    this.remoteAddress = remoteAddress
    this.encrypted = encrypted
    this.startedAt = startedAt
  }

  /**
   * Sets a header on the request that the upstream gets, in place of any of that name. Throws for what no header may
   * hold, and for headers that the gateway writes itself: those of the connection, of framing, Host, X-Forwarded-*.
   */
  setUpstreamHeader(name: string, value: string): void {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    if (endsHere(name)) throw new TypeError(`the header ${name} is the gateway's own`)
    const lower = name.toLowerCase()
    const set = this.upstreamHeaders ?? []
    this.upstreamHeaders = set.filter((_, i) => set[i - (i % 2)]?.toLowerCase() !== lower).concat(name, value)
    this.modified = true
  }

  /** Replaces the request body. Only for interceptors with `mutates: true`; the chain refuses it to others. */
  replaceBody(body: Buffer): void {
    if (!Buffer.isBuffer(body)) throw new TypeError('a body must be a Buffer')
    this.body = body
    this.modified = true
  }
}
