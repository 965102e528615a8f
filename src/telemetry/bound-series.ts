/** Bound series: one row of the store each, with the recordings that the hot path makes. */

/** Recordings on a series that was unbound end here, so that they can never reach the row's next owner. */
export const SCRATCH_CELLS = 64

export abstract class Series {
  readonly labelValues: readonly string[]
  /** Milliseconds since the epoch; a recycled row starts anew. */
  readonly startTime: number
  /** Rendered labels, kept by the exposition so that each series is rendered once. */
  labelText: string | undefined = undefined
  protected readonly cells: Float64Array
  protected index: number

  constructor(cells: Float64Array, index: number, labelValues: readonly string[], startTime: number) {
    this.cells = cells
    this.index = index
    this.labelValues = labelValues
    this.startTime = startTime
  }

  /** Parts the series from its row and returns the row's first cell. For the instrument only. */
  release(): number {
    const index = this.index
    this.index = 0
    return index
  }
}

export class CounterSeries extends Series {
  /** Anything but a positive number is ignored: a counter never falls. */
  add(n: number): void {
    if (n > 0) this.cells[this.index]! += n
  }

  /** Sets the total, for counters whose truth lives elsewhere and is read before a collection. */
  observe(total: number): void {
    this.cells[this.index] = total
  }

  get value(): number {
    return this.cells[this.index]!
  }
}

export class GaugeSeries extends Series {
  add(n: number): void {
    this.cells[this.index]! += n
  }

  set(value: number): void {
    this.cells[this.index] = value
  }

  get value(): number {
    return this.cells[this.index]!
  }
}

/** The span that a recording belongs to. Ids are lower-case hexadecimal, of 32 and 16 digits. */
export interface SpanRef {
  readonly traceId: string
  readonly spanId: string
}

/** A recording that can be looked up: its span, its value, and when (milliseconds since the epoch). */
export interface Exemplar extends SpanRef {
  readonly value: number
  readonly time: number
}

const COUNT = 0
const SUM = 1
const BUCKETS = 2

/** A histogram's row: count, sum, then one cell per bound. What is above the last bound is the count's remainder. */
export const histogramWidth = (bounds: readonly number[]): number => BUCKETS + bounds.length

export class HistogramSeries extends Series {
  readonly bounds: readonly number[]
  #exemplars: (Exemplar | undefined)[] | undefined = undefined

  constructor(
    cells: Float64Array,
    index: number,
    labelValues: readonly string[],
    startTime: number,
    bounds: readonly number[],
  ) {
    super(cells, index, labelValues, startTime)
    this.bounds = bounds
  }

  /**
   * NaN is ignored: one would make the sum useless for ever. `span`: a span that was sampled, kept as the exemplar of the
   * value's bucket in place of the one before.
   */
  record(value: number, span?: SpanRef): void {
    const { cells, index, bounds } = this
    const length = bounds.length
    let i = 0
    while (i < length && value > bounds[i]!) i++
    if (Number.isNaN(value)) return
    cells[index + COUNT]! += 1
    cells[index + SUM]! += value
    if (i < length) cells[index + BUCKETS + i]! += 1
    if (span !== undefined) this.#keep(i, value, span)
  }

  /** One for each bucket, the one above the last bound at the end. */
  get exemplars(): readonly (Exemplar | undefined)[] | undefined {
    return this.#exemplars
  }

  get count(): number {
    return this.cells[this.index + COUNT]!
  }

  get sum(): number {
    return this.cells[this.index + SUM]!
  }

  /** Recordings in the bucket of the i-th bound alone, not cumulative. */
  bucket(i: number): number {
    return this.cells[this.index + BUCKETS + i]!
  }

  #keep(bucket: number, value: number, { traceId, spanId }: SpanRef): void {
    this.#exemplars ??= new Array(this.bounds.length + 1).fill(undefined)
    this.#exemplars[bucket] = { traceId, spanId, value, time: Date.now() }
  }
}
