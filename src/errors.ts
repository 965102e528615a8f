/** Every failure that Sidelight itself answers: one class, and one table that says what each code means on the wire. */
import type { Outcome } from './exchange/outcome.ts'

interface Failure {
  /** HTTP status of the answer. */
  readonly status: number
  /** JSON-RPC error code; ours lie outside the reserved −32768…−32000. */
  readonly rpc: number
  /** Whose fault it is. */
  readonly source: 'downstream' | 'upstream' | 'gateway'
  /** `unsent`: may be sent again, once, if no byte reached a socket. */
  readonly retry: 'never' | 'unsent'
  readonly outcome: Outcome
  /** What the downstream is told; never an address, a stack or a cause. */
  readonly message: string
}

const down = (status: number, rpc: number, message: string): Failure => ({
  status,
  rpc,
  source: 'downstream',
  retry: 'never',
  outcome: 'refused',
  message,
})
const full = (rpc: number, message: string): Failure => ({
  status: 503,
  rpc,
  source: 'gateway',
  retry: 'never',
  outcome: 'refused',
  message,
})
const up = (
  status: number,
  rpc: number,
  outcome: Outcome,
  message: string,
  retry: Failure['retry'] = 'never',
): Failure => ({ status, rpc, source: 'upstream', retry, outcome, message })

export const FAILURES = {
  bad_request: down(400, -32600, 'The request is malformed'),
  parse_error: down(400, -32700, 'The request body is not valid JSON'),
  duplicate_key: down(400, -32600, 'A key of the message occurs more than once'),
  header_mismatch: down(400, -32020, 'The Mcp-* headers contradict the message'),
  duplicate_header: down(400, -31001, 'A header that may occur once occurs more than once'),
  connection_header: down(400, -31002, 'The Connection header names a header that must reach the upstream'),
  session_id_invalid: down(400, -31003, 'Mcp-Session-Id must be visible ASCII characters'),
  route_not_found_session: down(400, -31004, 'No route serves this path; check the URL'),
  refused: down(403, -31010, 'The request was refused'),
  host_forbidden: down(403, -31011, 'This Host is not allowed; add it to listen.hosts'),
  origin_forbidden: down(403, -31012, 'This Origin is not allowed; add it to listen.origins'),
  route_not_found: down(404, -31020, 'No route serves this path; check the URL'),
  method_not_allowed: down(405, -31021, 'This method is not part of MCP over Streamable HTTP'),
  request_timeout: down(408, -31022, 'The request did not arrive in time'),
  request_too_large: down(413, -31023, 'The request is larger than limits.requestBytes'),
  expectation_failed: down(417, -31025, 'Nothing but 100-continue can be expected'),
  head_too_large: down(431, -31024, 'The request head is larger than limits.headBytes'),
  queue_full: full(-31030, 'Too many calls are waiting for this upstream; try again later'),
  queue_timeout: full(-31031, 'No connection to the upstream became free in time; try again later'),
  streams_full: full(-31032, 'Too many streams of this upstream are open; try again later'),
  upstream_unreachable: up(502, -31040, 'upstream_unreachable', 'The upstream cannot be reached', 'unsent'),
  upstream_connect_timeout: up(504, -31041, 'upstream_unreachable', 'The upstream did not accept in time'),
  upstream_tls: up(502, -31042, 'upstream_unreachable', 'No TLS connection to the upstream could be made'),
  upstream_timeout: up(504, -31043, 'timeout', 'The upstream did not answer in time'),
  upstream_reset: up(502, -31044, 'upstream_reset', 'The upstream closed the connection before it had answered'),
  upstream_invalid: up(502, -31045, 'upstream_reset', 'The upstream answered with something that is not HTTP'),
  interceptor_failed: {
    status: 500,
    rpc: -31050,
    source: 'gateway',
    retry: 'never',
    outcome: 'gateway_error',
    message: 'A step of the gateway failed',
  },
  internal: {
    status: 500,
    rpc: -32603,
    source: 'gateway',
    retry: 'never',
    outcome: 'gateway_error',
    message: 'The gateway failed',
  },
} as const satisfies Record<string, Failure>

export type ErrorCode = keyof typeof FAILURES

/** An expected failure. `code` decides everything; `message` is for the downstream, `cause` for the log alone. */
export class GatewayError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string = FAILURES[code].message, options?: { cause?: unknown }) {
    // Expected failures cost no stack trace: under a fault storm capturing one costs more than the answer.
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(message, options)
    Error.stackTraceLimit = limit
    this.name = 'GatewayError'
    this.code = code
  }

  get failure(): Failure {
    return FAILURES[this.code]
  }
}
