/** What the catalogue and the rules let an expression ask: metrics, their labels, buckets and outcomes. */
import assert from 'node:assert/strict'
import { OUTCOMES } from '../../src/exchange/outcome.ts'
import type { InstrumentDef } from '../../src/telemetry/definition.ts'
import { Instruments } from '../../src/telemetry/instruments.ts'
import { prometheusLabel, prometheusName } from '../../src/telemetry/prometheus-names.ts'
import { SeriesStore } from '../../src/telemetry/series.ts'
import { type Matcher, type Selector, usesOf } from './promql.ts'
import { type Rule, rules } from './rules.ts'

/** What Prometheus adds to a target's series, or service discovery does. */
const TARGET_LABELS = ['job', 'instance', 'namespace', 'pod']

interface Sample {
  readonly def?: InstrumentDef
  readonly labels: ReadonlySet<string>
}

/** What alerts may have: all that their rules group by. */
const ALERT_LABELS = ['alertname', 'alertstate', 'severity', 'upstream', 'objective', ...TARGET_LABELS]

const samples = new Map<string, Sample>([
  ['up', { labels: new Set(TARGET_LABELS) }],
  ['scrape_duration_seconds', { labels: new Set(TARGET_LABELS) }],
  ['ALERTS', { labels: new Set(ALERT_LABELS) }],
])
const store = new SeriesStore()
new Instruments(store)

export const catalogue: Iterable<{ readonly def: InstrumentDef }> = store.instruments

for (const { def } of store.instruments) {
  const { sample } = prometheusName(def)
  const labels = new Set([...TARGET_LABELS, ...def.labels.map(prometheusLabel)])
  if (def.kind !== 'histogram') samples.set(sample, { def, labels })
  else {
    samples.set(`${sample}_bucket`, { def, labels: new Set([...labels, 'le']) })
    for (const suffix of ['sum', 'count']) samples.set(`${sample}_${suffix}`, { def, labels })
  }
}

const recorded = new Map<string, Rule>(
  rules().flatMap((rule) => (rule.record === undefined ? [] : [[rule.record, rule]])),
)

/** Those of the metric, or those that a recorded one can have by its own rule. */
export function labelsOf(metric: string): ReadonlySet<string> {
  const sample = samples.get(metric)
  if (sample !== undefined) return sample.labels
  const rule = recorded.get(metric) ?? assert.fail(`${metric} is neither in the catalogue nor recorded`)
  const { selectors, grouping } = usesOf(rule.expr)
  const given = Object.keys(rule.labels ?? {})
  // Grouped, the groups remain; otherwise whatever the operands have.
  const kept = /\bby \(/.test(rule.expr) ? grouping : selectors.flatMap((each) => [...labelsOf(each.metric)])
  return new Set([...given, ...kept])
}

export function checkSelector({ metric, matchers }: Selector): void {
  const labels = labelsOf(metric)
  for (const matcher of matchers) {
    assert.ok(labels.has(matcher.label), `${metric} has no label ${matcher.label}`)
    checkValues(metric, matcher)
  }
}

function checkValues(metric: string, { label, value }: Matcher): void {
  const values = value.split('|')
  const { def } = samples.get(metric) ?? {}
  if (label === 'outcome')
    for (const each of values)
      assert.ok(
        OUTCOMES.some((known) => known === each),
        `no ${each}`,
      )
  if (label !== 'le' || def?.kind !== 'histogram') return
  // 2 in one form of the page is 2.0 in the other: both or neither.
  assert.ok(
    values.every((each) => def.buckets.includes(Number(each))),
    `${metric} has no bucket ${value}`,
  )
}

/** Throws at what does not exist. */
export function checkExpression(expr: string): void {
  const { selectors, grouping } = usesOf(expr)
  assert.ok(selectors.length > 0 || expr.startsWith('vector('), 'no metric at all')
  for (const selector of selectors) checkSelector(selector)
  const known = new Set(selectors.flatMap(({ metric }) => [...labelsOf(metric)]))
  for (const label of grouping) assert.ok(known.has(label), `grouped by ${label}, which no metric here has`)
}
