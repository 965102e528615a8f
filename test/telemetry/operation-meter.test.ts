/** What is recorded of messages and operations, and that nothing a peer sends becomes a label by itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Operation, type OperationFacts } from '../../src/exchange/operation.ts'
import { Envelope } from '../../src/mcp/message.ts'
import { Names } from '../../src/telemetry/names.ts'
import { OperationInstruments } from '../../src/telemetry/operation-instruments.ts'
import { OperationMeter } from '../../src/telemetry/operation-meter.ts'
import { SeriesStore } from '../../src/telemetry/series.ts'
import { exchange } from '../exchange/chain-parts.ts'

function stage() {
  const store = new SeriesStore()
  const instruments = new OperationInstruments(store)
  const names = new Names(['u'], { store, ttlMs: 1000, now: () => 0, onOverflow: () => {} })
  const meter = new OperationMeter(instruments, names)
  const end = (facts: Partial<OperationFacts>, ended: Partial<Operation> = {}) => {
    const usual = { direction: 'server', upstream: 'u', id: 1, method: 'ping', revision: '2025-11-25' } as const
    const about = new Operation({ ...usual, target: undefined, cursor: undefined, startedAt: 1000, ...facts })
    meter.ended(Object.assign(about, { endedAt: 3500, ...ended }))
  }
  const rows = (of: keyof OperationInstruments) =>
    [...instruments[of].series].map(({ labelValues }) => labelValues.join('|')).sort()
  return { instruments, meter, end, rows }
}

test('a call is recorded with what it was about and how it ended, in seconds', () => {
  const { instruments, end, rows } = stage()
  end({ method: 'tools/call', target: 'echo' }, { outcome: 'tool_error', errorType: 'tool_error' })
  end({ method: 'prompts/get', target: 'greet' }, { resultType: 'input_required' })
  end({ method: 'resources/read', target: 'file:///secret' })
  assert.deepEqual(rows('serverDuration'), [
    'u|prompts/get||greet|2025-11-25|ok||input_required',
    'u|resources/read|||2025-11-25|ok||',
    'u|tools/call|echo||2025-11-25|tool_error|tool_error|',
  ])
  const [first] = instruments.serverDuration.series
  assert.deepEqual([first?.count, first?.sum], [1, 2.5])
})

test('what the upstream asks is recorded apart, without names', () => {
  const { end, rows } = stage()
  end(
    { direction: 'client', method: 'sampling/createMessage', target: 'x' },
    { outcome: 'timeout', errorType: 'abandoned' },
  )
  assert.deepEqual(rows('clientDuration'), ['u|sampling/createMessage|2025-11-25|timeout|abandoned'])
  assert.deepEqual(rows('serverDuration'), [])
})

test('methods that MCP does not have share one label, of operations and of messages', () => {
  const { meter, end, rows } = stage()
  for (const method of ['a', 'b', 'tools/call2', '']) {
    end({ method, target: 'x' })
    meter.message(exchange(), Object.assign(new Envelope(), { kind: 'request', method }), 'downstream')
  }
  assert.deepEqual(rows('serverDuration'), ['u|_other|||2025-11-25|ok||'])
  assert.deepEqual(rows('messages'), ['upstream|downstream|request|_other'])
})

test('messages are counted by side and kind; a response has no method', () => {
  const { meter, rows } = stage()
  for (const [kind, method, side] of [
    ['request', 'ping', 'upstream'],
    ['response', undefined, 'downstream'],
    ['error', undefined, 'upstream'],
    ['invalid', undefined, 'upstream'],
  ] as const)
    meter.message(exchange(), Object.assign(new Envelope(), { kind, method }), side)
  assert.deepEqual(rows('messages'), [
    'upstream|downstream|response|',
    'upstream|upstream|error|',
    'upstream|upstream|invalid|',
    'upstream|upstream|request|ping',
  ])
})
