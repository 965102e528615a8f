/** What makes two errors the same kind, and what is kept of a single one. Every part of a kind is of a closed or learned set. */
import type { Exchange } from '../exchange/exchange.ts'
import type { Operation } from '../exchange/operation.ts'
import type { Outcome } from '../exchange/outcome.ts'
import type { RequestId } from '../mcp/message.ts'
import { methodLabel, targetOf } from '../mcp/revision.ts'
import { sessionTag } from '../telemetry/access-log.ts'
import { methodLabel as httpMethodLabel } from '../telemetry/labels.ts'
import { originOf } from '../telemetry/tracing/trace-context.ts'

export interface ErrorKind {
  readonly outcome: Outcome
  readonly errorType: string
  readonly upstream: string
  /** MCP method; empty where no message was read. */
  readonly method: string
  /** HTTP method, where no message was read; else empty. */
  readonly httpMethod: string
  /** Tool or prompt; empty where the method has none. */
  readonly target: string
}

/** All texts are copies, so that no request stays in memory for a sample of it. */
export interface ErrorSample {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly correlationId: string
  readonly traceId: string | undefined
  readonly requestId: string | undefined
  readonly session: string | undefined
  readonly clientName: string | undefined
  /** 0: not sent, or not known. */
  readonly status: number
  readonly cause: string
  /** Milliseconds. */
  readonly duration: number
  /** What the upstream said. */
  readonly message: string | undefined
}

/** The label of a tool or prompt. */
export type NameLabel = (upstream: string, kind: 'tool' | 'prompt', name: string | undefined) => string

/** Characters that are kept of what peers choose. */
const LENGTH = 128

export function kindOfOperation(operation: Operation, nameLabel: NameLabel): ErrorKind {
  const { outcome, errorType, upstream, method, target, direction } = operation
  const kind = direction === 'server' ? targetOf(method) : undefined
  return {
    outcome,
    errorType,
    upstream,
    method: methodLabel(method),
    httpMethod: '',
    target: kind === 'tool' || kind === 'prompt' ? nameLabel(upstream, kind, target) : '',
  }
}

export function kindOfExchange(x: Exchange, nameLabel: NameLabel): ErrorKind {
  const { outcome, errorType, messages } = x
  const { upstream } = x.route
  const [first] = messages
  const method = first?.method
  if (method === undefined)
    return { outcome, errorType, upstream, method: '', httpMethod: httpMethodLabel(x.method), target: '' }
  const kind = targetOf(method)
  const target = kind === 'tool' || kind === 'prompt' ? nameLabel(upstream, kind, first?.name) : ''
  return { outcome, errorType, upstream, method: methodLabel(method), httpMethod: '', target }
}

export function sampleOfExchange(x: Exchange, operation: Operation | undefined, at: number): ErrorSample {
  const { headers, session, messages } = x
  const stated = headers['mcp-session-id']
  const sessionId = typeof stated === 'string' ? stated : session?.id
  const traceId = x.trace?.traceId ?? originOf(messages, headers).parent?.traceId
  const startedAt = operation?.startedAt ?? x.startedAt
  const endedAt = operation?.endedAt ?? x.endedAt
  return {
    at,
    correlationId: copy(x.correlationId),
    traceId: traceId === undefined ? undefined : copy(traceId),
    requestId: idText(operation === undefined ? messages[0]?.id : operation.id),
    session: sessionId === undefined ? undefined : sessionTag(sessionId),
    clientName: copied(session?.clientName ?? messages[0]?.peerName),
    status: x.status,
    cause: x.errorCause,
    duration: Math.max(0, endedAt - startedAt),
    message: copied(operation?.errorMessage),
  }
}

/** Of an operation whose exchange is over, or which the upstream began. */
export function sampleOfOperation(operation: Operation, at: number): ErrorSample {
  const { correlationId, span, id, startedAt, endedAt, errorMessage } = operation
  return {
    at,
    correlationId: copy(correlationId),
    traceId: span?.traceId,
    requestId: idText(id),
    session: undefined,
    clientName: undefined,
    status: 0,
    cause: '',
    duration: Math.max(0, endedAt - startedAt),
    message: copied(errorMessage),
  }
}

const idText = (id: RequestId | undefined): string | undefined =>
  id === undefined || id === null ? undefined : copy(String(id))

const copied = (text: string | undefined): string | undefined => (text === undefined ? undefined : copy(text))

/** A slice would keep the whole text in memory that it was cut from. */
const copy = (text: string): string => Buffer.from(text.slice(0, LENGTH)).toString()
