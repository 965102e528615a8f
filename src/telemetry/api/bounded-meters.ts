/** Bounds what users may record through `@opentelemetry/api`: the SDK bounds it per collection only, and keeps all for ever. */
import type {
  Attributes,
  BatchObservableCallback,
  Meter,
  MeterProvider,
  MetricAttributes,
  Observable,
  ObservableCallback,
} from '@opentelemetry/api'

/** What has no series of its own is counted in one, named as the SDK itself would. */
const OVERFLOW: Attributes = { 'otel.metric.overflow': true }

export interface MeterBounds {
  /** Series of all instruments together, those for overflow included. */
  readonly series: number
  readonly instruments: number
  /** Called when an instrument gets no series of its own any more, or is not made at all; once for each. */
  readonly onOverflow: (instrument: string) => void
  /** Makes the instruments that record nothing. */
  readonly noop: Meter
}

type Recording = { add?: Record; record?: Record }
type Record = (value: number, attributes?: MetricAttributes, ...rest: never[]) => void

/** The methods of a meter that make an instrument. */
const MAKERS = [
  'createCounter',
  'createGauge',
  'createHistogram',
  'createObservableCounter',
  'createObservableGauge',
  'createObservableUpDownCounter',
  'createUpDownCounter',
] as const

type Make = (name: string, options?: { readonly unit?: string }) => object

export function boundedMeters(provider: MeterProvider, bounds: MeterBounds): MeterProvider {
  const meters = new Set<Meter>()
  const admissions = new WeakMap<object, Admission>()
  let instruments = 0
  let left = bounds.series - bounds.instruments
  const take = (): boolean => left > 0 && left-- > 0
  const overflow = once(bounds.onOverflow)

  const bind = (meter: Meter): Meter => {
    if (meters.has(meter)) return meter
    if (meters.size >= bounds.instruments) return bounds.noop
    meters.add(meter)
    // An instrument that is made again records into the same series.
    const known = new Map<string, Admission>()
    for (const maker of MAKERS) {
      const make = (meter[maker] as Make).bind(meter)
      const none = (bounds.noop[maker] as Make).bind(bounds.noop)
      const bounded: Make = (name, options) => {
        const key = JSON.stringify([maker, name, options?.unit])
        let admission = known.get(key)
        if (admission === undefined) {
          if (instruments >= bounds.instruments) {
            overflow(name)
            return none(name, options)
          }
          instruments++
          admission = new Admission(
            take,
            once(() => bounds.onOverflow(name)),
          )
          known.set(key, admission)
        }
        const instrument = make(name, options)
        admissions.set(instrument, admission)
        boundRecording(instrument as Recording, admission)
        boundCallbacks(instrument as Observable, admission)
        return instrument
      }
      Object.assign(meter, { [maker]: bounded })
    }
    boundBatches(meter, (instrument) => admissions.get(instrument))
    return meter
  }
  return { getMeter: (name, version, options) => bind(provider.getMeter(name, version, options)) }
}

function once<A extends unknown[]>(call: (...args: A) => void): (...args: A) => void {
  let called = false
  return (...args) => {
    if (!called) call(...args)
    called = true
  }
}

/** Which sets of attributes of one instrument have a series. */
class Admission {
  readonly #take: () => boolean
  readonly #overflow: () => void
  readonly #admitted = new Set<string>()

  constructor(take: () => boolean, overflow: () => void) {
    this.#take = take
    this.#overflow = overflow
  }

  admit(attributes: Attributes = {}): Attributes {
    const key = JSON.stringify(Object.entries(attributes).sort(byKey))
    if (this.#admitted.has(key)) return attributes
    if (!this.#take()) {
      this.#overflow()
      return OVERFLOW
    }
    this.#admitted.add(key)
    return attributes
  }
}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1)

function boundRecording(instrument: Recording, admission: Admission): void {
  for (const method of ['add', 'record'] as const) {
    const record = instrument[method]?.bind(instrument)
    if (record === undefined) continue
    instrument[method] = (value, attributes, ...rest) => record(value, admission.admit(attributes), ...rest)
  }
}

function boundCallbacks(instrument: Observable, admission: Admission): void {
  if (typeof instrument.addCallback !== 'function') return
  const add = instrument.addCallback.bind(instrument)
  const remove = instrument.removeCallback.bind(instrument)
  const bounded = new Map<ObservableCallback, ObservableCallback>()
  instrument.addCallback = (callback) => {
    const inner: ObservableCallback = (result) =>
      callback({ observe: (value, attributes) => result.observe(value, admission.admit(attributes)) })
    const known = bounded.get(callback) ?? inner
    bounded.set(callback, known)
    add(known)
  }
  instrument.removeCallback = (callback) => {
    remove(bounded.get(callback) ?? callback)
    bounded.delete(callback)
  }
}

function boundBatches(meter: Meter, admissionOf: (instrument: object) => Admission | undefined): void {
  const add = meter.addBatchObservableCallback.bind(meter)
  const remove = meter.removeBatchObservableCallback.bind(meter)
  const bounded = new Map<BatchObservableCallback, BatchObservableCallback>()
  meter.addBatchObservableCallback = (callback, observables) => {
    const inner: BatchObservableCallback = (result) =>
      callback({
        observe: (metric, value, attributes) => {
          const admission = admissionOf(metric)
          result.observe(metric, value, admission === undefined ? attributes : admission.admit(attributes))
        },
      })
    const known = bounded.get(callback) ?? inner
    bounded.set(callback, known)
    add(known, observables)
  }
  meter.removeBatchObservableCallback = (callback, observables) => {
    remove(bounded.get(callback) ?? callback, observables)
    bounded.delete(callback)
  }
}
