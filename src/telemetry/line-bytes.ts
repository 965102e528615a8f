/** Lines of JSON as bytes, written one after another into the same memory: no string and no object in between. */

/** Longer values are cut: a line must stay readable by collectors, whatever a downstream sends. */
const LONGEST = 1024

// U+0085, U+2028 and U+2029 are legal in JSON, yet some log collectors take them for the end of a line.
const LINE_SEPARATORS = /[\u007f-\u009f\u2028\u2029]/g

/** Bytes that a UTF-16 unit may take. */
const WIDEST = 3

/** Bytes up to which a loop copies sooner than a call. */
const NEAR = 48

const QUOTE = 0x22
const BACKSLASH = 0x5c
const ZERO = 0x30
const POINT = 0x2e

export class LineBytes {
  bytes: Buffer
  length = 0

  constructor(bytes: Buffer = Buffer.allocUnsafeSlow(4_096)) {
    this.bytes = bytes
  }

  /** A text as it is, in UTF-8. */
  text(text: string): void {
    this.#reserve(text.length * WIDEST)
    this.length += this.bytes.write(text, this.length)
  }

  /** ASCII that needs no escaping. */
  ascii(text: string): void {
    const { length } = text
    this.#reserve(length)
    const { bytes } = this
    let at = this.length
    for (let i = 0; i < length; i++) bytes[at++] = text.charCodeAt(i)
    this.length = at
  }

  /** Bytes as they are. */
  raw(fragment: Uint8Array): void {
    const { length } = fragment
    this.#reserve(length)
    const { bytes } = this
    const at = this.length
    if (length > NEAR) bytes.set(fragment, at)
    else for (let i = 0; i < length; i++) bytes[at + i] = fragment[i]!
    this.length = at + length
  }

  /** A JSON string, quotes included. Lone surrogates, control characters and line separators come out escaped. */
  quoted(text: string): void {
    const { length } = text
    if (length > LONGEST) {
      this.#escaped(`${text.slice(0, LONGEST)}…`)
      return
    }
    this.#reserve(length + 2)
    const { bytes } = this
    let at = this.length
    bytes[at++] = QUOTE
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) {
        this.#escaped(text)
        return
      }
      bytes[at++] = code
    }
    bytes[at++] = QUOTE
    this.length = at
  }

  /** At most three decimals; 0 for what is no number. */
  decimal(n: number): void {
    if (!(n >= 0 && n < 2e6)) {
      this.ascii(Number.isFinite(n) ? String(Math.round(n * 1000) / 1000) : '0')
      return
    }
    const thousandths = Math.round(n * 1000)
    const whole = (thousandths / 1000) | 0
    this.#digits(whole)
    let rest = thousandths - whole * 1000
    if (rest === 0) return
    const { bytes } = this
    bytes[this.length++] = POINT
    for (let place = 100; rest > 0; place /= 10) {
      const digit = (rest / place) | 0
      bytes[this.length++] = ZERO + digit
      rest -= digit * place
    }
  }

  /** Rounded; 0 for what is no number. */
  whole(n: number): void {
    if (n >= 0 && n < 1e9) this.#digits(Math.round(n))
    else this.ascii(String(Number.isFinite(n) ? Math.round(n) : 0))
  }

  #digits(n: number): void {
    this.#reserve(16)
    const { bytes } = this
    let places = 1
    for (let m = n; m >= 10; m = (m / 10) | 0) places++
    let left = n
    for (let at = this.length + places - 1; at >= this.length; at--) {
      const tens = (left / 10) | 0
      bytes[at] = ZERO + left - tens * 10
      left = tens
    }
    this.length += places
  }

  #escaped(text: string): void {
    const json = JSON.stringify(text).replace(LINE_SEPARATORS, escapeUnit)
    this.#reserve(json.length * WIDEST)
    this.length += this.bytes.write(json, this.length, 'utf8')
  }

  #reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const wider = Buffer.allocUnsafeSlow((this.length + more) * 2)
    this.bytes.copy(wider, 0, 0, this.length)
    this.bytes = wider
  }
}

const escapeUnit = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
