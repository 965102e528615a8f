/** Dashboards ask only for what the catalogue has, and are whole: descriptions, units, places, variables and links. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { SOURCE } from '../../deploy/grafana/source/panels.ts'
import { FAILED } from '../../deploy/grafana/source/promql.ts'
import { prometheusName } from '../../src/telemetry/prometheus-names.ts'
import { catalogue, checkExpression, labelsOf } from './catalogue.ts'
import { type DashboardFile, dashboardFiles, everything, filledIn, labelValues, type Panel } from './dashboards.ts'
import { usesOf } from './promql.ts'
import { ROOT, rules } from './rules.ts'

const all = dashboardFiles()
const INTERVALS = { __rate_interval: '1m', __range: '1h' }

const shown = ({ dashboard }: DashboardFile): readonly Panel[] => dashboard.panels.filter(({ type }) => type !== 'row')

/** Labels that the result of a query can have. */
function labelsAfter(expr: string): ReadonlySet<string> {
  const { selectors, grouping } = usesOf(expr)
  return new Set(/\bby \(/.test(expr) ? grouping : selectors.flatMap(({ metric }) => [...labelsOf(metric)]))
}

for (const each of all) {
  const { file, dashboard, text } = each
  const values = { ...everything(dashboard), ...INTERVALS }
  const panels = shown(each)

  describe(file, () => {
    for (const { title, targets = [], transformations = [] } of panels) {
      test(`${title} asks for what there is`, () => {
        assert.ok(targets.length > 0)
        for (const { expr, legendFormat = '' } of targets) {
          const query = filledIn(expr, values)
          checkExpression(query)
          const known = labelsAfter(query)
          for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
            assert.ok(known.has(label as string), `its legend names ${label}, which ${query} has not`)
          const columns = transformations.flatMap(({ options }) => Object.keys(options.renameByName ?? {}))
          for (const label of columns.filter((name) => !name.startsWith('Value')))
            assert.ok(known.has(label), `it has a column ${label}, which ${query} has not`)
        }
      })
    }

    test('has variables and marks that ask for what there is, each before it is used', () => {
      const before: Record<string, string> = {}
      for (const { name, type, definition = '', allValue } of dashboard.templating.list) {
        if (type === 'datasource') continue
        const { selector, label } = labelValues(definition)
        const query = filledIn(selector, before)
        checkExpression(query)
        assert.ok(labelsAfter(query).has(label), `${selector} has no label ${label}`)
        before[name] = allValue ?? assert.fail(`${name} has no value for all`)
      }
      for (const { expr } of dashboard.annotations.list) checkExpression(filledIn(expr, values))
    })

    test('uses every variable, and its data source alone', () => {
      for (const { name } of dashboard.templating.list)
        assert.ok(
          panels.some((panel) => new RegExp(`\\$\\{?${name}\\b`).test(JSON.stringify(panel))),
          name,
        )
      const sources = [...text.matchAll(/"uid": "([^"]*)"/g)].map(([, uid]) => uid)
      assert.deepEqual([...new Set(sources)].sort(), [SOURCE.uid, dashboard.uid].sort())
    })

    test('describes every panel, and gives it a unit and a place of its own', () => {
      assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length)
      for (const { title, description = '', type, fieldConfig } of panels) {
        assert.match(description, /^.{15,}[.!?)]$/s, title)
        assert.ok(type === 'table' || fieldConfig?.defaults.unit, title)
      }
      const cells = new Set<string>()
      for (const { title, gridPos } of dashboard.panels) {
        const { x, y, w, h } = gridPos
        assert.ok(w > 0 && h > 0 && x + w <= 24, title)
        for (let cell = 0; cell < w * h; cell++) {
          const place = `${x + (cell % w)}/${y + Math.floor(cell / w)}`
          assert.ok(!cells.has(place), `${title} lies over another`)
          cells.add(place)
        }
      }
    })

    test('links to dashboards that there are', () => {
      assert.deepEqual(dashboard.tags, ['sidelight'])
      for (const [, uid] of text.matchAll(/\/d\/([\w-]+)/g))
        assert.ok(
          all.some(({ dashboard: other }) => other.uid === uid),
          uid,
        )
      for (const [, name] of text.matchAll(/[&?]var-(\w+)=/g))
        assert.ok(all.some(({ dashboard: other }) => other.templating.list.some((variable) => variable.name === name)))
    })
  })
}

test('dashboards are checked by a check that finds what is not there', () => {
  assert.throws(() => filledIn('up{a="$nothing"}', {}), /nothing to fill in for \$nothing/)
  assert.throws(() => checkExpression(filledIn('mcp_requests_total{tool="$tool"}', { tool: '.+' })), /no label tool/)
  assert.ok(!labelsAfter('sum by (upstream) (mcp_requests_total)').has('outcome'))
  assert.throws(() => labelValues('query_result(up)'), /not label_values/)
})

test('every instrument has a place on a dashboard', () => {
  const exprs = all.flatMap((each) => shown(each).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))).join()
  for (const { def } of catalogue) {
    const { sample } = prometheusName(def)
    assert.match(
      exprs,
      new RegExp(`\\b${sample}(_bucket|_sum|_count)?\\{`),
      `${sample} is on none: add it in deploy/grafana/source`,
    )
  }
})

test('dashboards and alerts call the same things failed', () => {
  const { expr = '' } = rules().find(({ record }) => record === 'sidelight:operations_failed:rate5m') ?? {}
  const bare = (text: string): string => text.replaceAll(/\s+/g, '')
  assert.ok(bare(expr).includes(`{${bare(FAILED)}}`))
})

test('exemplars lead to a data source of traces that is provisioned', () => {
  const { datasources } = parse(
    readFileSync(`${ROOT}deploy/grafana/provisioning/datasources/sidelight.yml`, 'utf8'),
  ) as { datasources: { uid: string; type: string; jsonData?: { exemplarTraceIdDestinations: object[] } }[] }
  const traces = datasources.find(({ type }) => type === 'jaeger')
  const metrics = datasources.find(({ type }) => type === 'prometheus')
  assert.deepEqual(metrics?.jsonData?.exemplarTraceIdDestinations, [{ name: 'trace_id', datasourceUid: traces?.uid }])
  assert.ok(all.some(({ text }) => text.includes('"exemplar": true')))
})
