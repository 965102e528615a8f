/** Takes out of free text, such as messages of errors, what looks like a secret. */

export const REDACTED = '[redacted]'

/** Longer texts are cut: no line needs them, and the patterns below may take quadratic time. */
const LONGEST = 4096

const CREDENTIALS_IN_URL = /:\/\/[^\s/@]+@/g
const QUERY_OF_URL = /(:\/\/[^\s?#"'<>]*)[?#][^\s"'<>]*/g
const SCHEME = /\b(bearer|basic|digest)\s+[\w.~+/=-]{6,}/gi
/** The rest of the line belongs to these headers. */
const WHOLE_HEADER = /\b((?:proxy-)?authorization|(?:set-)?cookie)(["']?\s*[:=]\s*)[^\r\n]+/gi
const NAMED =
  /\b(x-api-key|api[-_]?key|(?:access|refresh|id)[-_]token|token|password|passwd|(?:client[-_])?secret|mcp-session-id|session[-_]?id)(["']?\s*[:=]\s*["']?)[^\s"',;&]+/gi
/** V8 quotes the text that JSON.parse could not read. */
const QUOTED_JSON = /(, )(?:\.{3})?"[\s\S]{0,500}?"(?:\.{3})?( is not valid JSON)/g

export function scrub(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
  return cut
    .replace(CREDENTIALS_IN_URL, `://${REDACTED}@`)
    .replace(QUERY_OF_URL, '$1')
    .replace(WHOLE_HEADER, `$1$2${REDACTED}`)
    .replace(SCHEME, `$1 ${REDACTED}`)
    .replace(NAMED, `$1$2${REDACTED}`)
    .replace(QUOTED_JSON, `$1${REDACTED}$2`)
}
