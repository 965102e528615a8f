/** The metrics page as JSON, under OpenTelemetry names: a list of families, each with its series. */
import type { Page } from './exposition.ts'
import type { Family, FamilyDef, HistogramRow, Row, ScalarRow } from './family.ts'

export class JsonPage implements Page {
  #between = ''
  #betweenRows = ''
  /** `"label":` of each label, with the comma before it. */
  #keys: readonly string[] = []
  /** Most rows begin with the process. */
  #startTime = Number.NaN
  #start = ''

  begin(): string {
    return '['
  }

  family({ def }: Family): string {
    const { name, kind, unit, help } = def
    const open = `${this.#between}${JSON.stringify({ name, kind, unit, help }).slice(0, -1)},"series":[`
    this.#between = '\n,'
    this.#keys = def.labels.map((label, i) => `${i === 0 ? '' : ','}${JSON.stringify(label)}:`)
    this.#betweenRows = ''
    return open
  }

  row({ def }: Family, row: Row): string {
    let labels = ''
    for (let i = 0; i < this.#keys.length; i++) labels += this.#keys[i]! + JSON.stringify(row.labelValues[i]!)
    if (row.startTime !== this.#startTime) {
      this.#startTime = row.startTime
      this.#start = new Date(row.startTime).toISOString()
    }
    const text = `${this.#betweenRows}{"labels":{${labels}},"start":"${this.#start}",${reading(def, row)}}`
    this.#betweenRows = ','
    return text
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
function reading(def: FamilyDef, row: Row): string {
  if (def.kind !== 'histogram') return `"value":${JSON.stringify((row as ScalarRow).value)}`
  const { count, sum, exemplars } = row as HistogramRow
  let buckets = ''
  for (let i = 0; i < def.buckets.length; i++)
    buckets += `${i === 0 ? '' : ','}[${def.buckets[i]},${(row as HistogramRow).bucket(i)}]`
  const kept = exemplars === undefined ? '' : `,"exemplars":${JSON.stringify(exemplars)}`
  return `"count":${count},"sum":${JSON.stringify(sum)},"buckets":[${buckets}]${kept}`
}
