/** Finds where an event stream may be cut: behind the blank line that ends an event (HTML standard §9.2.6). Pure. */

const LF = 0x0a
const CR = 0x0d

/** Follows a stream chunk by chunk; constant memory, and no work per chunk but keeping its last bytes. */
export class SseBoundary {
  /** The last bytes seen, at most 4: the longest blank line is CR LF CR LF. */
  #tail: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): void {
    this.#tail = chunk.length >= 4 ? chunk.subarray(chunk.length - 4) : last4(this.#tail, chunk)
  }

  /** Whether everything seen so far ends with a whole event (or nothing was seen). */
  get atBoundary(): boolean {
    return this.#tail.length === 0 || endsEvent(this.#tail, this.#tail.length)
  }

  /** How many bytes of the next chunk belong before the first boundary in it; −1: none of its ends is one. */
  cut(chunk: Buffer): number {
    const joined = Buffer.concat([this.#tail, chunk])
    for (let end = this.#tail.length + 1; end <= joined.length; end++) {
      if (endsEvent(joined, end)) return end - this.#tail.length
    }
    return -1
  }
}

function last4(tail: Buffer, chunk: Buffer): Buffer {
  const joined = Buffer.concat([tail, chunk])
  return joined.subarray(Math.max(0, joined.length - 4))
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
