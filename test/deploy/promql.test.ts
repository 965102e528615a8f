/** What is read from PromQL. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usesOf } from './promql.ts'

test('metrics, matchers and groupings are found, operators and functions are none', () => {
  assert.deepEqual(
    usesOf(`
      histogram_quantile(0.95, sum by (upstream, le) (rate(a_bucket{le=~"2|2.0", x!="\\"y", }[5m] offset 10m)))  # b{c="d"}
      / on (job) group_left (version) avg without (pod) (e) > bool 1e3 or sum(f:g_total) by (h) and i
    `),
    {
      selectors: [
        {
          metric: 'a_bucket',
          matchers: [
            { label: 'le', operator: '=~', value: '2|2.0' },
            { label: 'x', operator: '!=', value: '\\"y' },
          ],
        },
        { metric: 'e', matchers: [] },
        { metric: 'f:g_total', matchers: [] },
        { metric: 'i', matchers: [] },
      ],
      grouping: ['upstream', 'le', 'job', 'version', 'pod', 'h'],
    },
  )
})

test('what cannot be read is refused', () => {
  assert.throws(() => usesOf('{job="a"}'), /without a name/)
  assert.throws(() => usesOf('a ~ b'), /unreadable/)
  assert.throws(() => usesOf('a{b="c" d="e"}'), /odd matchers/)
})
