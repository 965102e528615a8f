/** The last slow operations: the latest first, and never more than there is room for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SlowCalls } from '../../src/telemetry/slow-calls.ts'

test('the latest come first, of all upstreams or of one', () => {
  const calls = new SlowCalls()
  for (let i = 0; i < 6; i++) calls.add({ upstream: i % 2 === 0 ? 'u' : 'v', duration_ms: i })
  const durations = (upstream?: string) => calls.list({ upstream, limit: 3 }).map(({ duration_ms }) => duration_ms)
  assert.deepEqual(durations(), [5, 4, 3])
  assert.deepEqual(durations('u'), [4, 2, 0])
  assert.match(String(calls.list({ limit: 1 })[0]?.time), /^\d{4}-\d\d-\d\dT/)
})

test('two hundred are kept', () => {
  const calls = new SlowCalls()
  assert.deepEqual(calls.list({ limit: 10 }), [])
  for (let i = 0; i < 1_050; i++) calls.add({ upstream: 'u', duration_ms: i })
  const all = calls.list({ limit: 1_000 }).map(({ duration_ms }) => duration_ms)
  assert.equal(all.length, 200)
  assert.deepEqual([all[0], all.at(-1)], [1_049, 850])
})
