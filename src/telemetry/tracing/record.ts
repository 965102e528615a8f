/** What is kept of an exchange until its spans are made: plain facts, and nothing that holds a body or a socket. */
import type { Exchange } from '../../exchange/exchange.ts'
import type { Operation } from '../../exchange/operation.ts'
import { sessionTag } from '../access-log.ts'
import type { Kept } from './sampler.ts'
import type { TraceContext } from './trace-context.ts'

/**
 * The place of an exchange in its trace: decided at its beginning, read by whoever names it. It is a `SpanContext` of
 * `@opentelemetry/api`, so that interceptors can make spans below it.
 */
export interface ExchangeTrace {
  readonly traceId: string
  /** Of the exchange's own span. */
  readonly spanId: string
  /** Of the span around the call of the upstream, which is what the upstream is told. */
  readonly upstreamSpanId: string
  /** The head decision. */
  readonly sampled: boolean
  readonly traceFlags: number
  readonly parent: TraceContext | undefined
  readonly links: readonly TraceContext[]
}

/** An operation that the exchange began. */
export interface OperationRecord {
  readonly method: string
  readonly target: string | undefined
  /** Absent for notifications. */
  readonly id: string | undefined
  readonly startedAt: number
  /** 0: it had not ended with its exchange. */
  readonly endedAt: number
  readonly outcome: Operation['outcome']
  readonly errorType: string
  readonly resultType: string
  /** Length of its message. */
  readonly bytes: number
}

/** All times are milliseconds of `performance.now()`; 0 means "not reached". */
export interface SpanRecord {
  readonly trace: ExchangeTrace
  /** Why it is kept although it was not sampled. */
  readonly kept: Kept | undefined
  /** What makes milliseconds since 1970 of its times. */
  readonly epoch: number
  readonly method: string
  readonly route: string
  readonly upstream: string
  readonly correlationId: string
  readonly remoteAddress: string
  readonly revision: string
  /** As the settings want it written; empty: not at all. */
  readonly session: string
  /** The response began the session. */
  readonly sessionCreated: boolean
  readonly clientName: string | undefined
  readonly clientVersion: string | undefined
  readonly status: number
  readonly outcome: Exchange['outcome']
  readonly errorType: string
  readonly stream: boolean
  readonly events: number
  readonly interrupted: boolean
  readonly startedAt: number
  readonly dispatchedAt: number
  readonly headAt: number
  readonly firstEventAt: number
  readonly endedAt: number
  readonly requestBytes: number
  readonly responseBytes: number
  /** JSON-RPC messages in the request. */
  readonly messages: number
  /** At most `MOST_OPERATIONS`. */
  readonly operations: readonly OperationRecord[]
}

/** Operations of a batch that get spans; the exchange's own says how many messages there were. */
export const MOST_OPERATIONS = 64

/** Characters of a name or an id that are kept. */
const TEXT_LENGTH = 128

/** Called once the exchange is over. */
export function recordOf(
  x: Exchange,
  trace: ExchangeTrace,
  kept: Kept | undefined,
  sessionId: 'hash' | 'plain' | 'none',
): SpanRecord {
  const { route, session } = x
  const stated = route.mcp ? x.headers['mcp-session-id'] : undefined
  const id = typeof stated === 'string' ? stated : session?.id
  const [first] = x.messages
  return {
    trace,
    kept,
    epoch: Date.now() - performance.now(),
    method: x.method,
    route: route.path,
    upstream: route.upstream,
    correlationId: x.correlationId,
    remoteAddress: x.remoteAddress,
    revision: x.revision,
    session: id === undefined || sessionId === 'none' ? '' : sessionId === 'plain' ? cut(id) : sessionTag(id),
    sessionCreated: stated === undefined && session !== undefined,
    clientName: cut(session?.clientName ?? first?.peerName),
    clientVersion: cut(session?.clientVersion ?? first?.peerVersion),
    status: x.status,
    outcome: x.outcome,
    errorType: x.errorType,
    stream: x.stream,
    events: x.events,
    interrupted: x.interrupted,
    startedAt: x.startedAt,
    dispatchedAt: x.dispatchedAt,
    headAt: x.headAt,
    firstEventAt: x.firstEventAt,
    endedAt: x.endedAt,
    requestBytes: x.requestBytes,
    responseBytes: x.responseBytes,
    messages: x.messages.length,
    operations: operationsOf(x),
  }
}

function operationsOf({ operations, messages }: Exchange): readonly OperationRecord[] {
  const records: OperationRecord[] = []
  for (const operation of operations) {
    if (records.length === MOST_OPERATIONS) break
    const { method, target, id, startedAt, endedAt, outcome, errorType, resultType } = operation
    records.push({
      method: cut(method),
      target: cut(target),
      id: id === undefined || id === null ? undefined : cut(String(id)),
      startedAt,
      endedAt,
      outcome,
      errorType,
      resultType,
      // Operations are those of the messages that begin one, and a request of one message needs no search.
      bytes: messages.length === 1 ? (messages[0]?.bytes ?? 0) : 0,
    })
  }
  return records
}

function cut<T extends string | undefined>(text: T): T {
  return (text !== undefined && text.length > TEXT_LENGTH ? text.slice(0, TEXT_LENGTH) : text) as T
}

/** How many spans will be made of it. */
export function spanCount({ dispatchedAt, operations }: SpanRecord): number {
  return 1 + (dispatchedAt > 0 ? 1 : 0) + (operations.length > 1 ? operations.length : 0)
}
