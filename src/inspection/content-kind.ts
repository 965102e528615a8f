/** What a response body is, by its `Content-Type`. Pure. */
export type ContentKind = 'json' | 'other'

/** `application/json` with or without parameters, and `application/…+json`. */
export function contentKind(contentType: string | undefined): ContentKind {
  if (contentType === undefined) return 'other'
  if (contentType === 'application/json') return 'json'
  return /^\s*application\/(?:[^;\s]+\+)?json\s*(?:;|$)/i.test(contentType) ? 'json' : 'other'
}
