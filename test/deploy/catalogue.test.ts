/** Every metric, label, bucket and outcome that rules and their tests name exists in the catalogue. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { OUTCOMES } from '../../src/exchange/outcome.ts'
import type { InstrumentDef } from '../../src/telemetry/definition.ts'
import { Instruments } from '../../src/telemetry/instruments.ts'
import { prometheusLabel, prometheusName } from '../../src/telemetry/prometheus-names.ts'
import { SeriesStore } from '../../src/telemetry/series.ts'
import { type Matcher, type Selector, usesOf } from './promql.ts'
import { ROOT, type Rule, rules, unitTests } from './rules.ts'

/** What Prometheus adds to a target's series, or service discovery does. */
const TARGET_LABELS = ['job', 'instance', 'namespace', 'pod']

interface Sample {
  readonly def?: InstrumentDef
  readonly labels: ReadonlySet<string>
}

const samples = new Map<string, Sample>([['up', { labels: new Set(TARGET_LABELS) }]])
const store = new SeriesStore()
new Instruments(store)
for (const { def } of store.instruments) {
  const { sample } = prometheusName(def)
  const labels = new Set([...TARGET_LABELS, ...def.labels.map(prometheusLabel)])
  if (def.kind !== 'histogram') samples.set(sample, { def, labels })
  else {
    samples.set(`${sample}_bucket`, { def, labels: new Set([...labels, 'le']) })
    for (const suffix of ['sum', 'count']) samples.set(`${sample}_${suffix}`, { def, labels })
  }
}

const all = rules()
const recorded = new Map<string, Rule>(all.flatMap((rule) => (rule.record === undefined ? [] : [[rule.record, rule]])))

/** Those of the metric, or those that a recorded one can have by its own rule. */
function labelsOf(metric: string): ReadonlySet<string> {
  const sample = samples.get(metric)
  if (sample !== undefined) return sample.labels
  const rule = recorded.get(metric) ?? assert.fail(`${metric} is neither in the catalogue nor recorded`)
  const { selectors, grouping } = usesOf(rule.expr)
  const given = Object.keys(rule.labels ?? {})
  // Grouped, the groups remain; otherwise whatever the operands have.
  const kept = /\bby \(/.test(rule.expr) ? grouping : selectors.flatMap((each) => [...labelsOf(each.metric)])
  return new Set([...given, ...kept])
}

function checkSelector({ metric, matchers }: Selector): void {
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

function checkExpression(expr: string): void {
  const { selectors, grouping } = usesOf(expr)
  assert.ok(selectors.length > 0 || expr.startsWith('vector('), 'no metric at all')
  for (const selector of selectors) checkSelector(selector)
  const known = new Set(selectors.flatMap(({ metric }) => [...labelsOf(metric)]))
  for (const label of grouping) assert.ok(known.has(label), `grouped by ${label}, which no metric here has`)
}

describe('rules', () => {
  for (const rule of all) test(`${rule.file} ${rule.record ?? rule.alert}`, () => checkExpression(rule.expr))

  test('name whole histogram bounds in both forms of the page', () => {
    for (const { expr } of all) {
      for (const { matchers } of usesOf(expr).selectors) {
        for (const { label, operator, value } of matchers) {
          if (label !== 'le') continue
          assert.equal(operator, '=~')
          for (const each of value.split('|').filter((bound) => /^\d+$/.test(bound)))
            assert.ok(value.includes(`${each}.0`))
        }
      }
    }
  })

  test('are checked by a check that finds what is not there', () => {
    for (const wrong of [
      'rate(mcp_request_total[5m])',
      'mcp_upstream_up{tool="a"}',
      'sum by (tool) (mcp_upstream_up)',
      'mcp_requests_total{outcome="failed"}',
      'mcp_server_operation_duration_seconds_bucket{le="3"}',
      'mcp_requests_total_bucket',
      'sidelight:operations:rate5m{outcome="ok"}',
    ]) {
      assert.throws(() => checkExpression(wrong), Error, wrong)
    }
  })
})

describe('alerts', () => {
  const alerts = all.flatMap((rule) => (rule.alert === undefined ? [] : [{ ...rule, alert: rule.alert }]))
  const runbooks = readFileSync(`${ROOT}docs/runbooks.md`, 'utf8')

  for (const { alert, labels, annotations, expr } of alerts) {
    test(`${alert} has a severity, a text, a runbook, and tests for when it fires and when not`, () => {
      assert.match(labels?.severity ?? '', /^(critical|warning)$/)
      assert.ok(annotations?.summary && annotations.description)
      assert.equal(annotations.runbook, `docs/runbooks.md#${alert.toLowerCase()}`)
      assert.match(runbooks, new RegExp(`^## ${alert}$`, 'm'))
      for (const verb of ['fires', 'is silent']) {
        assert.ok(
          unitTests().some(({ name }) => name.startsWith(`${alert} ${verb} `)),
          `no test that it ${verb}`,
        )
      }
      const known = new Set(usesOf(expr).selectors.flatMap(({ metric }) => [...labelsOf(metric)]))
      for (const [, label] of Object.values(annotations)
        .join()
        .matchAll(/\$labels\.(\w+)/g)) {
        assert.ok(known.has(label as string), `its text names the label ${label}, which it has not`)
      }
    })
  }

  test('have no runbook too many', () => {
    const headings = [...runbooks.matchAll(/^## (Sidelight\w+)$/gm)].map(([, name]) => name)
    assert.deepEqual(headings.sort(), alerts.map(({ alert }) => alert).sort())
  })
})

test('unit tests feed only series that the gateway has', () => {
  for (const { name, input_series } of unitTests()) {
    for (const { series } of input_series) {
      assert.doesNotThrow(() => usesOf(series).selectors.forEach(checkSelector), `${name}: ${series}`)
    }
  }
})
