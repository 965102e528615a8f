/** The metrics page as Prometheus text 0.0.4 or OpenMetrics 1.0. */
import type { Exemplar } from './bound-series.ts'
import type { Page } from './exposition.ts'
import type { Family, HistogramRow, Row, ScalarRow } from './family.ts'
import { familyName, prometheusLabel } from './prometheus-names.ts'

export class TextPage implements Page {
  readonly #openMetrics: boolean
  /** The name of the family's samples. */
  #name = ''
  #isHistogram = false
  #labelNames: readonly string[] = []
  /** ` le="…"} ` of each bucket, the one without bound last. */
  #bounds: readonly string[] = []

  constructor(openMetrics: boolean) {
    this.#openMetrics = openMetrics
  }

  begin(): string {
    return ''
  }

  family({ def }: Family): string {
    const { family, sample, type, unit } = familyName(def)
    this.#name = sample
    this.#labelNames = def.labels.map(prometheusLabel)
    this.#isHistogram = def.kind === 'histogram'
    this.#bounds = def.kind === 'histogram' ? [...def.buckets, Infinity].map((bound) => this.#bound(bound)) : []
    if (this.#openMetrics) {
      // There a counter's samples add _total to the family's name; what is named otherwise cannot be told to be one.
      const told = type === 'counter' && sample === family ? 'unknown' : type
      const unitLine = unit === '' ? '' : `# UNIT ${family} ${unit}\n`
      return `# TYPE ${family} ${told}\n${unitLine}# HELP ${family} ${escapeLabel(def.help)}\n`
    }
    return `# HELP ${sample} ${escapeHelp(def.help)}\n# TYPE ${sample} ${type === 'info' ? 'gauge' : type}\n`
  }

  row(_family: Family, row: Row): string {
    row.labelText ??= labelText(this.#labelNames, row.labelValues)
    const labels = row.labelText
    const name = this.#name
    if (this.#isHistogram) return this.#histogram(name, labels, row as HistogramRow)
    const { value } = row as ScalarRow
    return labels === '' ? `${name} ${number(value)}\n` : `${name}{${labels}} ${number(value)}\n`
  }

  endFamily(): string {
    return ''
  }

  end(): string {
    return this.#openMetrics ? '# EOF\n' : ''
  }

  #histogram(name: string, labels: string, row: HistogramRow): string {
    const bucket = labels === '' ? `${name}_bucket{` : `${name}_bucket{${labels},`
    const braced = labels === '' ? ' ' : `{${labels}} `
    const bounds = this.#bounds
    const last = bounds.length - 1
    const exemplars = this.#openMetrics ? row.exemplars : undefined
    const { count } = row
    let text = ''
    let below = 0
    for (let i = 0; i <= last; i++) {
      if (i < last) below += row.bucket(i)
      const exemplar = exemplars?.[i]
      const tail = exemplar === undefined ? '\n' : exemplarText(exemplar)
      text += `${bucket}${bounds[i]!}${i < last ? below : count}${tail}`
    }
    return `${text}${name}_sum${braced}${number(row.sum)}\n${name}_count${braced}${count}\n`
  }

  /** OpenMetrics wants floats to look like floats, and the same bound must read the same in every scrape. */
  #bound(bound: number): string {
    const text = number(bound)
    return `le="${this.#openMetrics && /^\d+$/.test(text) ? `${text}.0` : text}"} `
  }
}

const labelText = (names: readonly string[], values: readonly string[]): string =>
  names.map((name, i) => `${name}="${escapeLabel(values[i]!)}"`).join(',')

/** Ids are hexadecimal, so that nothing needs escaping and the labels stay within the 128 characters allowed. */
const exemplarText = ({ traceId, spanId, value, time }: Exemplar): string =>
  ` # {trace_id="${traceId}",span_id="${spanId}"} ${number(value)} ${(time / 1000).toFixed(3)}\n`

function number(value: number): string {
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  return String(value)
}

const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"')

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
