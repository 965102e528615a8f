/** The fields of an event stream beside its data: reads type, id and retry from pieces of their lines. Pure. */
import { SseType } from './sse-type.ts'

// No two fields begin with the same letter, so the first byte says which one a name can still become.
export const IGNORED = 0
export const COMMENT = 1
export const DATA = 2
export const EVENT = 3
export const ID = 4
export const RETRY = 5

/** By field. */
export const NAMES: readonly string[] = ['', '', 'data', 'event', 'id', 'retry']

const ZERO = 0x30

export class SseFields {
  /** Of the event being read; empty when it names none. */
  type = ''
  /** Whether the event being read sets an id that is not empty. */
  hasId = false
  /** The last valid value in the stream, in milliseconds. */
  retry: number | undefined
  readonly #typeValue = new SseType()
  #idLength = 0
  #idHasNul = false
  /** −1 before the first digit; not a number once anything else was read. */
  #retryValue = -1

  /** A line of this field begins. */
  start(field: number): void {
    if (field === EVENT) this.#typeValue.start()
    else if (field === ID) {
      this.#idLength = 0
      this.#idHasNul = false
    } else if (field === RETRY) this.#retryValue = -1
  }

  /** A piece of its value. */
  push(field: number, chunk: Buffer, from: number, to: number): void {
    if (field === EVENT) this.#typeValue.push(chunk, from, to)
    else if (field === ID) {
      this.#idLength += to - from
      for (let i = from; i < to; i++) if (chunk[i] === 0) this.#idHasNul = true
    } else if (field === RETRY) this.#retryDigits(chunk, from, to)
  }

  /** The line is over: only now does its value count. */
  finish(field: number): void {
    if (field === EVENT) this.type = this.#typeValue.text()
    else if (field === ID) {
      // The standard ignores an id with a NUL: an earlier one of the same event stays.
      if (!this.#idHasNul) this.hasId = this.#idLength > 0
    } else if (field === RETRY && this.#retryValue >= 0) {
      this.retry = Math.min(this.#retryValue, Number.MAX_SAFE_INTEGER)
    }
  }

  /** The event is over. */
  clear(): void {
    this.type = ''
    this.hasId = false
  }

  #retryDigits(chunk: Buffer, from: number, to: number): void {
    let value = this.#retryValue === -1 ? 0 : this.#retryValue
    for (let i = from; i < to; i++) {
      const digit = (chunk[i] as number) - ZERO
      value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN
    }
    this.#retryValue = value
  }
}
