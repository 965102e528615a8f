/** The JSON-RPC id of a request body, for error answers. Pure; the cold path, so it may parse. */

/** A number as it was written, for `JSON.stringify`: JavaScript's own cannot hold every integer that others send. */
export interface RawNumber {
  readonly rawJSON: string
}

export type RequestId = string | number | RawNumber | null

/** `null` where there is none, or more than one (a batch), or the body is no JSON-RPC request. */
export function requestId(body: Buffer): RequestId {
  if (body.length === 0) return null
  try {
    const text = body.toString('utf8')
    const message: unknown = JSON.parse(text)
    // A response that a downstream posts carries the id of an upstream's request: echoed, it would name another of ours.
    if (typeof message !== 'object' || message === null || !('id' in message && 'method' in message)) return null
    const { id } = message
    if (typeof id === 'number') return Number.isSafeInteger(id) ? id : asWritten(text)
    return typeof id === 'string' ? id : null
  } catch {
    return null
  }
}

/** What ES2026 adds to JSON, and TypeScript does not know yet. */
interface SourceJson {
  parse(
    text: string,
    reviver: (this: unknown, key: string, value: unknown, at: { source?: string }) => unknown,
  ): unknown
  rawJSON(text: string): RawNumber
}

function asWritten(text: string): RequestId {
  const { parse, rawJSON } = JSON as unknown as SourceJson
  const sources = new Map<unknown, string | undefined>()
  const message = parse(text, function (key, value, { source }) {
    if (key === 'id') sources.set(this, source)
    return value
  })
  const source = sources.get(message)
  return source === undefined ? null : rawJSON(source)
}
