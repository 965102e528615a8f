/** What the access log is told of an exchange. */
import type { Outcome } from '../exchange/outcome.ts'
import type { RequestId } from '../mcp/message.ts'

/** All keys are always there, so that all records have one shape. `undefined`: not known, or not reached. */
export interface AccessRecord {
  readonly correlationId: string
  /** Hexadecimal digits, as is `spanId`. */
  readonly traceId: string | undefined
  readonly spanId: string | undefined
  readonly upstream: string | undefined
  /** The route's own path, not the request's. */
  readonly route: string | undefined
  readonly endpoint: string | undefined
  readonly method: string
  /** The request target; its query is never written. */
  readonly path: string
  /** Undefined when no response head was sent. */
  readonly status: number | undefined
  readonly outcome: Outcome
  readonly errorType: string | undefined
  /** Code of what lies behind it. */
  readonly errorCause: string | undefined
  readonly durationMs: number
  readonly requestReadMs: number | undefined
  readonly interceptorsMs: number | undefined
  readonly poolWaitMs: number | undefined
  readonly connectMs: number | undefined
  readonly responseHeadMs: number | undefined
  readonly firstEventMs: number | undefined
  readonly streamMs: number | undefined
  readonly requestBytes: number
  readonly responseBytes: number
  readonly clientAddress: string | undefined
  /** What the downstream calls itself. */
  readonly clientName: string | undefined
  readonly clientVersion: string | undefined
  /** Of the first message. */
  readonly rpcMethod: string | undefined
  /** Name of the tool or prompt that it is about. */
  readonly target: string | undefined
  readonly rpcId: RequestId | undefined
  /** JSON-RPC messages in the request. */
  readonly messages: number
  /** Of the first operation, if it has ended; written where it is not the exchange's. */
  readonly operationOutcome: Outcome | undefined
  /** Of the same, where the exchange is a stream that may outlive it. */
  readonly operationMs: number | undefined
  readonly protocolVersion: string | undefined
  /** What `sessionTag` makes of the session id, never the id. */
  readonly session: string | undefined
  /** The response was cut before its end. */
  readonly interrupted: boolean
}

const FAULTS: ReadonlySet<Outcome> = new Set<Outcome>([
  'timeout',
  'upstream_reset',
  'upstream_unreachable',
  'gateway_error',
])

/** Whether an exchange is written at level `warn`: the gateway or the upstream failed. */
export const isFault = ({ outcome, status }: Pick<AccessRecord, 'outcome' | 'status'>): boolean =>
  FAULTS.has(outcome) || (status !== undefined && status >= 500)
