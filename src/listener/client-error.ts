/** Answers what never became a request: heads that are too slow, too large, or no HTTP. */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type ErrorCode, GatewayError } from '../errors.ts'
import { errorBody } from './answer.ts'
import type { Downstream } from './downstream.ts'

const CODES: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'head_too_large',
}
const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
}

/** The exchange that a connection carries now, so that a fault of the connection ends it with the right outcome. */
const CURRENT = Symbol('current exchange')
/** Its last response has begun. */
const CLOSING = Symbol('closing')
type Tagged = Socket & { [CURRENT]?: Downstream | undefined; [CLOSING]?: boolean }

export function setCurrent(socket: Socket, downstream: Downstream): void {
  ;(socket as Tagged)[CURRENT] = downstream
}

/** What follows the request of this response on its connection is not served: the response says so (RFC 9112 §9.6). */
export function closeBehind(socket: Socket, res: ServerResponse): void {
  res.shouldKeepAlive = false
  ;(socket as Tagged)[CLOSING] = true
}

export function isClosing(socket: Socket): boolean {
  return (socket as Tagged)[CLOSING] === true
}

/** @returns whether the connection carries no exchange now (a pipelined one may have begun already) */
export function clearCurrent(socket: Socket, downstream: Downstream): boolean {
  if ((socket as Tagged)[CURRENT] === downstream) (socket as Tagged)[CURRENT] = undefined
  return (socket as Tagged)[CURRENT] === undefined
}

/** @returns the metric's `error.type` */
export function answerClientError(error: Error & { code?: string }, socket: Socket): string {
  if (isGone(error.code)) {
    // Whatever the connection carries ends as what it is: the downstream left.
    socket.destroy()
    return 'reset'
  }
  const code = CODES[error.code ?? ''] ?? 'bad_request'
  const failure = new GatewayError(code)
  const current = (socket as Tagged)[CURRENT]
  if (current !== undefined) {
    current.fail(failure)
    socket.destroySoon()
  } else if (!socket.writable) socket.destroy()
  else {
    const { status } = failure.failure
    const body = errorBody(failure, null)
    const head = `HTTP/1.1 ${status} ${REASONS[status]}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nDate: ${new Date().toUTCString()}\r\nConnection: close\r\n\r\n`
    socket.end(head + body)
    // What still comes in is swallowed for a moment, so that the answer is not lost in a reset.
    setTimeout(() => socket.destroy(), 500).unref()
  }
  return code
}

/** An error of the socket and not of what it carried, or its end amid a request: nobody is there to be answered. */
function isGone(code = ''): boolean {
  return code === 'HPE_INVALID_EOF_STATE' || !(code.startsWith('HPE_') || code.startsWith('ERR_HTTP_'))
}
