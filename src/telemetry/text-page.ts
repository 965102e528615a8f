/** The metrics page as Prometheus text 0.0.4 or OpenMetrics 1.0. */
import { HistogramSeries } from './bound-series.ts'
import type { Page, SeriesOf } from './exposition.ts'
import { type PrometheusName, prometheusLabel, prometheusName } from './prometheus-names.ts'
import type { AnyInstrument } from './series.ts'

export class TextPage implements Page {
  readonly #openMetrics: boolean
  #name: PrometheusName = { family: '', sample: '', type: 'gauge', unit: '' }
  #labelNames: readonly string[] = []
  /** ` le="…"} ` of each bucket, the one without bound last. */
  #bounds: readonly string[] = []

  constructor(openMetrics: boolean) {
    this.#openMetrics = openMetrics
  }

  begin(): string {
    return ''
  }

  family({ def }: AnyInstrument): string {
    const name = prometheusName(def)
    this.#name = name
    this.#labelNames = def.labels.map(prometheusLabel)
    this.#bounds = def.kind === 'histogram' ? [...def.buckets, Infinity].map((bound) => this.#bound(bound)) : []
    if (this.#openMetrics) {
      const unit = name.unit === '' ? '' : `# UNIT ${name.family} ${name.unit}\n`
      return `# TYPE ${name.family} ${name.type}\n${unit}# HELP ${name.family} ${escapeLabel(def.help)}\n`
    }
    const type = name.type === 'info' ? 'gauge' : name.type
    return `# HELP ${name.sample} ${escapeHelp(def.help)}\n# TYPE ${name.sample} ${type}\n`
  }

  series(_instrument: AnyInstrument, series: SeriesOf): string {
    series.labelText ??= labelText(this.#labelNames, series.labelValues)
    const labels = series.labelText
    const name = this.#name.sample
    if (series instanceof HistogramSeries) return this.#histogram(name, labels, series)
    return labels === '' ? `${name} ${number(series.value)}\n` : `${name}{${labels}} ${number(series.value)}\n`
  }

  endFamily(): string {
    return ''
  }

  end(): string {
    return this.#openMetrics ? '# EOF\n' : ''
  }

  #histogram(name: string, labels: string, series: HistogramSeries): string {
    const bucket = labels === '' ? `${name}_bucket{` : `${name}_bucket{${labels},`
    const braced = labels === '' ? ' ' : `{${labels}} `
    const bounds = this.#bounds
    const last = series.bounds.length
    const count = series.count
    let text = ''
    let below = 0
    for (let i = 0; i < last; i++) {
      below += series.bucket(i)
      text += `${bucket}${bounds[i]!}${below}\n`
    }
    text += `${bucket}${bounds[last]!}${count}\n`
    return `${text}${name}_sum${braced}${number(series.sum)}\n${name}_count${braced}${count}\n`
  }

  /** OpenMetrics wants floats to look like floats, and the same bound must read the same in every scrape. */
  #bound(bound: number): string {
    const text = number(bound)
    return `le="${this.#openMetrics && /^\d+$/.test(text) ? `${text}.0` : text}"} `
  }
}

const labelText = (names: readonly string[], values: readonly string[]): string =>
  names.map((name, i) => `${name}="${escapeLabel(values[i]!)}"`).join(',')

function number(value: number): string {
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  return String(value)
}

const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"')

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
