/** The queue in front of an exporter: bounded, one batch at a time, and done in time when it closes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { SpanQueue, type SpanQueueOptions } from '../../../src/telemetry/tracing/queue.ts'
import { recordOf, type SpanRecord } from '../../../src/telemetry/tracing/record.ts'
import { exchange } from '../../exchange/chain-parts.ts'
import { settles } from '../../support/measure.ts'

function record(): SpanRecord {
  const trace = {
    traceId: '1'.repeat(32),
    spanId: '1'.repeat(16),
    upstreamSpanId: '2'.repeat(16),
    sampled: true,
    traceFlags: 1,
    parent: undefined,
    links: [],
  }
  const x = exchange()
  x.dispatchedAt = x.startedAt
  return recordOf(x, trace, undefined, 'none')
}

/** How each batch goes: `later` holds it until it is told. */
type Manner = 'taken' | 'refused' | 'later'

function stage(manner: Manner, options: Partial<SpanQueueOptions> = {}) {
  const batches: number[] = []
  const counts = { exported: 0, queue_full: 0, export_failed: 0, failed: 0 }
  const settled: string[] = []
  const held: (() => void)[] = []
  const state = { manner, under: 0, mostUnder: 0, closed: false }
  const queue = new SpanQueue({
    most: 10,
    batch: 4,
    delay: 20,
    timeout: 60_000,
    sender: {
      async send(batch) {
        batches.push(batch.length)
        state.under++
        state.mostUnder = Math.max(state.mostUnder, state.under)
        if (state.manner === 'later') await new Promise<void>((resolve) => held.push(resolve))
        else await delay(1)
        state.under--
        if (state.manner === 'refused') throw new Error('refused')
      },
      async close() {
        state.closed = true
      },
    },
    meter: {
      exported: (spans) => {
        counts.exported += spans
      },
      dropped: (reason, spans) => {
        counts[reason] += spans
      },
    },
    settled: (error) => {
      if (error !== undefined) counts.failed++
      settled.push(error?.message ?? 'taken')
    },
    ...options,
  })
  const add = (times: number) => {
    for (let i = 0; i < times; i++) queue.add(record())
  }
  return { queue, add, batches, counts, settled, held, state }
}

describe('a queue of spans', () => {
  it('sends a full batch at once, and the rest after its delay', async () => {
    const { add, batches, counts } = stage('taken')
    add(5)
    assert.deepEqual(batches, [], 'not while the exchange ends')
    await settles(() => counts.exported === 10)
    assert.deepEqual(batches, [4, 1])
  })

  it('has one batch under way, and drops and counts what it cannot hold', async () => {
    const { queue, add, batches, counts, held, state } = stage('later')
    add(4)
    await settles(() => batches.length === 1)
    add(25)
    assert.equal(queue.size, 10)
    assert.equal(counts.queue_full, 15 * 2)
    state.manner = 'taken'
    held[0]?.()
    await settles(() => counts.exported === 14 * 2)
    assert.equal(state.mostUnder, 1)
  })

  it('drops and counts what is refused, and tries again after its delay only', async () => {
    const { add, batches, counts, settled, state, queue } = stage('refused', { delay: 50 })
    add(4)
    await settles(() => counts.failed === 1)
    assert.equal(counts.export_failed, 4 * 2)
    add(8)
    await new Promise(setImmediate)
    assert.equal(batches.length, 1, 'a full batch does not wake it')
    await settles(() => counts.failed === 2)
    assert.deepEqual(settled, ['refused', 'refused'])
    state.manner = 'taken'
    add(1)
    await settles(() => queue.size === 0 && state.under === 0)
    assert.equal(settled.at(-1), 'taken')
  })

  it('gives up a batch that gets no answer', async () => {
    const { add, counts, settled } = stage('later', { timeout: 10 })
    add(4)
    await settles(() => counts.failed === 1)
    assert.equal(counts.export_failed, 4 * 2)
    assert.deepEqual(settled, ['not taken within 10 ms'])
  })

  it('sends everything when it closes, and takes nothing after', async () => {
    const { queue, add, batches, counts, state } = stage('taken', { delay: 60_000 })
    add(9)
    await queue.close(60_000)
    assert.deepEqual(batches, [4, 4, 1])
    assert.equal(counts.exported, 9 * 2)
    assert.ok(state.closed)
    add(1)
    assert.equal(counts.queue_full, 2)
  })

  it('closes in its time when nobody answers, and counts what was left', async () => {
    const { queue, add, counts, state } = stage('later', { delay: 60_000 })
    add(10)
    await queue.close(20)
    assert.equal(counts.export_failed, 6 * 2)
    assert.ok(state.closed)
  })

  it('does not try the rest when it closes and the first is refused', async () => {
    const { queue, add, batches, counts } = stage('refused', { delay: 60_000 })
    add(10)
    await queue.close(60_000)
    assert.ok(batches.length <= 2, String(batches))
    assert.equal(counts.export_failed, 10 * 2)
  })
})
