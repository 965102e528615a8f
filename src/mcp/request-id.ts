/** The JSON-RPC id of a request body, for error answers. Pure; the cold path, so it may parse. */

/** `null` where there is none, or more than one (a batch), or the body is no JSON-RPC request. */
export function requestId(body: Buffer): string | number | null {
  if (body.length === 0) return null
  try {
    const message: unknown = JSON.parse(body.toString('utf8'))
    // A response that a downstream posts carries the id of an upstream's request: echoed, it would name another of ours.
    if (typeof message !== 'object' || message === null || !('id' in message && 'method' in message)) return null
    const { id } = message
    return typeof id === 'string' || typeof id === 'number' ? id : null
  } catch {
    return null
  }
}
