/** What is wrong with a request head that Node's parser let pass, whatever route it is for. */
import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../errors.ts'

const SLASH = 0x2f

export function headFault({ url = '', headers, httpVersion }: IncomingMessage): GatewayError | undefined {
  const { host, expect, 'transfer-encoding': coding } = headers
  // Node reads a head of HTTP/0.9 or 2.0 as if it were one of 1.1.
  if (httpVersion[0] !== '1') return new GatewayError('bad_request', 'Only HTTP/1.1 and HTTP/1.0 are spoken here')
  // Node undoes the chunks and leaves what is under them, which the upstream would take for the content.
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    return new GatewayError('bad_request', 'No transfer coding but chunked is known here')
  }
  if (httpVersion === '1.1') {
    // RFC 9112 §3.2.
    if (host === undefined) return new GatewayError('bad_request', 'A request of HTTP/1.1 must have a Host header')
    // In HTTP/1.0 an expectation means nothing.
    if (expect !== undefined && !/(?:^|\W)100-continue(?:$|\W)/i.test(expect)) {
      return new GatewayError('expectation_failed')
    }
  }
  return url.charCodeAt(0) !== SLASH && misnames(url, host) ? new GatewayError('bad_request') : undefined
}

/** A target in absolute form must name whom Host names (RFC 9112 §3.2), for only Host is held against the allow-lists. */
function misnames(url: string, host: string | undefined): boolean {
  const authority = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1]
  return authority !== undefined && authority.toLowerCase() !== host?.toLowerCase()
}
