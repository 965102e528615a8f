/** What an exchange leaves in the catalogue at its end, and that what was not reached leaves nothing. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Exchange } from '../../src/exchange/exchange.ts'
import { ExchangeMeter } from '../../src/telemetry/exchange-meter.ts'
import { Instruments } from '../../src/telemetry/instruments.ts'
import { SeriesStore } from '../../src/telemetry/series.ts'

function ended(facts: Partial<Exchange>, method = 'POST') {
  const instruments = new Instruments(new SeriesStore())
  const meter = new ExchangeMeter(instruments)
  const route = { path: '/mcp', upstream: 'files', mcp: true }
  const x = new Exchange(route, { method, url: '/mcp', headers: {}, rawHeaders: [] }, '127.0.0.1', false, 1000)
  Object.assign(x, { endedAt: 3000, ...facts })
  if (x.stream) {
    meter.streaming(x)
    const { streamKind } = x
    meter.streaming(x)
    assert.equal(x.streamKind, streamKind)
  }
  meter.ended(x)
  meter.ended(x)
  const phase = (name: string) => {
    const found = [...instruments.operations.phases.series].find(({ labelValues }) => labelValues[1] === name)
    return found === undefined || found.count === 0 ? undefined : found.sum / found.count
  }
  return { instruments, phase }
}

const near = (actual: number | undefined, expected: number) => {
  assert.ok(actual !== undefined && Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`)
}

/** Milliseconds, as the forwarder sets them. */
const REACHED = { readAt: 1010, decidedAt: 1013, dispatchedAt: 1113, sentAt: 1163, headAt: 2163, headSentAt: 2165 }

describe('an exchange that has ended', () => {
  test('is counted by method and outcome, every time', () => {
    const { instruments } = ended({ outcome: 'tool_error', requestBytes: 10, responseBytes: 30 })
    assert.equal(instruments.requests.bind(['files', 'POST', 'tool_error']).value, 2)
    assert.equal(instruments.exchangeDuration.bind(['files', 'tool_error']).sum, 4)
    assert.equal(instruments.requestSize.bind(['files']).sum, 20)
    assert.equal(instruments.responseSize.bind(['files']).sum, 60)
  })

  test('has its method as a label only if it is one that is known', () => {
    const { instruments } = ended({}, 'BREW')
    assert.equal(instruments.requests.bind(['files', '_other', 'ok']).value, 2)
  })

  test('says where its time went', () => {
    const { phase } = ended({ ...REACHED, connected: true, stream: true, firstEventAt: 2200 })
    near(phase('request_read'), 0.01)
    near(phase('interceptors'), 0.003)
    near(phase('pool_wait'), 0.1)
    near(phase('connect'), 0.05)
    near(phase('response_head'), 1)
    near(phase('first_event'), 1.2)
    near(phase('stream'), 0.837)
  })

  test('leaves no stream open, and the events and comments of those that it counted', () => {
    const { instruments } = ended({ ...REACHED, stream: true, events: 3, keepAlives: 1 })
    const { streamsActive, streamEvents, streamKeepAlives } = instruments.operations
    assert.equal(streamsActive.bind(['files', 'call']).value, 0)
    assert.equal(streamEvents.bind(['files']).value, 6)
    assert.equal(streamKeepAlives.bind(['files']).value, 2)
  })

  test('leaves nothing of the phases that it did not reach', () => {
    const { phase } = ended({ readAt: 1010, outcome: 'refused' })
    near(phase('request_read'), 0.01)
    for (const name of ['interceptors', 'pool_wait', 'connect', 'response_head', 'first_event', 'stream'])
      assert.equal(phase(name), undefined, name)
  })

  test('took of the gateway itself what no wait and no peer took', () => {
    const overhead = (facts: object) => ended({ ...REACHED, ...facts }).instruments.operations.overhead.bind(['files'])
    near(overhead({ connected: true }).sum / 2, 0.003 + 0.002)
    near(overhead({ connected: false }).sum / 2, 0.003 + 0.05 + 0.002)
    assert.equal(ended({ readAt: 1010 }).instruments.operations.overhead.bind(['files']).count, 0)
  })
})
