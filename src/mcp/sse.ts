/** Scans `text/event-stream` chunk by chunk and hands on the data without ever building an event (HTML standard §9.2.6). Pure. */
import { COMMENT, DATA, EVENT, ID, IGNORED, NAMES, RETRY, SseFields } from './sse-fields.ts'

export interface SseSink {
  /**
   * A piece of a data line's value, behind the one optional space. Never empty; valid during the call. It may belong to
   * an event that is never finished: `end()` tells.
   */
  data(chunk: Buffer, from: number, to: number): void
  /** Between two data lines of one event: a line feed in the data. */
  join(): void
  /**
   * A blank line was read; type, id and bytes stand on the scanner during the call. Without data there is no event to
   * dispatch: a comment, an id alone, or one more blank line.
   */
  event(hasData: boolean): void
  /** A comment line was read to its end (keep-alive). */
  comment?(): void
}

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const COLON = 0x3a
const [A, D, E, I, R, T] = [0x61, 0x64, 0x65, 0x69, 0x72, 0x74]
const BOM = [0xef, 0xbb, 0xbf]

// What the next byte belongs to.
const MARK = 0
const LINE = 1
const NAME = 2
const SPACE_OR_VALUE = 3
const VALUE = 4

// Most lines but data lines are shorter than this, and a call of indexOf costs as much as looking at so many bytes.
const NEAR = 32

export class SseScanner {
  readonly #sink: SseSink
  #state = MARK
  #field = IGNORED
  /** Bytes of the byte order mark, or of the field's name, that were matched. */
  #matched = 0
  /** The last line ended with CR: an LF right behind it belongs to it. */
  #afterCr = false
  /** The first LF and the first CR of the chunk behind where they were last looked for; the chunk's end when none. */
  #nextLf = -1
  #nextCr = -1

  #hasData = false
  #pending = false
  readonly #fields = new SseFields()
  #anyId = false
  #bytesBefore = 0
  #eventBytes = 0

  constructor(sink: SseSink) {
    this.#sink = sink
  }

  /** Type of the event being dispatched; empty when it names none. At most 64 characters. */
  get type(): string {
    return this.#fields.type
  }

  /** Whether the event being dispatched sets an id that is not empty: the last valid `id:` line counts. */
  get hasId(): boolean {
    return this.#fields.hasId
  }

  /** `hasId` of this or any earlier event of the stream, with data or without: the downstream has something to resume from. */
  get anyId(): boolean {
    return this.#anyId
  }

  /**
   * Bytes since the previous blank line, up to the one that ends this event. Where a blank line ends with CR LF, its LF
   * counts to the next event, so that the figure does not depend on where the stream was cut.
   */
  get eventBytes(): number {
    return this.#eventBytes
  }

  /** The last valid `retry:`, in milliseconds. */
  get retry(): number | undefined {
    return this.#fields.retry
  }

  push(chunk: Buffer, from = 0, to = chunk.length): void {
    // The searches below run to the chunk's end.
    const bytes = to < chunk.length ? chunk.subarray(0, to) : chunk
    this.#nextLf = -1
    this.#nextCr = -1
    // Turns from the place in the chunk into the event's bytes so far.
    this.#bytesBefore -= from
    let at = from
    while (at < to) {
      switch (this.#state) {
        case VALUE:
          at = this.#value(bytes, at, to)
          break
        case LINE:
          at = this.#line(bytes, at, to)
          break
        case SPACE_OR_VALUE:
          if (bytes[at] === SPACE) at++
          this.#state = VALUE
          break
        case NAME:
          at = this.#name(bytes, at, to)
          break
        default:
          at = this.#mark(bytes, at)
      }
    }
    this.#bytesBefore += Math.max(from, to)
  }

  /** The stream ended: false when that drops an unfinished event or cuts a line, true otherwise. */
  end(): boolean {
    return !this.#pending && (this.#state === LINE || (this.#state === MARK && this.#matched === 0))
  }

  #mark(chunk: Buffer, at: number): number {
    if (chunk[at] === BOM[this.#matched]) {
      this.#matched++
      if (this.#matched === BOM.length) this.#state = LINE
      return at + 1
    }
    // Part of a mark is the beginning of a name that no field has.
    if (this.#matched > 0) this.#begin(IGNORED, VALUE)
    else this.#state = LINE
    return at
  }

  #line(chunk: Buffer, at: number, to: number): number {
    const byte = chunk[at] as number
    if (byte === LF || byte === CR) {
      if (byte === LF && this.#afterCr) {
        this.#afterCr = false
        return at + 1
      }
      this.#afterCr = byte === CR
      this.#dispatch(at + 1)
      return at + 1
    }
    this.#afterCr = false
    if (byte === D) {
      // The line that matters, whole: "data:".
      if (
        at + 5 <= to &&
        chunk[at + 1] === A &&
        chunk[at + 2] === T &&
        chunk[at + 3] === A &&
        chunk[at + 4] === COLON
      ) {
        this.#field = DATA
        this.#beginValue()
        return at + 5
      }
      this.#begin(DATA, NAME)
    } else if (byte === E) this.#begin(EVENT, NAME)
    else if (byte === I) this.#begin(ID, NAME)
    else if (byte === R) this.#begin(RETRY, NAME)
    else this.#begin(byte === COLON ? COMMENT : IGNORED, VALUE)
    return at + 1
  }

  #begin(field: number, state: number): void {
    this.#field = field
    this.#state = state
    this.#matched = 1
  }

  #name(chunk: Buffer, from: number, to: number): number {
    const name = NAMES[this.#field] as string
    let at = from
    while (at < to && this.#matched < name.length && chunk[at] === name.charCodeAt(this.#matched)) {
      this.#matched++
      at++
    }
    if (at === to) return at
    const byte = chunk[at]
    if (this.#matched < name.length) this.#begin(IGNORED, VALUE)
    else if (byte === COLON) {
      this.#beginValue()
      return at + 1
    } else if (byte === LF || byte === CR) {
      this.#beginValue()
      this.#state = VALUE
    } else this.#begin(IGNORED, VALUE)
    return at
  }

  /** The field's name is known: its value follows, or the line's end. */
  #beginValue(): void {
    this.#state = SPACE_OR_VALUE
    if (this.#field === DATA) {
      if (this.#hasData) this.#sink.join()
      this.#hasData = true
    } else this.#fields.start(this.#field)
    this.#pending ||= this.#field !== RETRY
  }

  #value(chunk: Buffer, at: number, to: number): number {
    const end = this.#lineEnd(chunk, at, to)
    if (end > at) {
      if (this.#field === DATA) this.#sink.data(chunk, at, end)
      else this.#fields.push(this.#field, chunk, at, end)
    }
    if (end === to) return to
    if (this.#field === COMMENT) this.#sink.comment?.()
    else this.#fields.finish(this.#field)
    this.#afterCr = chunk[end] === CR
    this.#state = LINE
    return end + 1
  }

  #lineEnd(chunk: Buffer, from: number, to: number): number {
    const near = Math.min(from + NEAR, to)
    for (let i = from; i < near; i++) {
      const byte = chunk[i]
      if (byte === LF || byte === CR) return i
    }
    if (near === to) return to
    // Each is looked for once only, however many of the other come first.
    if (this.#nextLf < near) this.#nextLf = indexOf(chunk, LF, near)
    if (this.#nextCr < near) this.#nextCr = indexOf(chunk, CR, near)
    return Math.min(this.#nextLf, this.#nextCr)
  }

  #dispatch(at: number): void {
    this.#eventBytes = this.#bytesBefore + at
    this.#bytesBefore = -at
    this.#anyId ||= this.#fields.hasId
    this.#sink.event(this.#hasData)
    this.#hasData = false
    this.#pending = false
    this.#fields.clear()
  }
}

/** Behind the end when there is none. */
function indexOf(chunk: Buffer, byte: number, from: number): number {
  const found = chunk.indexOf(byte, from)
  return found === -1 ? chunk.length : found
}
