/** Reads lists of pairs as the variables of OpenTelemetry hold them: `key=value,key=value`, with percent-encoding. */

/** The pairs in their order, or what is wrong with the first bad one. What is wrong never shows a value: it may be a secret. */
export function readPairs(text: string): { readonly pairs: readonly (readonly [string, string])[] } | string {
  const pairs: (readonly [string, string])[] = []
  for (const [i, item] of text.split(',').entries()) {
    if (item.trim() === '') continue
    const equals = item.indexOf('=')
    const key = item.slice(0, Math.max(equals, 0)).trim()
    if (key === '') return `has no key=value as its item ${i + 1}`
    try {
      pairs.push([decodeURIComponent(key), decodeURIComponent(item.slice(equals + 1).trim())])
    } catch {
      return `has a broken percent-encoding in its item ${i + 1} (${key})`
    }
  }
  return { pairs }
}
