/** Finds the end of a JSON string, wherever it is cut. Pure. */
import { BACKSLASH, ESCAPES, HEX, LOWER_U, QUOTE, STRICT_STRING_STOPS, STRING_STOPS } from './json-bytes.ts'
import { CUT, CUT_ESCAPED, stringEnd } from './string-end.ts'

export { CUT }
/** A control character or a wrong escape, which only strict reading minds. */
export const WRONG = -2

/** Bytes looked at one by one before a search is worth its call. */
const NEAR = 48

/**
 * A native search finds the next quote, at 10 µs per MB where there is none. Where the quote was escaped there will be
 * more of them, and so many bytes are searched in the way that is fast then.
 */
const QUOTING = 16 * 1024

export class StringSkipper {
  readonly #strict: boolean
  /** What the last chunk left open of an escape: 0 nothing, 1 all behind its backslash, 2–5 one to four hex digits. */
  #escape = 0

  constructor(strict: boolean) {
    this.#strict = strict
  }

  /** A string begins: forgets what an unfinished one left. */
  begin(): void {
    this.#escape = 0
  }

  /** From anywhere in the string's inside: the place after its closing quote, `CUT` or `WRONG`. */
  push(bytes: Buffer, from: number, to: number): number {
    return this.#strict ? this.#pushStrict(bytes, from, to) : this.#pushLoose(bytes, from, to)
  }

  #pushLoose(bytes: Buffer, from: number, to: number): number {
    if (from >= to) return CUT
    let i = from
    if (this.#escape > 0) {
      this.#escape = 0
      i++
    }
    const near = i + NEAR < to ? i + NEAR : to
    while (i < near) {
      const byte = bytes[i]!
      if (STRING_STOPS[byte] === 0) i++
      else if (byte === QUOTE) return i + 1
      else i += 2
    }
    return this.#far(bytes, i, to)
  }

  #far(bytes: Buffer, from: number, to: number): number {
    // Only up to `to`: what lies behind may be long, and searched again for each string.
    const view = to < bytes.length ? bytes.subarray(0, to) : bytes
    let i = from
    while (i < to) {
      const quote = view.indexOf(QUOTE, i)
      const end = quote === -1 ? to : quote
      let run = end
      while (run > i && bytes[run - 1] === BACKSLASH) run--
      const escaped = ((end - run) & 1) === 1
      if (quote === -1) {
        this.#escape = escaped ? 1 : 0
        return CUT
      }
      if (!escaped) return quote + 1
      i = quote + 1
      const until = i + QUOTING < to ? i + QUOTING : to
      const found = stringEnd(bytes, i, until)
      if (found > 0) return found
      i = found === CUT_ESCAPED ? until + 1 : until
    }
    this.#escape = i > to ? 1 : 0
    return CUT
  }

  #pushStrict(bytes: Buffer, from: number, to: number): number {
    let i = from
    while (i < to) {
      if (this.#escape > 0) {
        if (!this.#escaped(bytes[i++]!)) return WRONG
        continue
      }
      while (i < to && STRICT_STRING_STOPS[bytes[i]!] === 0) i++
      if (i >= to) break
      const byte = bytes[i++]!
      if (byte === QUOTE) return i
      if (byte !== BACKSLASH) return WRONG
      this.#escape = 1
    }
    return CUT
  }

  /** One byte of an escape; whether it may stand there. */
  #escaped(byte: number): boolean {
    if (this.#escape > 1) {
      this.#escape = this.#escape === 5 ? 0 : this.#escape + 1
      return HEX[byte] === 1
    }
    this.#escape = byte === LOWER_U ? 2 : 0
    return ESCAPES[byte] === 1
  }
}
