/** JSON Pointer (RFC 6901). Pure. */

export type Pointer = readonly string[]

/** `undefined`: not a pointer. The empty one is the whole document. */
export function parsePointer(text: string): Pointer | undefined {
  if (text === '') return []
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return undefined
  return text
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** `undefined`: there is nothing. */
export function resolvePointer(document: unknown, pointer: Pointer): unknown {
  let value = document
  for (const token of pointer) {
    if (typeof value !== 'object' || value === null) return undefined
    if (Array.isArray(value) ? !/^(0|[1-9]\d*)$/.test(token) : !Object.hasOwn(value, token)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[token]
  }
  return value
}
