/** Ends a response while its request may still be coming in. */
import type { IncomingMessage, ServerResponse } from 'node:http'

/** How long the unread rest of a refused request is swallowed, so that the answer is not lost in a reset. */
const LINGER_MS = 500

/** Whether the request has a body that has not come whole. Of one without, Node says `complete` only a little later. */
export function isUnread({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) !== 0)
}

export function endResponse(req: IncomingMessage, res: ServerResponse): void {
  if (res.shouldKeepAlive || !isUnread(req)) {
    res.end()
    return
  }
  // The answer is out, whole; closing while the request still comes in would reset it away.
  const end = (): void => {
    clearTimeout(timer)
    res.end()
  }
  const timer = setTimeout(end, LINGER_MS)
  req.once('end', end).once('close', end).resume()
}
