/** Finds where an event stream may be cut: behind the blank line that ends an event (HTML standard §9.2.6). Pure. */

const LF = 0x0a
const CR = 0x0d

/** The longest blank line, with the line end before it: CR LF CR LF. */
const KEPT = 4

/** Follows a stream chunk by chunk; constant memory, and no work per chunk but keeping its last bytes. */
export class SseBoundary {
  /** The last bytes seen, behind zeros while there are fewer. A copy: a view would keep its whole chunk in memory. */
  readonly #tail = Buffer.alloc(KEPT)
  #empty = true

  push(chunk: Buffer): void {
    const { length } = chunk
    if (length === 0) return
    this.#empty = false
    const tail = this.#tail
    if (length < KEPT) tail.copyWithin(0, length)
    for (let i = Math.min(length, KEPT); i > 0; i--) tail[KEPT - i] = chunk[length - i] as number
  }

  /** Whether everything seen so far ends with a whole event (or nothing was seen). */
  get atBoundary(): boolean {
    return this.#empty || endsEvent(this.#tail, KEPT)
  }

  /** How many bytes of the next chunk belong before the first boundary in it; −1: none of its ends is one. */
  cut(chunk: Buffer): number {
    const joined = Buffer.concat([this.#tail, chunk])
    for (let end = KEPT + 1; end <= joined.length; end++) {
      if (endsEvent(joined, end)) return end - KEPT
    }
    return -1
  }
}

/** Whether the bytes before `end` close a line and an empty line after it. */
function endsEvent(bytes: Buffer, end: number): boolean {
  const first = lineEnd(bytes, end)
  if (first === 0) return false
  // CR LF CR: the LF of the second line end is still to come.
  if (bytes[end - 1] === CR && bytes[end - 2] === LF && bytes[end - 3] === CR) return false
  return lineEnd(bytes, end - first) > 0
}

/** Length of the line end right before `end`; 0: there is none. */
function lineEnd(bytes: Buffer, end: number): number {
  const at = bytes[end - 1]
  if (at === CR) return 1
  if (at !== LF) return 0
  return bytes[end - 2] === CR ? 2 : 1
}
