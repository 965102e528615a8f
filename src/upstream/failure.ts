/** Names what went wrong on the upstream side: from undici's, Node's and OpenSSL's codes to ours. */
import { type ErrorCode, GatewayError } from '../errors.ts'

const CODES: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'upstream_unreachable',
  ENOTFOUND: 'upstream_unreachable',
  EAI_AGAIN: 'upstream_unreachable',
  EHOSTUNREACH: 'upstream_unreachable',
  ENETUNREACH: 'upstream_unreachable',
  EADDRNOTAVAIL: 'upstream_unreachable',
  EMFILE: 'upstream_unreachable',
  ETIMEDOUT: 'upstream_connect_timeout',
  UND_ERR_CONNECT_TIMEOUT: 'upstream_connect_timeout',
  UND_ERR_HEADERS_TIMEOUT: 'upstream_timeout',
  UND_ERR_BODY_TIMEOUT: 'upstream_timeout',
  UND_ERR_HEADERS_OVERFLOW: 'upstream_invalid',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'upstream_reset',
  UND_ERR_INVALID_ARG: 'bad_request',
  UND_ERR_NOT_SUPPORTED: 'bad_request',
}

/**
 * @param error what undici reported
 * @param sent whether the request had reached a socket
 */
export function upstreamFailure(error: unknown, sent: boolean): GatewayError {
  if (error instanceof GatewayError) return error
  const { name, code, message } = error as { name?: unknown; code?: unknown; message?: unknown }
  const known =
    name === 'HTTPParserError'
      ? parserFailure(String(message))
      : codeFor(String(code ?? ''), String(message ?? ''), sent)
  return new GatewayError(known, undefined, { cause: error })
}

/** undici's parser errors have no code of their own; an end amid a message is one of them. */
function parserFailure(message: string): ErrorCode {
  return message.includes('EOF') ? 'upstream_reset' : 'upstream_invalid'
}

function codeFor(code: string, message: string, sent: boolean): ErrorCode {
  const known = CODES[code]
  if (known !== undefined) return known
  // undici's words for a 100 that nobody asked for, a 101, and bytes on an idle connection.
  if (code === 'UND_ERR_SOCKET' && message.startsWith('bad ')) return 'upstream_invalid'
  // TLS 1.3: a client certificate is refused when the handshake is over for us and the request is on its way.
  if (/^ERR_SSL_.*ALERT/.test(code)) return 'upstream_tls'
  if (sent) return 'upstream_reset'
  if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|HOSTNAME_MISMATCH)/.test(code))
    return 'upstream_tls'
  return 'upstream_unreachable'
}
