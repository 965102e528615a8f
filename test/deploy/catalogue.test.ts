/** Every metric, label, bucket and outcome that rules and their tests name exists in the catalogue. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { checkExpression, checkSelector, labelsOf } from './catalogue.ts'
import { usesOf } from './promql.ts'
import { ROOT, rules, unitTests } from './rules.ts'

const all = rules()

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
