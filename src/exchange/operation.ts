/** One JSON-RPC request and its response message, wherever that passes; or one notification and its acknowledgement. */
import type { RequestId } from '../mcp/message.ts'
import type { Outcome } from './outcome.ts'

/** Who answers: the MCP server (`server`), or the MCP client what the server asks of it (`client`). */
export type Direction = 'server' | 'client'

/** W3C Trace Context, lower-case hexadecimal. */
export interface SpanFacts {
  readonly traceId: string
  readonly spanId: string
}

export interface OperationFacts {
  readonly direction: Direction
  readonly upstream: string
  /** `undefined`: a notification. */
  readonly id: RequestId | undefined
  readonly method: string
  /** Name of the tool or prompt, or URI of the resource, that it is about. */
  readonly target: string | undefined
  /** Of a list request: `params.cursor`. */
  readonly cursor: string | undefined
  /** MCP revision, as a label. */
  readonly revision: string
  /** Milliseconds of `performance.now()`. */
  readonly startedAt: number
}

export class Operation implements OperationFacts {
  previous: Operation | undefined = undefined
  next: Operation | undefined = undefined
  /** The list that it waits in, if any. */
  list: object | undefined = undefined
  readonly direction: Direction
  readonly upstream: string
  readonly id: RequestId | undefined
  readonly method: string
  readonly target: string | undefined
  readonly cursor: string | undefined
  revision: string
  readonly startedAt: number
  /** Milliseconds of `performance.now()`; 0 while it goes on. */
  endedAt = 0
  outcome: Outcome = 'ok'
  /** Detail of the outcome: a JSON-RPC code, an error code, `tool_error`; empty for `ok`. */
  errorType = ''
  /**
   * What kind of `ok`, where it is not the usual one: `input_required` (2026-07-28), `fallback_probe` (a legacy upstream
   * told a modern downstream so), `_other`; else empty.
   */
  resultType = ''
  /** Length of the response message's JSON text; 0 while there is none. */
  responseBytes = 0
  /** The span of the exchange that began it, if it was sampled. */
  span: SpanFacts | undefined = undefined
  /** That of the exchange that began it. */
  correlationId = ''
  /** What the error in its response said, if anything; the upstream's words, which may hold anything. */
  errorMessage: string | undefined = undefined
  /** The side that asked has said that it no longer wants an answer. */
  cancelled = false
  /** When the exchange that carried it ended without its response, which may still come elsewhere; 0: it has not. */
  adriftAt = 0

  constructor(facts: OperationFacts) {
    this.direction = facts.direction
    this.upstream = facts.upstream
    this.id = facts.id
    this.method = facts.method
    this.target = facts.target
    this.cursor = facts.cursor
    this.revision = facts.revision
    this.startedAt = facts.startedAt
  }
}
