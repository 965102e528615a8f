/** Collects the value of an `event:` line from pieces; a stream names few types, so the last one is kept and compared. Pure. */

export const TYPE_CHARACTERS = 64

// A UTF-16 code unit takes three bytes of UTF-8 at most.
const TYPE_BYTES = 3 * TYPE_CHARACTERS

const NONE = Buffer.alloc(0)

export class SseType {
  /** The bytes of the last type; those of the next are written over them. */
  #bytes = NONE
  #length = 0
  #text = ''
  #at = 0
  #same = true

  start(): void {
    this.#at = 0
    this.#same = true
  }

  push(chunk: Buffer, from: number, to: number): void {
    if (this.#bytes === NONE) this.#bytes = Buffer.alloc(TYPE_BYTES)
    const bytes = this.#bytes
    const end = Math.min(to, from + TYPE_BYTES - this.#at)
    let at = this.#at
    let same = this.#same
    for (let i = from; i < end; i++, at++) {
      const byte = chunk[i] as number
      if (bytes[at] !== byte) {
        bytes[at] = byte
        same = false
      }
    }
    this.#at = at
    this.#same = same
  }

  /** The whole value, cut after 64 characters and never inside one. */
  text(): string {
    if (this.#same && this.#at === this.#length) return this.#text
    this.#length = this.#at
    this.#text = cut(this.#bytes.toString('utf8', 0, this.#length))
    return this.#text
  }
}

function cut(text: string): string {
  if (text.length <= TYPE_CHARACTERS) return text
  const last = text.charCodeAt(TYPE_CHARACTERS - 1)
  const halved = last >= 0xd800 && last < 0xdc00
  return text.slice(0, halved ? TYPE_CHARACTERS - 1 : TYPE_CHARACTERS)
}
