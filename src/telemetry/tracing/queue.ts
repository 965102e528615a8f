/** Holds what is to be sent: bounded, one batch under way at a time, and nothing that traffic would ever wait for. */
import { type SpanRecord, spanCount } from './record.ts'

/** Sends batches to one place. */
export interface SpanSender {
  /** Rejects when the batch was not taken. */
  send(batch: readonly SpanRecord[]): Promise<void>
  /** From now on a batch that was not taken is not tried again. */
  hurry?(): void
  close(): Promise<void>
}

/** Counts spans. */
export interface SpanMeter {
  exported(spans: number): void
  dropped(reason: 'queue_full' | 'export_failed', spans: number): void
}

export interface SpanQueueOptions {
  readonly sender: SpanSender
  readonly meter: SpanMeter
  /** Exchanges that wait at most. */
  readonly most: number
  /** Exchanges that are sent at once. */
  readonly batch: number
  /** Milliseconds that one waits at most before it is sent. */
  readonly delay: number
  /** Milliseconds after which a batch counts as not taken, whatever the sender says later. */
  readonly timeout: number
  /** Is told of each batch how it ended, and after how many milliseconds. */
  readonly settled: (error: Error | undefined, duration: number) => void
}

export class SpanQueue {
  readonly #options: SpanQueueOptions
  #waiting: SpanRecord[] = []
  #timer: NodeJS.Timeout | undefined = undefined
  #sending: Promise<boolean> | undefined = undefined
  #failing = false
  #closed = false

  constructor(options: SpanQueueOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#waiting.length
  }

  add(record: SpanRecord): void {
    const { most, batch, delay, meter } = this.#options
    if (this.#closed || this.#waiting.length >= most) {
      meter.dropped('queue_full', spanCount(record))
      return
    }
    this.#waiting.push(record)
    if (this.#sending !== undefined) return
    // Not within the end of an exchange; and not at once where the last one failed, or failing costs more than sending.
    if (this.#waiting.length === batch && !this.#failing) setImmediate(() => this.#pump())
    this.#timer ??= setTimeout(() => this.#due(), delay).unref()
  }

  /** Sends what waits, for at most so many milliseconds; what is left then is dropped. */
  async close(within: number): Promise<void> {
    const until = performance.now() + within
    this.#closed = true
    clearTimeout(this.#timer)
    this.#options.sender.hurry?.()
    await before(within, this.#empty())
    this.#drop(this.#waiting.splice(0))
    await before(Math.max(until - performance.now(), 0), this.#options.sender.close())
  }

  async #empty(): Promise<void> {
    await this.#sending
    while (this.#waiting.length > 0 && (await this.#send()));
  }

  #due(): void {
    this.#timer = undefined
    if (this.#sending === undefined && this.#waiting.length > 0) this.#pump()
  }

  #pump(): void {
    if (this.#sending !== undefined || this.#closed || this.#waiting.length === 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#sending = this.#send()
    this.#sending.then((taken) => {
      this.#sending = undefined
      if (this.#closed || this.#waiting.length === 0) return
      if (taken && this.#waiting.length >= this.#options.batch) setImmediate(() => this.#pump())
      else this.#timer ??= setTimeout(() => this.#due(), this.#options.delay).unref()
    })
  }

  /** Never rejects. */
  async #send(): Promise<boolean> {
    const { batch, meter, settled } = this.#options
    const records = this.#waiting.splice(0, batch)
    const began = performance.now()
    const error = await this.#failure(records)
    this.#failing = error !== undefined
    if (error === undefined) meter.exported(countOf(records))
    else this.#drop(records)
    settled(error, performance.now() - began)
    return error === undefined
  }

  /** Sends them; why they were not taken, if they were not. */
  async #failure(records: readonly SpanRecord[]): Promise<Error | undefined> {
    const { sender, timeout } = this.#options
    try {
      // A collector that says nothing must not hold up the end of the process; closing waits for its own time.
      const answered = await before(timeout, sender.send(records), false)
      return answered ? undefined : new Error(`not taken within ${timeout} ms`)
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  #drop(records: readonly SpanRecord[]): void {
    if (records.length > 0) this.#options.meter.dropped('export_failed', countOf(records))
  }
}

function countOf(records: readonly SpanRecord[]): number {
  let spans = 0
  for (const record of records) spans += spanCount(record)
  return spans
}

/** Whether it came to its end in that time. */
async function before(milliseconds: number, work: Promise<void>, holds = true): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false)
    if (!holds) timer.unref()
  })
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}
