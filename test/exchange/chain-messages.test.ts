/** The message phase of a chain: the same order both ways, and what it throws harms nobody. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Interceptor } from '../../src/exchange/interceptor.ts'
import { Envelope } from '../../src/mcp/message.ts'
import { exchange, link, logging, noted } from './chain-parts.ts'

const listening = (name: string, log: string[]): Interceptor => ({
  name,
  onMessage(x, { method }, from) {
    log.push(`${name} ${from} ${method} of ${x.url}`)
    return undefined
  },
})

const message = (): Envelope => Object.assign(new Envelope(), { kind: 'request', method: 'ping' })

test('messages of both sides are told first to last, to those that have the phase', () => {
  const log: string[] = []
  const { chain, timings, actions } = noted(
    link(listening('a', log)),
    link(logging('deaf', log)),
    link(listening('c', log), { name: 'third' }),
  )
  chain.message(exchange(), message(), 'downstream')
  chain.message(exchange(), message(), 'upstream')
  assert.deepEqual(log, [
    'a downstream ping of /mcp',
    'c downstream ping of /mcp',
    'a upstream ping of /mcp',
    'c upstream ping of /mcp',
  ])
  assert.deepEqual(timings, ['a message', 'third message', 'a message', 'third message'])
  // Nothing is decided here, so nothing is counted as decided.
  assert.deepEqual(actions, [])
})

for (const later of [false, true]) {
  test(`one that throws${later ? ' by a promise' : ''} is counted and logged, and keeps no other from the message`, async () => {
    const log: string[] = []
    const bad = {
      name: 'bad',
      onMessage: () => {
        if (later) return Promise.reject(new TypeError('no'))
        throw new TypeError('no')
      },
    } as unknown as Interceptor
    const { chain, errors, faults, timings } = noted(link(bad), link(listening('b', log)))
    chain.message(exchange(), message(), 'upstream')
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(log, ['b upstream ping of /mcp'])
    assert.deepEqual([errors, faults], [['bad message TypeError'], ['bad message no']])
    assert.deepEqual(timings, ['bad message', 'b message'])
  })
}
