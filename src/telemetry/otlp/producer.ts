/** Gives the series store to the metric readers of the OpenTelemetry SDK, as cumulative data. Loaded only with the SDK. */
import { setImmediate } from 'node:timers/promises'
import { type HrTime, ValueType } from '@opentelemetry/api'
import { emptyResource } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  type CollectionResult,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics'
import { HistogramSeries, type Series } from '../bound-series.ts'
import type { InstrumentDef } from '../definition.ts'
import type { AnyInstrument, SeriesStore } from '../series.ts'

/** Milliseconds after which the event loop turns, as for a scrape. */
const SLICE = 1

/** Series between two looks at the clock. */
const STRIDE = 32

type SeriesOf = AnyInstrument['series'] extends ReadonlySet<infer S> ? S : never

export class SeriesProducer implements MetricProducer {
  readonly #store: SeriesStore
  readonly #version: string
  readonly #now: () => number
  /** How often it was collected: what is sent in parts knows by it which parts belong together. */
  collections = 0

  /** `now` is in milliseconds since the epoch, like the store's. */
  constructor(store: SeriesStore, version: string, now: () => number = Date.now) {
    this.#store = store
    this.#version = version
    this.#now = now
  }

  /** Values are read as they are when their series' turn comes: each is consistent in itself. */
  async collect(): Promise<CollectionResult> {
    this.collections++
    const metrics: MetricData[] = []
    let began = performance.now()
    let endTime = hrTime(this.#now())
    let taken = 0
    for (const instrument of this.#store.collect()) {
      if (instrument.series.size === 0) continue
      const points: DataPoint<number | Histogram>[] = []
      for (const series of instrument.series) {
        points.push(pointOf(instrument.def, series, endTime))
        if (++taken % STRIDE !== 0 || performance.now() - began < SLICE) continue
        await setImmediate()
        began = performance.now()
        // A series that came during the pause must not begin after it ends.
        endTime = hrTime(this.#now())
      }
      metrics.push(dataOf(instrument.def, points))
    }
    const scope = { name: 'sidelight', version: this.#version }
    return { resourceMetrics: { resource: emptyResource(), scopeMetrics: [{ scope, metrics }] }, errors: [] }
  }
}

function pointOf(def: InstrumentDef, series: SeriesOf, endTime: HrTime): DataPoint<number | Histogram> {
  return { startTime: hrTime(series.startTime), endTime, attributes: attributesOf(def, series), value: reading(series) }
}

function reading(series: SeriesOf): number | Histogram {
  if (!(series instanceof HistogramSeries)) return series.value
  const { bounds, count, sum } = series
  const counts: number[] = []
  let rest = count
  for (let i = 0; i < bounds.length; i++) {
    const inBucket = series.bucket(i)
    rest -= inBucket
    counts.push(inBucket)
  }
  counts.push(rest)
  return { buckets: { boundaries: bounds as number[], counts }, count, sum }
}

/** An empty label says that the attribute is not there, as it does to Prometheus. */
function attributesOf({ labels }: InstrumentDef, { labelValues }: Series): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (let i = 0; i < labels.length; i++) {
    const value = labelValues[i]!
    if (value !== '') attributes[labels[i]!] = value
  }
  return attributes
}

function dataOf({ kind, name, help, unit }: InstrumentDef, points: DataPoint<number | Histogram>[]): MetricData {
  const common = {
    descriptor: { name, description: help, unit, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  }
  if (kind === 'histogram') {
    return { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints: points as DataPoint<Histogram>[] }
  }
  const dataPoints = points as DataPoint<number>[]
  if (kind === 'gauge') return { ...common, dataPointType: DataPointType.GAUGE, dataPoints }
  return { ...common, dataPointType: DataPointType.SUM, isMonotonic: kind === 'counter', dataPoints }
}

const hrTime = (ms: number): HrTime => [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)]
