/** Writes strings as JSON for log lines: fast when they are plain, safe for whoever splits lines when they are not. */

/** Longer values are cut: a line must stay readable by collectors, whatever a downstream sends. */
const LONGEST = 1024

// U+0085, U+2028 and U+2029 are legal in JSON, yet some log collectors take them for the end of a line.
const LINE_SEPARATORS = /[\u007f-\u009f\u2028\u2029]/g

/** A JSON string, quotes included. Lone surrogates, control characters and line separators come out escaped. */
export function quote(text: string): string {
  const whole = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
  for (let i = 0; i < whole.length; i++) {
    const code = whole.charCodeAt(i)
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) return quoteAnything(whole)
  }
  return `"${whole}"`
}

const quoteAnything = (text: string): string => JSON.stringify(text).replace(LINE_SEPARATORS, escapeUnit)

const escapeUnit = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
