/** The least JSON that answers a request: the JSON-RPC response with its id, where it has one. */
export function answerTo(body: Uint8Array, result: unknown = {}): string {
  const id = idOf(body)
  return id === undefined ? '{"ok":true}' : JSON.stringify({ jsonrpc: '2.0', id, result })
}

function idOf(body: Uint8Array): unknown {
  try {
    const request: unknown = JSON.parse(new TextDecoder().decode(body))
    return typeof request === 'object' && request !== null && 'method' in request && 'id' in request
      ? request.id
      : undefined
  } catch {
    return undefined
  }
}
