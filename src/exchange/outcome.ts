/** The one truthful verdict on an exchange; the same word stands in metric, span and log line. */
export const OUTCOMES = [
  'ok',
  'tool_error',
  'jsonrpc_error',
  'http_error',
  'refused',
  'timeout',
  'downstream_closed',
  'upstream_reset',
  'upstream_unreachable',
  'gateway_error',
  'unknown',
] as const

export type Outcome = (typeof OUTCOMES)[number]
