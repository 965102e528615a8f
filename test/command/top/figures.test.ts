/** The figures of the view: what was counted between two looks, and quantiles out of buckets. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { figuresOf } from '../../../src/command/top/figures.ts'
import type { Look, Series } from '../../../src/command/top/look.ts'
import { merged, quantile } from '../../../src/command/top/quantile.ts'
import { Span } from '../../../src/command/top/span.ts'

const START = '2026-11-21T00:00:00.000Z'
const LATER = '2026-11-21T01:00:00.000Z'

const series = (labels: Series['labels'], value: number, more: Partial<Series> = {}): Series => ({
  labels,
  start: START,
  value,
  buckets: [],
  ...more,
})

const call = (tool: string, outcome: string, counts: readonly number[], start = START): Series => ({
  labels: { upstream: 'a', 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': tool, outcome, 'error.type': '' },
  start,
  value: counts.reduce((sum, count) => sum + count, 0),
  buckets: [0.1, 1].map((bound, i) => [bound, counts[i] ?? 0] as const),
})

const lookAt = (at: number, families: Readonly<Record<string, readonly Series[]>>): Look => ({
  at,
  readiness: undefined,
  families: new Map(Object.entries({ 'sidelight.uptime': [series({}, 100)], ...families })),
})

describe('quantiles', () => {
  const histogram = { count: 100, buckets: [[1, 50] as const, [2, 40] as const, [4, 9] as const] }
  it('lie in the bucket that holds them, where they would if its recordings were spread evenly', () => {
    assert.deepEqual([quantile(0.25, histogram), quantile(0.5, histogram)], [0.5, 1])
    assert.deepEqual([quantile(0.7, histogram), quantile(0.99, histogram)], [1.5, 4])
  })
  it('are infinite above the last bound, and none where nothing was recorded', () => {
    assert.equal(quantile(0.995, histogram), Number.POSITIVE_INFINITY)
    assert.ok(Number.isNaN(quantile(0.5, { count: 0, buckets: [[1, 0]] })))
  })
  it('of several histograms are those of all recordings', () => {
    assert.deepEqual(merged([histogram, { count: 1, buckets: [[1, 1]] }]), {
      count: 101,
      buckets: [
        [1, 51],
        [2, 40],
        [4, 9],
      ],
    })
  })
})

describe('figures', () => {
  const calls = (now: Look, before?: Look) => figuresOf(now, new Span(now, before)).calls

  it('without an earlier look are about all that the gateway ran', () => {
    const now = lookAt(0, { 'mcp.server.operation.duration': [call('echo', 'ok', [30, 10])] })
    const { counted, calls: rows } = figuresOf(now, new Span(now, undefined))
    assert.equal(counted, 'all')
    assert.deepEqual([rows[0]?.count, rows[0]?.rate], [40, 0.4])
  })

  it('with an earlier look are about what came since, the most frequent first', () => {
    const name = 'mcp.server.operation.duration'
    const before = lookAt(0, { [name]: [call('rare', 'ok', [100, 0]), call('busy', 'ok', [10, 0])] })
    const now = lookAt(10_000, {
      [name]: [call('rare', 'ok', [101, 0]), call('busy', 'ok', [10, 20]), call('busy', 'timeout', [0, 5])],
    })
    const rows = calls(now, before)
    assert.deepEqual(
      rows.map(({ target, count, rate, errors, failure }) => [target, count, rate, errors, failure]),
      [
        ['busy', 25, 2.5, 5, 'timeout'],
        ['rare', 1, 0.1, 0, undefined],
      ],
    )
    assert.ok((rows[0]?.p50 ?? 0) > 0.1, 'the fast calls of before do not count')
  })

  it('of a series that began anew, as after a restart, are whole', () => {
    const name = 'mcp.server.operation.duration'
    const before = lookAt(0, { [name]: [call('echo', 'ok', [1000, 0])] })
    const now = lookAt(10_000, { [name]: [call('echo', 'ok', [20, 0], LATER)] })
    assert.deepEqual(
      calls(now, before).map(({ count, rate }) => [count, rate]),
      [[20, 2]],
    )
  })

  it('do not count a downstream that left as a failure, and name the method of what is no tool', () => {
    const labels = {
      upstream: 'a',
      'mcp.method.name': 'tools/list',
      'gen_ai.tool.name': '',
      outcome: 'downstream_closed',
    }
    const now = lookAt(0, { 'mcp.server.operation.duration': [series(labels, 3, { buckets: [[1, 3]] })] })
    assert.deepEqual(
      calls(now).map(({ target, errors }) => [target, errors]),
      [['tools/list', 0]],
    )
  })
})
