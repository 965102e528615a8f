/** What a collector could not take just now is sent again; what it refused for good is not. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import { RetryingExporter } from '../../../src/telemetry/tracing/retrying-exporter.ts'

const UNAVAILABLE = 14
const INVALID_ARGUMENT = 3

/** Answers with these gRPC codes, one after the other; with 0 after the last. */
function exporter(codes: readonly number[]): { readonly inner: SpanExporter; readonly attempts: () => number } {
  let attempts = 0
  const inner: SpanExporter = {
    export: (_spans, done) => {
      const code = codes[attempts++] ?? 0
      setImmediate(done, code === 0 ? { code } : { code: 1, error: Object.assign(new Error('no'), { code }) })
    },
    shutdown: async () => {},
  }
  return { inner, attempts: () => attempts }
}

const sent = (retrying: RetryingExporter): Promise<boolean> =>
  new Promise((resolve) => retrying.export([], ({ code }) => resolve(code === 0)))

describe('spans over gRPC', () => {
  it('are sent until they are taken', async () => {
    const { inner, attempts } = exporter([UNAVAILABLE, UNAVAILABLE])
    assert.equal(await sent(new RetryingExporter(inner, { within: 60_000, pause: 1 })), true)
    assert.equal(attempts(), 3)
  })

  it('are sent once if they are refused for good', async () => {
    const { inner, attempts } = exporter([INVALID_ARGUMENT])
    assert.equal(await sent(new RetryingExporter(inner, { within: 60_000, pause: 1 })), false)
    assert.equal(attempts(), 1)
  })

  it('are given up when an attempt throws, also a later one', async () => {
    let attempts = 0
    const { inner } = exporter([UNAVAILABLE])
    const throwing: SpanExporter = {
      ...inner,
      export: (spans, done) => {
        if (++attempts > 1) throw new Error('thrown')
        inner.export(spans, done)
      },
    }
    assert.equal(await sent(new RetryingExporter(throwing, { within: 60_000, pause: 1 })), false)
    assert.equal(attempts, 2)
  })

  it('are given up when the next attempt would come too late', async () => {
    const { inner, attempts } = exporter([UNAVAILABLE])
    assert.equal(await sent(new RetryingExporter(inner, { within: 1_000, pause: 10_000 })), false)
    assert.equal(attempts(), 1)
  })

  it('are tried a last time, at once, when the process ends', async () => {
    const { inner, attempts } = exporter([UNAVAILABLE, UNAVAILABLE, UNAVAILABLE])
    const retrying = new RetryingExporter(inner, { within: 7_200_000, pause: 3_600_000 })
    const result = sent(retrying)
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(attempts(), 1)
    retrying.hurry()
    assert.equal(await result, false)
    assert.equal(attempts(), 2)
    assert.equal(await sent(retrying), false)
    assert.equal(attempts(), 3)
  })
})
