/** One content coding undone in the thread pool, with a bounded backlog: it says so when it cannot keep up, and never asks to wait. */
import type { Transform } from 'node:stream'
import { type Coding, createDecoder } from './content-coding.ts'

/** Compressed bytes that may wait or be in work. */
export const BACKLOG_BYTES = 1 << 20

// What a waiting chunk costs beside its bytes, so that a drip of single bytes is bounded too.
const CHUNK_COST = 128

export interface StageSink {
  data(chunk: Buffer): void
  end(result: 'complete' | 'limit' | 'corrupt'): void
}

export class DecodingStage {
  readonly #coding: Coding
  readonly #sink: StageSink
  #decoder: Transform | undefined
  #waiting: Buffer[] = []
  #waitingCost = 0
  #inWork = 0
  #ending = false
  #over = false

  constructor(coding: Coding, sink: StageSink) {
    this.#coding = coding
    this.#sink = sink
  }

  push(chunk: Buffer): void {
    if (this.#over || this.#ending || chunk.length === 0) return
    this.#decoder ??= this.#create(chunk[0] as number)
    if (this.#inWork === 0) {
      this.#write(chunk)
      return
    }
    this.#waiting.push(chunk)
    this.#waitingCost += chunk.length + CHUNK_COST
    if (this.#inWork + this.#waitingCost > BACKLOG_BYTES) this.#finish('limit')
  }

  end(): void {
    if (this.#over || this.#ending) return
    this.#ending = true
    // A body without a byte has nothing to decode, not even a head.
    if (this.#decoder === undefined) this.#finish('complete')
    else if (this.#inWork === 0) this.#decoder.end()
  }

  destroy(): void {
    this.#over = true
    this.#waiting = []
    this.#decoder?.destroy()
    // Closed, it would still hold its output buffer for as long as the exchange is referred to.
    this.#decoder = undefined
  }

  #create(first: number): Transform {
    return createDecoder(this.#coding, first)
      .on('data', (chunk: Buffer) => {
        if (!this.#over) this.#sink.data(chunk)
      })
      .on('end', () => this.#finish('complete'))
      .on('error', () => this.#finish('corrupt'))
  }

  #write(chunk: Buffer): void {
    this.#inWork = chunk.length
    this.#decoder?.write(chunk, this.#written)
  }

  /** Everything that came meanwhile goes in one piece: a trip through the thread pool costs more than a small chunk. */
  readonly #written = (): void => {
    this.#inWork = 0
    if (this.#over) return
    if (this.#waiting.length > 0) {
      const [first] = this.#waiting
      const all = this.#waiting.length === 1 ? (first as Buffer) : Buffer.concat(this.#waiting)
      this.#waiting = []
      this.#waitingCost = 0
      this.#write(all)
    } else if (this.#ending) this.#decoder?.end()
  }

  #finish(result: 'complete' | 'limit' | 'corrupt'): void {
    if (this.#over) return
    this.destroy()
    this.#sink.end(result)
  }
}
