/** Rows of a view: the sum of the series that fall together under its labels, and of those that were freed. */
import type { Exemplar } from '../bound-series.ts'
import type { HistogramRow, ScalarRow } from '../family.ts'

/** The values of a series of the store. */
export interface Reading {
  readonly startTime: number
  readonly value?: number
  readonly count?: number
  readonly sum?: number
  bucket?(i: number): number
}

export abstract class DerivedRow {
  readonly labelValues: readonly string[]
  readonly startTime: number
  labelText: string | undefined = undefined
  /** Series that make it up now. */
  live = 0

  constructor(labelValues: readonly string[], startTime: number) {
    this.labelValues = labelValues
    this.startTime = startTime
  }

  /** Starts anew, from what freed series have left. */
  abstract reset(): void
  /** `places`: for each bucket of the series the one of the row that it falls into; beyond the last, above all bounds. */
  abstract add(series: Reading, places: readonly number[]): void
  /** Keeps for ever what a series has that is about to be freed: a total must not fall. */
  abstract retire(series: Reading, places: readonly number[]): void
}

export class DerivedScalar extends DerivedRow implements ScalarRow {
  value = 0
  #retired = 0
  readonly #take: 'value' | 'count' | 'sum'
  readonly #scale: number

  constructor(values: readonly string[], startTime: number, take: 'value' | 'count' | 'sum', scale: number) {
    super(values, startTime)
    this.#take = take
    this.#scale = scale
  }

  reset(): void {
    this.live = 0
    this.value = this.#retired
  }

  add(series: Reading): void {
    this.live++
    this.value += series[this.#take]! * this.#scale
  }

  retire(series: Reading): void {
    this.#retired += series[this.#take]! * this.#scale
  }
}

export class DerivedHistogram extends DerivedRow implements HistogramRow {
  count = 0
  sum = 0
  readonly exemplars: readonly (Exemplar | undefined)[] | undefined = undefined
  /** One for each bound. */
  readonly #cells: Float64Array
  readonly #retired: Float64Array
  #retiredCount = 0
  #retiredSum = 0

  constructor(values: readonly string[], startTime: number, bounds: number) {
    super(values, startTime)
    this.#cells = new Float64Array(bounds)
    this.#retired = new Float64Array(bounds)
  }

  bucket(i: number): number {
    return this.#cells[i]!
  }

  reset(): void {
    this.live = 0
    this.count = this.#retiredCount
    this.sum = this.#retiredSum
    this.#cells.set(this.#retired)
  }

  add(series: Reading, places: readonly number[]): void {
    this.live++
    this.count += series.count!
    this.sum += series.sum!
    addBuckets(this.#cells, series, places)
  }

  retire(series: Reading, places: readonly number[]): void {
    this.#retiredCount += series.count!
    this.#retiredSum += series.sum!
    addBuckets(this.#retired, series, places)
  }
}

function addBuckets(cells: Float64Array, series: Reading, places: readonly number[]): void {
  for (let i = 0; i < places.length; i++) {
    const place = places[i]!
    if (place < cells.length) cells[place]! += series.bucket!(i)
  }
}
