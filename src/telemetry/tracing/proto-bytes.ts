/** Protocol Buffers written field after field into one buffer that lasts. */

// Wire types; a tag is the field's number times eight and one of them (protobuf.dev, "Encoding").
const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

/** Lengths are written in as many bytes, padded: readers take that, and nothing need be moved. */
const LENGTH = 4
/** Room that each tag makes for what is written behind it without asking: lengths, numbers, ids. */
const SHORT = 64

/** Bytes that the buffer begins with, and beyond which one that has grown is not kept. */
const SPACE = 1 << 16
const MOST_SPACE = 1 << 20

export class ProtoBytes {
  #bytes = Buffer.allocUnsafeSlow(SPACE)
  #length = 0

  /** Begins anew. */
  clear(): void {
    this.#length = 0
    if (this.#bytes.length > MOST_SPACE) this.#bytes = Buffer.allocUnsafeSlow(SPACE)
  }

  /** A copy of what was written. */
  copy(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#bytes, 0, this.#length)
  }

  /** Begins a message; `close` takes what this returns. */
  open(field: number): number {
    this.#tag(field, BYTES)
    this.#length += LENGTH
    return this.#length
  }

  close(start: number): void {
    const length = this.#length - start
    const bytes = this.#bytes
    bytes[start - 4] = (length & 127) | 128
    bytes[start - 3] = ((length >>> 7) & 127) | 128
    bytes[start - 2] = ((length >>> 14) & 127) | 128
    bytes[start - 1] = length >>> 21
  }

  /** For what hardly ever is longer than 127 bytes; what is, is moved. */
  openShort(field: number): number {
    this.#tag(field, BYTES)
    return ++this.#length
  }

  closeShort(start: number): void {
    const length = this.#length - start
    if (length < 128) {
      this.#bytes[start - 1] = length
      return
    }
    this.#reserve(LENGTH)
    this.#bytes.copyWithin(start + LENGTH - 1, start, this.#length)
    this.#length += LENGTH - 1
    this.close(start + LENGTH - 1)
  }

  text(field: number, text: string, evenEmpty = false): void {
    if (text === '' && !evenEmpty) return
    this.#reserve(text.length * 3)
    if (text.length < SHORT && this.#ascii(field, text)) return
    const start = this.open(field)
    this.#length += this.#bytes.write(text, this.#length)
    this.close(start)
  }

  /** Short texts cost less in JavaScript than the call that writes them. */
  #ascii(field: number, text: string): boolean {
    const before = this.#length
    this.#tag(field, BYTES)
    const bytes = this.#bytes
    let at = this.#length
    bytes[at++] = text.length
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 127) {
        this.#length = before
        return false
      }
      bytes[at++] = code
    }
    this.#length = at
    return true
  }

  /** Bytes that stand as hexadecimal digits. */
  hex(field: number, digits: string): void {
    this.#tag(field, BYTES)
    this.#bytes[this.#length++] = digits.length >> 1
    this.#length += this.#bytes.write(digits, this.#length, 'hex')
  }

  /** A whole number, not negative. */
  number(field: number, value: number): void {
    this.#tag(field, VARINT)
    this.#varint(value)
  }

  double(field: number, value: number): void {
    this.#tag(field, FIXED64)
    this.#length = this.#bytes.writeDoubleLE(value, this.#length)
  }

  /** 64 bits, as their lower and upper halves. */
  fixed64(field: number, low: number, high: number): void {
    this.#tag(field, FIXED64)
    this.#length = this.#bytes.writeUInt32LE(low, this.#length)
    this.#length = this.#bytes.writeUInt32LE(high, this.#length)
  }

  fixed32(field: number, value: number): void {
    this.#tag(field, FIXED32)
    this.#length = this.#bytes.writeUInt32LE(value, this.#length)
  }

  /** A field as `fieldOf` made it. */
  raw(field: Uint8Array): void {
    this.#reserve(field.length)
    this.#bytes.set(field, this.#length)
    this.#length += field.length
  }

  /** Makes room for itself, and for what is written after it without asking: lengths, numbers, ids. */
  #tag(field: number, type: number): void {
    if (this.#length + SHORT > this.#bytes.length) this.#reserve(0)
    const tag = (field << 3) | type
    if (tag < 128) this.#bytes[this.#length++] = tag
    else this.#varint(tag)
  }

  #varint(value: number): void {
    let rest = value
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#length++] = rest
  }

  #reserve(size: number): void {
    const needed = this.#length + size + SHORT
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, needed))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

/** A text as a field, for one that is written often. */
export function fieldOf(field: number, text: string): Uint8Array {
  const out = new ProtoBytes()
  out.text(field, text)
  return out.copy()
}
