/** What Sidelight itself says to a downstream: JSON-RPC errors, and answers of interceptors. */
import type { ServerResponse } from 'node:http'
import type { GatewayError } from '../errors.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Answer } from '../exchange/interceptor.ts'
import { type RequestId, requestId } from '../mcp/request-id.ts'
import { STATUS_CODES } from '../node-http.ts'

/** Seconds after which a downstream may try again when limits are reached. */
const RETRY_AFTER = '1'

/** The origin whose pages may read what we say, on the responses to its requests. */
const READER = Symbol('origin that may read our errors')
type Tagged = ServerResponse & { [READER]?: string }

/**
 * Lets pages of an allowed origin read the errors of Sidelight itself; a browser would tell them nothing but "failed".
 * What the upstream says, and what an interceptor answers in its place, stays under their own CORS headers.
 */
export function letRead(res: ServerResponse, origin: string): void {
  ;(res as Tagged)[READER] = origin
}

/** The body of an error answer, for an id that was read or `null`. */
export function errorBody(error: GatewayError, id: RequestId, message = error.message): string {
  const { rpc, source } = error.failure
  return JSON.stringify({ jsonrpc: '2.0', id, error: { code: rpc, message, data: { type: error.code, source } } })
}

/** Writes the head and body of an error answer, without ending it; returns the status and the size of the body. */
export function writeError(res: ServerResponse, x: Exchange, error: GatewayError, status: number): number {
  const body = errorBody(error, requestId(x.body))
  const size = Buffer.byteLength(body)
  const headers = ['content-type', 'application/json', 'content-length', String(size), 'cache-control', 'no-store']
  if (x.correlationId !== '') headers.push('x-correlation-id', x.correlationId)
  if (status === 503) headers.push('retry-after', RETRY_AFTER)
  const reader = (res as Tagged)[READER]
  if (reader !== undefined) {
    headers.push('access-control-allow-origin', reader, 'vary', 'Origin')
    headers.push('access-control-expose-headers', 'x-correlation-id, retry-after')
  }
  if (status === 405) headers.push('allow', 'GET, HEAD, POST, DELETE, OPTIONS')
  // What we say ourselves has our date (RFC 9110 §6.6.1).
  res.sendDate = true
  // Named, because a head of the upstream's that Node refused to write leaves its reason behind.
  res.writeHead(status, STATUS_CODES[status] ?? '', headers)
  if (x.method === 'HEAD') return 0
  res.write(body)
  return size
}

export function writeAnswer(res: ServerResponse, x: Exchange, answer: Answer): number {
  const body = Buffer.from(answer.body ?? '')
  const bodiless = answer.status === 204 || answer.status === 304
  const headers: string[] = []
  for (const [name, value] of Object.entries(answer.headers ?? {})) headers.push(name, value)
  // RFC 9110 §8.6: none with 204.
  if (!bodiless) headers.push('content-length', String(body.length))
  headers.push('x-correlation-id', x.correlationId)
  res.sendDate = true
  res.writeHead(answer.status, headers)
  if (bodiless || x.method === 'HEAD' || body.length === 0) return 0
  res.write(body)
  return body.length
}
