/** Closed sets for label values that would otherwise come from the network. */
import { OTHER } from './definition.ts'

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** The value of `http.request.method`. */
export const methodLabel = (method: string | undefined): string =>
  method !== undefined && METHODS.has(method) ? method : OTHER

/** Why a downstream connection failed; the values of `error.type` on `mcp.connection.errors`. */
export type ConnectionError = 'reset' | 'timeout' | 'malformed' | 'head_too_large' | 'tls' | 'limit' | '_other'

const CONNECTION_ERRORS: ReadonlyMap<string, ConnectionError> = new Map([
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'reset'],
  ['ETIMEDOUT', 'timeout'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'timeout'],
  ['HPE_HEADER_OVERFLOW', 'head_too_large'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 'malformed'],
])

/** Sorts the `code` of a `clientError` or `tlsClientError` event into the closed set. */
export function connectionErrorLabel(code: string | undefined): ConnectionError {
  if (code === undefined) return OTHER
  const known = CONNECTION_ERRORS.get(code)
  if (known !== undefined) return known
  if (code.startsWith('HPE_')) return 'malformed'
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) return 'tls'
  return OTHER
}
