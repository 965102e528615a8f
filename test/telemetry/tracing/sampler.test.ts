/** Which exchanges are sampled when they begin, and which are kept when they end. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Exchange } from '../../../src/exchange/exchange.ts'
import { Operation } from '../../../src/exchange/operation.ts'
import type { Outcome } from '../../../src/exchange/outcome.ts'
import { Ids } from '../../../src/telemetry/tracing/ids.ts'
import { keepReason, Sampler } from '../../../src/telemetry/tracing/sampler.ts'
import type { SamplerName } from '../../../src/telemetry/tracing/settings.ts'
import { exchange } from '../../exchange/chain-parts.ts'

const ids = new Ids()
const LEAST = '0'.repeat(31).concat('1')
const MOST = 'f'.repeat(32)

const sampler = (
  name: SamplerName,
  rate = 1,
  more: { operations?: Record<string, number>; tools?: Record<string, number> } = {},
) => new Sampler({ sampler: name, rate, operations: {}, tools: {}, ...more })

function share(which: Sampler, method = '', tool?: string): number {
  let sampled = 0
  for (let i = 0; i < 10_000; i++) if (which.decide(ids.trace(), undefined, method, tool)) sampled++
  return sampled / 10_000
}

describe('at its beginning', () => {
  it('an exchange is sampled by its rate', () => {
    assert.equal(share(sampler('traceidratio', 1)), 1)
    assert.equal(share(sampler('traceidratio', 0)), 0)
    // Nine standard deviations.
    assert.ok(Math.abs(share(sampler('traceidratio', 0.25)) - 0.25) < 0.04)
  })

  it('the same trace is chosen by everyone at the same rate, and at every higher one', () => {
    const low = sampler('traceidratio', 0.1)
    const high = sampler('traceidratio', 0.5)
    for (let i = 0; i < 1000; i++) {
      const id = ids.trace()
      assert.equal(low.decide(id, undefined, '', undefined), low.decide(id, undefined, '', undefined))
      if (low.decide(id, undefined, '', undefined)) assert.ok(high.decide(id, undefined, '', undefined))
    }
    assert.ok(!high.decide(LEAST, undefined, '', undefined))
    assert.ok(low.decide(MOST, undefined, '', undefined))
  })

  it('the samplers that follow a parent do, and the others do not', () => {
    for (const parent of [true, false]) {
      for (const name of ['parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'] as const)
        assert.equal(sampler(name, 0.5).decide(LEAST, parent, 'tools/call', 'echo'), parent, name)
      assert.equal(sampler('always_on').decide(LEAST, parent, '', undefined), true)
      assert.equal(sampler('always_off').decide(MOST, parent, '', undefined), false)
      assert.equal(sampler('traceidratio', 0.5).decide(LEAST, parent, '', undefined), false)
    }
  })

  it('the rate of a tool is stronger than that of its operation, and that than the one for all', () => {
    const which = sampler('traceidratio', 0, { operations: { 'tools/call': 1, ping: 1 }, tools: { noisy: 0 } })
    assert.equal(share(which, 'tools/list'), 0)
    assert.equal(share(which, 'ping'), 1)
    assert.equal(share(which, 'tools/call', 'echo'), 1)
    assert.equal(share(which, 'tools/call', 'noisy'), 0)
  })

  it('always_off means every operation', () => {
    assert.equal(share(sampler('always_off', 1, { operations: { ping: 1 } }), 'ping'), 0)
  })
})

interface Ended extends Partial<Pick<Exchange, 'outcome' | 'stream' | 'status'>> {
  readonly operation?: { readonly method?: string; readonly outcome?: Outcome; readonly milliseconds?: number }
  readonly milliseconds?: number
  readonly get?: boolean
}

function ended({ operation, milliseconds = 1, get = false, ...facts }: Ended): Exchange {
  const x = exchange()
  Object.assign(x, { endedAt: x.startedAt + milliseconds, ...facts, ...(get && { method: 'GET' }) })
  if (operation === undefined) return x
  const { method = 'tools/call', outcome = 'ok', milliseconds: took = 1 } = operation
  const { startedAt } = x
  const begun = new Operation({
    direction: 'server',
    upstream: 'upstream',
    id: 1,
    method,
    target: undefined,
    cursor: undefined,
    revision: '',
    startedAt,
  })
  begun.outcome = outcome
  begun.endedAt = startedAt + took
  x.operations = [begun]
  return x
}

const KEEP = { errors: true, refused: false, slow: 1000 }

describe('at its end', () => {
  for (const [what, x, reason, keep] of [
    ['that went well', ended({ operation: {} }), undefined],
    ['that failed', ended({ outcome: 'upstream_reset', operation: { outcome: 'upstream_reset' } }), 'error'],
    ['whose tool failed', ended({ outcome: 'tool_error', operation: { outcome: 'tool_error' } }), 'error'],
    ['with one failed operation in a batch', ended({ operation: { outcome: 'jsonrpc_error' } }), 'error'],
    ['that could not be judged', ended({ outcome: 'unknown', operation: { outcome: 'unknown' } }), undefined],
    ['that was refused', ended({ outcome: 'refused', operation: { outcome: 'refused' } }), undefined],
    ['that was refused, if told', ended({ outcome: 'refused' }), 'error', { ...KEEP, refused: true }],
    ['that failed, if errors are not kept', ended({ outcome: 'timeout' }), undefined, { ...KEEP, errors: false }],
    ['that was slow', ended({ operation: { milliseconds: 1001 } }), 'slow'],
    [
      'that was slow, if that is not kept',
      ended({ operation: { milliseconds: 1e6 } }),
      undefined,
      { ...KEEP, slow: 0 },
    ],
    ['whose answer came fast on a long stream', ended({ operation: {}, milliseconds: 1e6, stream: true }), undefined],
    [
      'that listens',
      ended({ operation: { method: 'subscriptions/listen', milliseconds: 1e6 }, stream: true }),
      undefined,
    ],
    [
      'that listens and is closed',
      ended({ outcome: 'downstream_closed', stream: true, get: true, milliseconds: 1e6 }),
      undefined,
    ],
    [
      'that was given up',
      ended({ outcome: 'downstream_closed', operation: { outcome: 'downstream_closed' } }),
      'error',
    ],
    ['that asks for a stream there is not', ended({ outcome: 'http_error', status: 405, get: true }), undefined],
    ['that passed beside MCP and was slow', ended({ milliseconds: 1001 }), 'slow'],
  ] as const)
    it(`an exchange ${what} is ${reason === undefined ? 'not kept' : `kept: ${reason}`}`, () =>
      assert.equal(keepReason(x, keep ?? KEEP), reason))

  it('an operation that goes on elsewhere is not slow yet', () => {
    const x = ended({ operation: {} })
    for (const operation of x.operations) operation.endedAt = 0
    assert.equal(keepReason(x, KEEP), undefined)
  })
})
