/** The metrics page as JSON, under OpenTelemetry names: a list of families, each with its series. */
import { HistogramSeries } from './bound-series.ts'
import type { Page, SeriesOf } from './exposition.ts'
import type { AnyInstrument } from './series.ts'

export class JsonPage implements Page {
  #between = ''
  #betweenSeries = ''

  begin(): string {
    return '['
  }

  family({ def }: AnyInstrument): string {
    const { name, kind, unit, help } = def
    const open = `${this.#between}${JSON.stringify({ name, kind, unit, help }).slice(0, -1)},"series":[`
    this.#between = '\n,'
    this.#betweenSeries = ''
    return open
  }

  series({ def }: AnyInstrument, series: SeriesOf): string {
    const labels = Object.fromEntries(def.labels.map((label, i) => [label, series.labelValues[i]!]))
    const start = new Date(series.startTime).toISOString()
    const text = JSON.stringify({ labels, start, ...reading(series) })
    const separator = this.#betweenSeries
    this.#betweenSeries = ','
    return separator + text
  }

  endFamily(): string {
    return ']}'
  }

  end(): string {
    return ']\n'
  }
}

/** Buckets are pairs of upper bound and recordings in that bucket alone; what is above them is the count's remainder. */
function reading(series: SeriesOf): object {
  if (!(series instanceof HistogramSeries)) return { value: series.value }
  const buckets = series.bounds.map((bound, i) => [bound, series.bucket(i)])
  return { count: series.count, sum: series.sum, buckets }
}
