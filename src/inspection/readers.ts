/** Reads JSON-RPC messages out of response bodies, JSON or event stream, as the bytes pass. */
import { EnvelopeScanner } from '../mcp/envelope.ts'
import type { Envelope } from '../mcp/message.ts'
import { SseScanner, type SseSink } from '../mcp/sse.ts'

/** Takes what a body says. */
export interface MessageSink {
  message(message: Envelope): void
  /** A document or an event's data that is no JSON-RPC. */
  invalid(): void
  /** An event with data has passed. */
  event(): void
  /** A comment has passed: an event stream is kept alive. */
  keepAlive?(): void
}

/** One body being read. */
export interface BodyReader {
  push(chunk: Buffer): void
  /** The body is over: `true` if it was whole. `delivered`: the downstream got all of it. */
  end(delivered: boolean): boolean
  /** An event had an id, so that a downstream may ask for what comes after it. */
  readonly resumable: boolean
}

const LINE_FEED = Buffer.from('\n')
/** Kept for the next body; more only come from a burst. */
const MOST_SPARE = 64

/** Messages of one document that are kept back until it is whole; of a longer batch they are passed on. */
const MOST_HELD = 64

/** A scanner, and whom it tells for now. Made once and used again: one costs more than a small body takes to read. */
class Loan {
  sink: MessageSink | undefined = undefined
  readonly scanner = new EnvelopeScanner((message) => this.#hold(message), { lists: true })
  #held: Envelope[] = []

  /** Half a document, and an event without its blank line, tell the downstream nothing, however much of them came. */
  #hold(message: Envelope): void {
    this.#held.push(message)
    if (this.#held.length > MOST_HELD) this.release()
  }

  release(): void {
    if (this.#held.length === 0) return
    const held = this.#held
    this.#held = []
    for (const message of held) this.sink?.message(message)
  }

  reset(): void {
    this.sink = undefined
    this.#held = []
    this.scanner.reset()
  }

  /** The document is over: `true` if it was one. */
  end(delivered: boolean): boolean {
    const whole = this.scanner.end()
    if (whole && delivered) this.release()
    else this.#held = []
    return whole
  }
}

export class Readers {
  readonly #spare: Loan[] = []

  json(sink: MessageSink): BodyReader {
    return new JsonReader(this, this.#lend(sink))
  }

  events(sink: MessageSink): BodyReader {
    return new EventReader(this, this.#lend(sink), sink)
  }

  giveBack(loan: Loan): void {
    loan.reset()
    if (this.#spare.length < MOST_SPARE) this.#spare.push(loan)
  }

  #lend(sink: MessageSink): Loan {
    const loan = this.#spare.pop() ?? new Loan()
    loan.sink = sink
    return loan
  }
}

class JsonReader implements BodyReader {
  readonly resumable = false
  readonly #readers: Readers
  #loan: Loan | undefined

  constructor(readers: Readers, loan: Loan) {
    this.#readers = readers
    this.#loan = loan
  }

  push(chunk: Buffer): void {
    this.#loan?.scanner.push(chunk)
  }

  end(delivered: boolean): boolean {
    const loan = this.#loan
    if (loan === undefined) return false
    this.#loan = undefined
    const whole = loan.end(delivered)
    this.#readers.giveBack(loan)
    return whole
  }
}

class EventReader implements BodyReader, SseSink {
  readonly #readers: Readers
  readonly #sink: MessageSink
  readonly #events = new SseScanner(this)
  #loan: Loan | undefined
  #isEmpty = true

  constructor(readers: Readers, loan: Loan, sink: MessageSink) {
    this.#readers = readers
    this.#loan = loan
    this.#sink = sink
  }

  get resumable(): boolean {
    return this.#events.anyId
  }

  push(chunk: Buffer): void {
    this.#events.push(chunk)
  }

  end(): boolean {
    const loan = this.#loan
    if (loan === undefined) return false
    const whole = this.#events.end()
    this.#loan = undefined
    this.#readers.giveBack(loan)
    return whole
  }

  data(chunk: Buffer, from: number, to: number): void {
    this.#isEmpty = false
    this.#loan?.scanner.push(chunk, from, to)
  }

  comment(): void {
    this.#sink.keepAlive?.()
  }

  join(): void {
    this.#loan?.scanner.push(LINE_FEED)
  }

  event(hasData: boolean): void {
    // Data lines without data dispatch nothing: servers send one so that there is an id to resume from.
    if (!hasData || this.#isEmpty) {
      this.#loan?.scanner.reset()
      return
    }
    this.#isEmpty = true
    const whole = this.#loan?.end(true) ?? true
    // `endpoint` of 2024-11-05 and whatever else a server invents carry no JSON-RPC.
    const { type } = this.#events
    if (!whole && (type === '' || type === 'message')) this.#sink.invalid()
    this.#sink.event()
  }
}
