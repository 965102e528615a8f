/** Skips one JSON value, however large and wherever it is cut, checking its grammar and building nothing. Pure. */
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  LOWER_E,
  MINUS,
  NINE,
  OPEN_ARRAY,
  OPEN_OBJECT,
  POINT,
  QUOTE,
  SPACE,
  STRICT_STRING_STOPS,
  STRING_STOPS,
  UPPER_E,
  ZERO,
} from './json-bytes.ts'
import { numberMayEnd, numberNext, numberStart } from './json-number.ts'
import { CUT, StringSkipper, WRONG } from './json-string-skip.ts'

// Where the scan stands; the first four expect a value or a key.
const VALUE = 0
const FIRST_ITEM = 1
const KEY = 2
const FIRST_KEY = 3
const AFTER_KEY = 4
const AFTER_VALUE = 5
// Inside a token, which only a cut leads to.
const IN_KEY = 6
const IN_STRING = 7
const IN_NUMBER = 8
const IN_LITERAL = 9

const LITERALS = new Map(['true', 'false', 'null'].map((word) => [word.charCodeAt(0), Buffer.from(word)]))
const NO_LITERAL = Buffer.alloc(0)

/** Most strings end within this many bytes; a loop finds them sooner than a native call would. */
const NEAR = 24

export class ValueSkipper {
  /** The value is complete. */
  done = false
  /** What was read is no JSON. */
  failed = false
  readonly #stops: Uint8Array
  readonly #string: StringSkipper
  #state = VALUE
  #limit = 0
  #depth = 0
  /** One bit per open container, 1 for an object, the innermost lowest; 32 of them, the rest in `#outer`. */
  #kinds = 0
  #outer: number[] = []
  #place = 0
  #literal = NO_LITERAL

  constructor(strict: boolean) {
    this.#stops = strict ? STRICT_STRING_STOPS : STRING_STOPS
    this.#string = new StringSkipper(strict)
  }

  /** A value is next, after any white space; its containers may be nested `limit` deep. */
  begin(limit: number): void {
    this.done = false
    this.failed = false
    this.#state = VALUE
    this.#limit = limit
    this.#depth = 0
    this.#kinds = 0
    if (this.#outer.length > 0) this.#outer = []
    this.#string.begin()
  }

  /** Nothing more comes: a number at the top has no other end. */
  end(): void {
    this.done = this.#state === IN_NUMBER && this.#depth === 0 && numberMayEnd(this.#place)
  }

  /** Where the value ended, if it is `done`; else `to`, or anything if it has `failed`. */
  push(bytes: Buffer, from: number, to: number): number {
    let i = from
    if (this.#state >= IN_KEY) {
      i = this.#resume(bytes, i, to)
      if (this.done || this.failed) return i
    }
    const stops = this.#stops
    let state = this.#state
    let depth = this.#depth
    let kinds = this.#kinds
    while (i < to) {
      let byte = bytes[i]!
      if (byte <= 0x20) {
        if (SPACE[byte] === 0) return this.#fail(i)
        i++
        continue
      }
      if (state <= FIRST_KEY) {
        if (byte === QUOTE) {
          const near = i + NEAR < to ? i + NEAR : to
          i++
          while (i < near && stops[bytes[i]!] === 0) i++
          if (i < near && bytes[i] === QUOTE) i++
          else {
            const end = this.#string.push(bytes, i, to)
            if (end === WRONG) return this.#fail(i)
            if (end === CUT) {
              state = state >= KEY ? IN_KEY : IN_STRING
              i = to
              break
            }
            i = end
          }
          if (state >= KEY) {
            // Nearly always the colon stands right there.
            if (i < to && bytes[i] === COLON) {
              state = VALUE
              i++
            } else state = AFTER_KEY
            continue
          }
        } else if (byte === CLOSE_OBJECT) {
          if (state !== FIRST_KEY) return this.#fail(i)
        } else if (byte === CLOSE_ARRAY) {
          if (state !== FIRST_ITEM) return this.#fail(i)
        } else if (state >= KEY) {
          return this.#fail(i)
        } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
          if (depth >= this.#limit) return this.#fail(i)
          if ((depth & 31) === 0 && depth > 0) this.#outer.push(kinds)
          depth++
          i++
          if (byte === OPEN_OBJECT) {
            kinds = (kinds << 1) | 1
            state = FIRST_KEY
          } else {
            kinds <<= 1
            state = FIRST_ITEM
          }
          continue
        } else {
          const end = plainNumber(bytes, i, to)
          i = end < 0 ? this.#scalar(bytes, i, to) : end
          if (this.failed) return i
          if (end < 0 && this.#state >= IN_NUMBER) {
            state = this.#state
            break
          }
        }
        state = AFTER_VALUE
        if (depth === 0) {
          this.done = true
          return i
        }
        if (i >= to) break
        byte = bytes[i]!
        if (byte <= 0x20) continue
      }
      if (state === AFTER_VALUE) {
        if (byte === COMMA) {
          state = (kinds & 1) === 1 ? KEY : VALUE
        } else if ((kinds & 1) === 1 ? byte === CLOSE_OBJECT : byte === CLOSE_ARRAY) {
          depth--
          if (depth === 0) {
            this.done = true
            return i + 1
          }
          kinds = (depth & 31) === 0 ? this.#outer.pop()! : kinds >>> 1
        } else return this.#fail(i)
        i++
      } else if (byte === COLON) {
        state = VALUE
        i++
      } else return this.#fail(i)
    }
    this.#state = state
    this.#depth = depth
    this.#kinds = kinds
    return i
  }

  #fail(at: number): number {
    this.failed = true
    return at
  }

  /** A number or a literal from its first byte; `#state` says whether it was cut. */
  #scalar(bytes: Buffer, i: number, to: number): number {
    this.#place = numberStart(bytes[i]!)
    if (this.#place !== 0) return this.#number(bytes, i + 1, to)
    this.#literal = LITERALS.get(bytes[i]!) ?? NO_LITERAL
    if (this.#literal.length === 0) return this.#fail(i)
    this.#place = 1
    return this.#word(bytes, i + 1, to)
  }

  #number(bytes: Buffer, from: number, to: number): number {
    for (let i = from; i < to; i++) {
      const next = numberNext(this.#place, bytes[i]!)
      if (next === 0) {
        if (!numberMayEnd(this.#place)) return this.#fail(i)
        this.#state = AFTER_VALUE
        return i
      }
      this.#place = next
    }
    this.#state = IN_NUMBER
    return to
  }

  #word(bytes: Buffer, from: number, to: number): number {
    let i = from
    while (this.#place < this.#literal.length) {
      if (i >= to) {
        this.#state = IN_LITERAL
        return to
      }
      if (bytes[i++] !== this.#literal[this.#place++]) return this.#fail(i)
    }
    this.#state = AFTER_VALUE
    return i
  }

  /** Goes on in the token that the last chunk ended in. */
  #resume(bytes: Buffer, from: number, to: number): number {
    const end = this.#rest(bytes, from, to)
    if (!this.failed && this.#state < IN_KEY && this.#depth === 0) this.done = true
    return end
  }

  #rest(bytes: Buffer, from: number, to: number): number {
    if (this.#state === IN_NUMBER) return this.#number(bytes, from, to)
    if (this.#state === IN_LITERAL) return this.#word(bytes, from, to)
    const end = this.#string.push(bytes, from, to)
    if (end === WRONG) return this.#fail(from)
    if (end === CUT) return to
    this.#state = this.#state === IN_KEY ? AFTER_KEY : AFTER_VALUE
    return end
  }
}

/** The end of a number without an exponent, with more behind it; −1: it is something else, wrong, or cut. */
function plainNumber(bytes: Buffer, from: number, to: number): number {
  let i = from
  if (bytes[i] === MINUS) i++
  if (i >= to) return -1
  let byte = bytes[i++]!
  if (byte < ZERO || byte > NINE) return -1
  if (byte !== ZERO) while (i < to && bytes[i]! >= ZERO && bytes[i]! <= NINE) i++
  if (i >= to) return -1
  byte = bytes[i]!
  if (byte === POINT) {
    const point = i++
    while (i < to && bytes[i]! >= ZERO && bytes[i]! <= NINE) i++
    if (i >= to || i === point + 1) return -1
    byte = bytes[i]!
  }
  return byte === LOWER_E || byte === UPPER_E ? -1 : i
}
