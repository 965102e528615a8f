/** Stands between an upstream's socket and undici's parser: hands status lines on whole, and takes interim responses out. */
import type { Socket } from 'node:net'

const LF = 0x0a
const DIGIT_0 = 0x30
const DIGIT_1 = 0x31
const DIGIT_9 = 0x39
const START = 'HTTP/1.'
const CODE_AT = 9
const REASON_AT = 13
const HEAD_END = Buffer.from('\r\n\r\n')

/**
 * undici fails an exchange at a 100 that nobody asked for, which RFC 9110 §15.2 allows, and keeps only the last part
 * of a reason phrase that was cut between two segments. Nothing but the start of a response is looked at.
 */
export class HeadGate {
  /** The reason phrase as latin-1, where it is not plain ASCII: undici reads it as UTF-8. */
  reason: string | undefined = undefined
  readonly #limit: number
  #expecting = true
  #held: Buffer | undefined = undefined

  /** @param limit bytes of an interim head; a longer one is left to undici */
  constructor(socket: Socket, limit: number) {
    this.#limit = limit
    const read = socket.read.bind(socket) as (size?: number) => Buffer | null
    socket.read = (size?: number): Buffer | null => {
      const chunk = read(size)
      return this.#expecting && chunk !== null ? this.#start(chunk) : chunk
    }
  }

  /** A request is about to be written: what comes next is a status line. */
  expect(): void {
    this.#expecting = true
    this.reason = undefined
  }

  #start(chunk: Buffer): Buffer | null {
    let bytes = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk])
    this.#held = undefined
    for (;;) {
      const end = bytes.indexOf(LF)
      if (end < 0) return startsResponse(bytes) ? this.#hold(bytes) : this.#pass(bytes)
      if (!isInterim(bytes)) {
        this.#readReason(bytes, end)
        return this.#pass(bytes)
      }
      const behind = bytes.indexOf(HEAD_END)
      if (behind < 0) return this.#hold(bytes)
      bytes = bytes.subarray(behind + HEAD_END.length)
      if (bytes.length === 0) return null
    }
  }

  #hold(bytes: Buffer): Buffer | null {
    if (bytes.length > this.#limit) return this.#pass(bytes)
    this.#held = bytes
    return null
  }

  #pass(bytes: Buffer): Buffer {
    this.#expecting = false
    return bytes
  }

  #readReason(bytes: Buffer, end: number): void {
    for (let i = REASON_AT; i < end; i++) {
      if ((bytes[i] as number) < 0x80) continue
      this.reason = bytes.toString('latin1', REASON_AT, end).trimEnd()
      return
    }
  }
}

/** 101 is no interim response: nobody asked for it, and undici says so. */
function isInterim(bytes: Buffer): boolean {
  if (bytes[CODE_AT] !== DIGIT_1 || !startsResponse(bytes)) return false
  return bytes[CODE_AT + 1] !== DIGIT_0 || bytes[CODE_AT + 2] !== DIGIT_1
}

/** Whether these bytes may be the start of a response; what may not is an error at once, not at some deadline. */
function startsResponse(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, REASON_AT - 1)
  for (let i = 0; i < length; i++) {
    const byte = bytes[i] as number
    if (i < START.length) {
      if (byte !== START.charCodeAt(i)) return false
    } else if (i === CODE_AT - 1) {
      if (byte !== 0x20) return false
    } else if (byte < DIGIT_0 || byte > DIGIT_9) return false
  }
  return true
}
