/** The metrics page as JSON, under OpenTelemetry names: a list of families, each with its series. */
import type { Page } from './exposition.ts'
import type { Family, FamilyDef, HistogramRow, Row, ScalarRow } from './family.ts'

export class JsonPage implements Page {
  #between = ''
  #betweenRows = ''

  begin(): string {
    return '['
  }

  family({ def }: Family): string {
    const { name, kind, unit, help } = def
    const open = `${this.#between}${JSON.stringify({ name, kind, unit, help }).slice(0, -1)},"series":[`
    this.#between = '\n,'
    this.#betweenRows = ''
    return open
  }

  row({ def }: Family, row: Row): string {
    const labels = Object.fromEntries(def.labels.map((label, i) => [label, row.labelValues[i]!]))
    const start = new Date(row.startTime).toISOString()
    const text = JSON.stringify({ labels, start, ...reading(def, row) })
    const separator = this.#betweenRows
    this.#betweenRows = ','
    return separator + text
  }

  endFamily(): string {
    return ']}'
  }

  end(): string {
    return ']\n'
  }
}

/**
 * Buckets are pairs of upper bound and recordings in that bucket alone; what is above them is the count's remainder.
 * Exemplars stand in the order of the buckets, `null` where there is none, the one above the last bound at the end.
 */
function reading(def: FamilyDef, row: Row): object {
  if (def.kind !== 'histogram') return { value: (row as ScalarRow).value }
  const { count, sum, exemplars } = row as HistogramRow
  const buckets = def.buckets.map((bound, i) => [bound, (row as HistogramRow).bucket(i)])
  return exemplars === undefined ? { count, sum, buckets } : { count, sum, buckets, exemplars }
}
