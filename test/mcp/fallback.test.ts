/** When a modern downstream falls back to an older revision, and when an answer only looks like it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answeredProbe, FallbackWatch, legacyAnswer } from '../../src/mcp/fallback.ts'

const DISCOVER = 'server/discover'
const refusal = { method: DISCOVER, status: 400, errorCode: -32000 }

describe('an answer to a modern request', () => {
  const legacy: [string, number, number | undefined][] = [
    [DISCOVER, 400, undefined],
    [DISCOVER, 400, -32000],
    [DISCOVER, 404, -32601],
    [DISCOVER, 405, undefined],
    [DISCOVER, 422, undefined],
    [DISCOVER, 200, -32601],
    [DISCOVER, 200, -32602],
    ['tools/call', 400, -32000],
    ['tools/call', 404, undefined],
    ['tools/call', 405, undefined],
  ]
  for (const [method, status, code] of legacy) {
    it(`says "legacy": ${method} answered ${status} with ${code ?? 'no JSON-RPC error'}`, () => {
      assert.equal(legacyAnswer({ method, status, errorCode: code }), true)
      assert.equal(answeredProbe({ method, status, errorCode: code }), method === DISCOVER)
    })
  }

  const other: [string, number, number | undefined][] = [
    [DISCOVER, 200, undefined],
    [DISCOVER, 400, -32020],
    [DISCOVER, 400, -32021],
    [DISCOVER, 400, -32022],
    [DISCOVER, 200, -32022],
    [DISCOVER, 401, undefined],
    [DISCOVER, 403, -32000],
    [DISCOVER, 429, undefined],
    [DISCOVER, 500, -32603],
    [DISCOVER, 503, undefined],
    ['tools/call', 404, -32601],
    ['tools/call', 200, -32602],
    ['tools/call', 200, undefined],
  ]
  for (const [method, status, code] of other) {
    it(`does not say "legacy": ${method} answered ${status} with ${code ?? 'no JSON-RPC error'}`, () => {
      assert.equal(legacyAnswer({ method, status, errorCode: code }), false)
      assert.equal(answeredProbe({ method, status, errorCode: code }), false)
    })
  }
})

describe('an initialize', () => {
  function watch(most?: number) {
    const clock = { now: 0 }
    const options = { now: () => clock.now, ttlMs: 1_000 }
    return { clock, seen: new FallbackWatch(most === undefined ? options : { ...options, most }) }
  }

  it('ends a fallback once for each modern request that was refused before it', () => {
    const { seen } = watch()
    seen.answered('a', 'up', refusal)
    seen.answered('a', 'up', refusal)
    assert.deepEqual(
      [1, 2, 3].map(() => seen.initialized('a', 'up')),
      [true, true, false],
    )
    assert.equal(seen.size, 0)
  })

  it('is none from another downstream or to another upstream', () => {
    const { seen } = watch()
    seen.answered('a', 'up', refusal)
    assert.equal(seen.initialized('b', 'up'), false)
    assert.equal(seen.initialized('a', 'down'), false)
    assert.equal(seen.initialized('a', 'up'), true)
  })

  it('is none after an answer that only modern upstreams give', () => {
    const { seen } = watch()
    seen.answered('a', 'up', { ...refusal, errorCode: -32022 })
    assert.equal(seen.initialized('a', 'up'), false)
  })

  it('is none when it comes too late', () => {
    const { clock, seen } = watch()
    seen.answered('a', 'up', refusal)
    seen.answered('b', 'up', refusal)
    clock.now = 999
    assert.equal(seen.initialized('a', 'up'), true)
    clock.now = 1_000
    assert.equal(seen.initialized('b', 'up'), false)
    assert.equal(seen.size, 0)
  })

  it('may come late for the first refusal when there was a later one', () => {
    const { clock, seen } = watch()
    for (const [now, downstream] of [
      [0, 'a'],
      [500, 'b'],
      [900, 'a'],
    ] as const) {
      clock.now = now
      seen.answered(downstream, 'up', refusal)
    }
    clock.now = 1_600
    assert.equal(seen.initialized('b', 'up'), false)
    assert.equal(seen.initialized('a', 'up'), true)
  })

  it('finds the latest refusals only, once there are more than are remembered', () => {
    const { seen } = watch(100)
    for (let i = 0; i < 10_000; i++) seen.answered(`10.0.0.${i}`, 'up', refusal)
    assert.equal(seen.size, 100)
    assert.equal(seen.initialized('10.0.0.9899', 'up'), false)
    assert.equal(seen.initialized('10.0.0.9900', 'up'), true)
  })
})
