/** Turns what the OpenTelemetry SDK collected into families for our own pages, under our own rules of naming. Loaded only with the SDK. */
import type { Attributes, AttributeValue } from '@opentelemetry/api'
import {
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics'
import type { Family, FamilyDef, HistogramRow, Row, ScalarRow } from '../family.ts'
import { familyName, prometheusLabel } from '../prometheus-names.ts'

type Scope = ScopeMetrics['scope']

/** A point with the attributes that say where it came from. */
interface Sample {
  readonly point: DataPoint<number | Histogram>
  readonly labels: ReadonlyMap<string, string>
}

interface Draft {
  readonly def: FamilyDef
  readonly samples: Sample[]
}

const SCOPE_NAME = 'otel.scope.name'
const SCOPE_VERSION = 'otel.scope.version'

/** Names that a label of Prometheus must not have, or that mean something else there. */
const RESERVED = /^(le|quantile|otel_scope_name|otel_scope_version|__.*)?$/

/** @param refuse told of each metric that cannot stand beside an earlier one of its name */
export function familiesOf(
  scopes: readonly ScopeMetrics[],
  refuse: (metric: string, scope: string, reason: string) => void,
): Family[] {
  const drafts = new Map<string, Draft>()
  for (const { scope, metrics } of scopes) {
    for (const data of metrics) {
      const def = definitionOf(data, scope)
      if (def === undefined) continue
      const { family, sample } = familyName(def)
      const draft = drafts.get(sample) ?? { def, samples: [] }
      if (!/^[a-zA-Z_:]/.test(family)) {
        refuse(def.name, scope.name, 'nothing is left of its name')
        continue
      }
      if (!fits(draft.def, def)) {
        refuse(def.name, scope.name, 'another metric of that name has another type, unit or buckets')
        continue
      }
      drafts.set(sample, draft)
      for (const point of data.dataPoints as DataPoint<number | Histogram>[]) {
        draft.samples.push({ point, labels: labelsOf(point.attributes, scope) })
      }
    }
  }
  return [...drafts.values()].map(familyOf)
}

function definitionOf({ descriptor, ...data }: MetricData, scope: Scope): FamilyDef | undefined {
  const { name, unit, description } = descriptor
  const common = { name, unit, help: description || `Recorded by ${scope.name}.`, labels: [], cap: 1 }
  if (data.dataPointType === DataPointType.SUM)
    return { ...common, kind: data.isMonotonic ? 'counter' : 'upDownCounter' }
  // A gauge that is called info would be written as what always is 1.
  if (data.dataPointType === DataPointType.GAUGE)
    return { ...common, kind: name.endsWith('.info') ? 'upDownCounter' : 'gauge' }
  if (data.dataPointType !== DataPointType.HISTOGRAM) return undefined
  const buckets = data.dataPoints[0]?.value.buckets.boundaries
  return buckets === undefined ? undefined : { ...common, kind: 'histogram', buckets }
}

function fits(one: FamilyDef, other: FamilyDef): boolean {
  if (one.kind !== other.kind || one.unit !== other.unit) return false
  return one.kind !== 'histogram' || String(one.buckets) === String((other as typeof one).buckets)
}

/** Values under names that no two of them share once Prometheus has its way with them; those that would are joined. */
function labelsOf(attributes: Attributes, { name, version }: Scope): Map<string, string> {
  const labels = new Map([[SCOPE_NAME, name]])
  if (version !== undefined && version !== '') labels.set(SCOPE_VERSION, version)
  const taken = new Map<string, string>()
  for (const key of Object.keys(attributes).sort()) {
    const plain = prometheusLabel(key)
    const shown = RESERVED.test(plain) ? `attribute_${plain.replace(/^_+/, '')}` : key
    const earlier = taken.get(prometheusLabel(shown))
    const text = textOf(attributes[key])
    if (earlier === undefined) taken.set(prometheusLabel(shown), shown)
    labels.set(earlier ?? shown, earlier === undefined ? text : `${labels.get(earlier)};${text}`)
  }
  return labels
}

const textOf = (value: AttributeValue | undefined): string =>
  typeof value === 'string' ? value : JSON.stringify(value ?? '')

function familyOf({ def, samples }: Draft): Family {
  const shown = new Map<string, string>()
  for (const { labels } of samples) {
    for (const label of labels.keys()) if (!shown.has(prometheusLabel(label))) shown.set(prometheusLabel(label), label)
  }
  const labels = [...shown.values()]
  const rows = new Map<string, Row>()
  for (const { point, labels: own } of samples) {
    const values = new Map([...own].map(([label, value]) => [prometheusLabel(label), value]))
    const labelValues = [...shown.keys()].map((label) => values.get(label) ?? '')
    const key = JSON.stringify(labelValues)
    // Values such as 1 and "1" read alike: a page must not have a row twice.
    if (!rows.has(key)) rows.set(key, rowOf(point, labelValues))
  }
  return { def: { ...def, labels }, series: new Set(rows.values()) }
}

function rowOf({ value, startTime }: DataPoint<number | Histogram>, labelValues: readonly string[]): Row {
  const common = { labelValues, startTime: startTime[0] * 1000 + startTime[1] / 1e6, labelText: undefined }
  if (typeof value === 'number') return { ...common, value } satisfies ScalarRow
  const { count, sum = Number.NaN, buckets } = value
  return { ...common, count, sum, bucket: (i) => buckets.counts[i] ?? 0, exemplars: undefined } satisfies HistogramRow
}
