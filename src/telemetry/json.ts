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

/** `.001` to `.999` without trailing zeros; nothing for 0. */
const THOUSANDTHS: readonly string[] = Array.from({ length: 1000 }, (_, n) =>
  n === 0 ? '' : `.${String(n).padStart(3, '0').replace(/0+$/, '')}`,
)

/** A number with at most three decimals, at a quarter of the 100 ns that JavaScript takes for a fraction. */
export function decimal(n: number): string {
  if (!(n >= 0 && n < 2e6)) return Number.isFinite(n) ? String(Math.round(n * 1000) / 1000) : '0'
  const thousandths = Math.round(n * 1000)
  const integer = (thousandths / 1000) | 0
  return `${integer}${THOUSANDTHS[thousandths - integer * 1000]}`
}
