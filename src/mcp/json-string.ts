/** Decodes JSON strings and numbers from their raw bytes. Pure. */
import type { RequestId } from './message.ts'

const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|(.?))/gs
const REPLACEMENT = '\ufffd'
const PLAIN: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/** The text between two quotes. What is no UTF-8, no escape or half a surrogate pair becomes U+FFFD. */
export function decodeString(bytes: Buffer, from: number, to: number): string {
  const text = bytes.toString('utf8', from, to)
  if (!text.includes('\\')) return text
  return text.replace(ESCAPE, unescaped).toWellFormed()
}

function unescaped(_match: string, hex: string | undefined, letter: string): string {
  return hex === undefined ? (PLAIN[letter] ?? REPLACEMENT) : String.fromCharCode(Number.parseInt(hex, 16))
}

/** At most `length` UTF-16 units of a text, never half a pair. */
export function cutText(text: string, length: number): string {
  if (text.length <= length) return text
  const last = text.charCodeAt(length - 1)
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? length - 1 : length)
}

/** An id written as a number: exact for integers of any size. */
export function decodeId(bytes: Buffer, from: number, to: number): RequestId {
  const text = bytes.toString('latin1', from, to)
  const value = Number(text)
  return Number.isSafeInteger(value) || !/^-?\d+$/.test(text) ? value : BigInt(text)
}

const REMEMBERED = 256
const REMEMBERED_LENGTH = 48

/** Short texts seen before, by a few of their bytes. Traffic repeats the same names, and making a string costs more than comparing one. */
const remembered: string[] = Array(REMEMBERED).fill('')
/** Their bytes: comparing those costs a third of `charCodeAt`. */
const spellings = Buffer.alloc(REMEMBERED * REMEMBERED_LENGTH)

/** A text of ASCII bytes only, of a kind that repeats. */
export function repeatedText(bytes: Buffer, from: number, to: number): string {
  const length = to - from
  if (length === 0 || length > REMEMBERED_LENGTH) return bytes.toString('utf8', from, to)
  const middle = bytes[from + (length >> 1)]! * 7 + bytes[from + (length >> 2)]! * 13
  const slot = (length * 31 + bytes[from]! + bytes[to - 1]! * 3 + middle) & (REMEMBERED - 1)
  const text = remembered[slot]!
  if (text.length === length) {
    const spelling = slot * REMEMBERED_LENGTH
    let i = 0
    while (i < length && spellings[spelling + i] === bytes[from + i]) i++
    if (i === length) return text
  }
  const fresh = bytes.toString('utf8', from, to)
  remembered[slot] = fresh
  bytes.copy(spellings, slot * REMEMBERED_LENGTH, from, to)
  return fresh
}

/** The raw bytes of a token that came in several chunks, as many as are ever read. */
export class RawToken {
  bytes = Buffer.allocUnsafeSlow(64)
  length = 0
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  append(chunk: Buffer, from: number, to: number): void {
    const end = Math.min(to, from + this.#most - this.length)
    if (end <= from) return
    const length = this.length + end - from
    if (length > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, Math.min(2 * this.bytes.length, this.#most)))
      this.bytes.copy(larger, 0, 0, this.length)
      this.bytes = larger
    }
    chunk.copy(this.bytes, this.length, from, end)
    this.length = length
  }
}
