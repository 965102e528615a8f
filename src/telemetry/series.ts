/** The series store: every instrument's series as rows of one fixed array of numbers, written by one thread. */
import { CounterSeries, GaugeSeries, HistogramSeries, histogramWidth, SCRATCH_CELLS } from './bound-series.ts'
import type { CounterDef, GaugeDef, HistogramDef, InstrumentDef } from './definition.ts'
import { Instrument, type Region } from './instrument.ts'

export class Counter extends Instrument<CounterSeries, CounterDef> {
  protected override create(cells: Float64Array, index: number, values: readonly string[], startTime: number) {
    return new CounterSeries(cells, index, values, startTime)
  }
}

/** Gauges and up-down counters: `set` what is, or `add` what changed. */
export class Gauge extends Instrument<GaugeSeries, GaugeDef> {
  protected override create(cells: Float64Array, index: number, values: readonly string[], startTime: number) {
    return new GaugeSeries(cells, index, values, startTime)
  }
}

export class Histogram extends Instrument<HistogramSeries, HistogramDef> {
  protected override create(cells: Float64Array, index: number, values: readonly string[], startTime: number) {
    return new HistogramSeries(cells, index, values, startTime, this.def.buckets)
  }
}

export type AnyInstrument = Counter | Gauge | Histogram

export class SeriesStore {
  readonly #cells: Float64Array
  readonly #now: () => number
  readonly #instruments = new Map<string, AnyInstrument>()
  readonly #observers = new Set<() => void>()
  #used = SCRATCH_CELLS

  /**
   * The array never grows: an instrument reserves all it may ever need when it is created. Untouched pages cost no
   * memory, so the default is generous (10,000 series of 18 buckets fit into 2 MiB). `now` is in milliseconds.
   */
  constructor(cells = 262_144, now: () => number = Date.now) {
    this.#cells = new Float64Array(new SharedArrayBuffer(cells * Float64Array.BYTES_PER_ELEMENT))
    this.#now = now
  }

  counter(def: CounterDef): Counter {
    return this.#add(new Counter(def, this.#reserve(def, 1)))
  }

  gauge(def: GaugeDef): Gauge {
    return this.#add(new Gauge(def, this.#reserve(def, 1)))
  }

  histogram(def: HistogramDef): Histogram {
    if (!def.buckets.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > def.buckets[i - 1]!))) {
      throw new RangeError(`${def.name}: buckets must be finite and rise`)
    }
    return this.#add(new Histogram(def, this.#reserve(def, histogramWidth(def.buckets))))
  }

  /** Registers a callback that brings observed series up to date before each collection; returns its removal. */
  observe(read: () => void): () => void {
    this.#observers.add(read)
    return () => this.#observers.delete(read)
  }

  /** Every instrument in the order of creation, without running the observers. */
  get instruments(): Iterable<AnyInstrument> {
    return this.#instruments.values()
  }

  /** Runs the observers once, then gives every instrument in the order of creation. */
  collect(): Iterable<AnyInstrument> {
    for (const read of this.#observers) read()
    return this.#instruments.values()
  }

  #reserve(def: InstrumentDef, width: number): Region {
    if (this.#instruments.has(def.name)) throw new RangeError(`${def.name} exists already`)
    const least = def.labels.length === 0 ? 1 : 2
    if (def.cap < least) throw new RangeError(`${def.name}: cap must be at least ${least}`)
    if (width > SCRATCH_CELLS) throw new RangeError(`${def.name}: more than ${SCRATCH_CELLS} cells a series`)
    const start = this.#used
    if (start + def.cap * width > this.#cells.length) throw new RangeError(`${def.name}: the store is full`)
    this.#used += def.cap * width
    return { cells: this.#cells, start, width, now: this.#now }
  }

  #add<I extends AnyInstrument>(instrument: I): I {
    this.#instruments.set(instrument.def.name, instrument)
    // A series without labels exists from the start: a rate needs the zero before the first event.
    if (instrument.def.labels.length === 0) instrument.bind([])
    return instrument
  }
}
