/** Preloaded into the program (`node --import`): makes its recordings do nothing, or counts them until SIGUSR2. */
import type * as BoundSeries from '../../../src/telemetry/bound-series.ts'
import type * as Instruments from '../../../src/telemetry/instrument.ts'

export interface RecordingCounts {
  /** On counters and gauges. */
  readonly adds: number
  readonly records: number
  /** Look-ups of series by their labels. */
  readonly binds: number
}

const { BENCH_RECORDINGS, BENCH_TELEMETRY } = process.env

async function patch(folder: string, counted: boolean): Promise<void> {
  const series = (await import(`${folder}bound-series.js`)) as typeof BoundSeries
  const { Instrument } = (await import(`${folder}instrument.js`)) as typeof Instruments
  const { CounterSeries, GaugeSeries, HistogramSeries } = series
  if (!counted) {
    CounterSeries.prototype.add = () => {}
    GaugeSeries.prototype.add = () => {}
    GaugeSeries.prototype.set = () => {}
    HistogramSeries.prototype.record = () => {}
    return
  }
  const counts = { adds: 0, records: 0, binds: 0 }
  count(CounterSeries.prototype, 'add', () => counts.adds++)
  count(GaugeSeries.prototype, 'add', () => counts.adds++)
  count(GaugeSeries.prototype, 'set', () => counts.adds++)
  count(HistogramSeries.prototype, 'record', () => counts.records++)
  count(Instrument.prototype, 'bind', () => counts.binds++)
  process.on('SIGUSR2', () => process.stdout.write(`${JSON.stringify({ recordings: counts })}\n`))
}

function count(prototype: object, name: string, counted: () => void): void {
  const original = Reflect.get(prototype, name) as (...values: unknown[]) => unknown
  Reflect.set(prototype, name, function counting(this: unknown, ...values: unknown[]) {
    counted()
    return original.apply(this, values)
  })
}

if (BENCH_RECORDINGS !== undefined && BENCH_TELEMETRY !== undefined)
  await patch(BENCH_TELEMETRY, BENCH_RECORDINGS === 'count')
