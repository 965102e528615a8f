/** The shape of a fault and the parts that faults are written from. */
import { headBytes } from './http-head.ts'
import type { RawExchange } from './raw-exchange.ts'
import type { Behaviour, OriginConnection } from './raw-origin.ts'

type Outcome =
  | 'ok'
  | 'jsonrpc_error'
  | 'http_error'
  | 'timeout'
  | 'upstream_reset'
  | 'upstream_unreachable'
  | 'gateway_error'
  | 'unknown'

/** What the downstream of a correct gateway sees. More than one entry means that each of them is correct. */
export interface Expectation {
  readonly statuses: readonly number[]
  readonly outcomes: readonly Outcome[]
  /** That of the operation, where it is not that of the exchange. */
  readonly operation?: Outcome
  /** Those of the exchange where nobody looks for messages, where they differ. */
  readonly unseen?: readonly Outcome[]
  /** How often the request reaches the origin. */
  readonly hits: number
  /** `broken`: the downstream must notice that the body is not whole. `none`: no end within the test; disconnect. */
  readonly end: 'clean' | 'broken' | 'none'
  /** The exact body, where it is known. */
  readonly body?: string
}

export interface Fault {
  readonly name: string
  readonly behaviour: Behaviour
  /** Takes the place of `behaviour` for faults that come before a request can be read. */
  readonly onConnection?: (connection: OriginConnection) => void
  /** Method of the request that shows the fault. Default POST. */
  readonly method?: 'POST' | 'GET' | 'HEAD'
  readonly expect: Expectation
  /** The origin must not keep the connection, or the gateway must not use it again. */
  readonly spoilsConnection?: boolean
}

/** The id of the request that every fault answers. Not one that a gateway would make up. */
export const CALL_ID = 'call-77'
export const OK_BODY = `{"jsonrpc":"2.0","id":"${CALL_ID}","result":{}}`
export const ERROR_BODY = `{"jsonrpc":"2.0","id":"${CALL_ID}","error":{"code":-32600,"message":"no"}}`
export const JSON_TYPE = ['Content-Type', 'application/json'] as const
export const LENGTH = ['Content-Length', String(OK_BODY.length)] as const
export const ERROR_LENGTH = ['Content-Length', String(ERROR_BODY.length)] as const
export const CHUNKED = ['Transfer-Encoding', 'chunked'] as const
export const CLOSING = ['Connection', 'close'] as const
export const SSE_TYPE = ['Content-Type', 'text/event-stream'] as const

export const passes: Expectation = { statuses: [200], outcomes: ['ok'], hits: 1, end: 'clean', body: OK_BODY }
export const badGateway: Expectation = {
  statuses: [502],
  outcomes: ['upstream_reset', 'gateway_error'],
  hits: 1,
  end: 'clean',
}
export const breaks: Expectation = { statuses: [200], outcomes: ['upstream_reset'], hits: 1, end: 'broken' }
// Where a strict parser refuses the head and a tolerant one reads it, both are right as long as nothing is invented.
export const either: Expectation = {
  ...passes,
  statuses: [200, 502],
  outcomes: ['ok', 'upstream_reset', 'gateway_error'],
}

export function sseEvent(index: number): string {
  return `id: ${index}\nevent: message\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{"n":${index}}}\n\n`
}

/** Lets bytes already written leave before what comes next, which a RST would otherwise overtake. */
const settle = (exchange: RawExchange) => exchange.pause(25)

/** Reads the request, then writes this text and leaves the connection open. */
export function says(...parts: readonly (string | Uint8Array)[]): Behaviour {
  return async (exchange) => {
    await exchange.body()
    for (const part of parts) await exchange.write(part)
  }
}

/** Like `says`, and closes after it. */
export function saysAndCloses(...parts: readonly (string | Uint8Array)[]): Behaviour {
  return async (exchange) => {
    await says(...parts)(exchange)
    exchange.fin()
  }
}

/** Writes the head and `part` of a body, lets both arrive, then ends as told. */
export function breaksAfter(head: Uint8Array, part: string, how: 'fin' | 'reset'): Behaviour {
  return async (exchange) => {
    await says(head)(exchange)
    // Apart, so that nobody meets the end of the body in the same read as its head.
    if (part !== '') await settle(exchange)
    await exchange.write(part)
    await settle(exchange)
    exchange[how]()
  }
}

export const okHead = headBytes('HTTP/1.1 200 OK', [JSON_TYPE, LENGTH])
export const longHead = headBytes('HTTP/1.1 200 OK', [JSON_TYPE, ['Content-Length', '100']])
export const chunkedHead = headBytes('HTTP/1.1 200 OK', [JSON_TYPE, CHUNKED])
export const sseHead = headBytes('HTTP/1.1 200 OK', [SSE_TYPE, CHUNKED])
export const okChunk = `${OK_BODY.length.toString(16)}\r\n${OK_BODY}\r\n`
export const answer = (startLine: string, ...headers: ReadonlyArray<readonly [string, string]>) =>
  says(headBytes(startLine, headers), OK_BODY)

/** The response to the request as a chunk-coded event without an id. */
export const answerChunk = `${(OK_BODY.length + 8).toString(16)}\r\ndata: ${OK_BODY}\n\n\r\n`

/** Chunk-coded SSE events 0 to `count - 1`. */
export function chunks(count: number): string {
  const events = Array.from({ length: count }, (_, index) => sseEvent(index))
  return events.map((event) => `${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`).join('')
}
