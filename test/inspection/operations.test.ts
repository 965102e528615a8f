/** Operations across exchanges: each ends once, none waits for ever, and a session holds no more than it may. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Operation } from '../../src/exchange/operation.ts'
import { Operations } from '../../src/inspection/operations.ts'
import { Envelope } from '../../src/mcp/message.ts'
import type { EndedBy } from '../../src/session/session.ts'
import { stage as sessions } from '../session/stage.ts'

const MINUTE = 60_000

function stage() {
  const { registry, session, pass, now } = sessions()
  const ended: string[] = []
  const operations = new Operations({
    abandonAfter: 10 * MINUTE,
    now,
    ended: ({ id, outcome, errorType }) => ended.push(`${id} ${outcome} ${errorType}`.trim()),
  })
  const begin = (id: number | undefined, of = session(), direction: 'server' | 'client' = 'server') => {
    const facts = { direction, upstream: 'u', id, method: 'tools/call', revision: '', startedAt: now() }
    return operations.begin({ ...facts, target: undefined, cursor: undefined }, of)
  }
  const sweepAfter = (ms: number) => {
    pass(ms)
    operations.sweep()
  }
  return { registry, session, operations, ended, begin, sweepAfter }
}

const response = (): Envelope => Object.assign(new Envelope(), { kind: 'response' })

test('an operation ends once, whatever is said of it later', () => {
  const { operations, begin, ended, session } = stage()
  const operation = begin(1)
  operations.answer(operation, response())
  operations.end(operation, 'timeout', 'late')
  operations.leave(operation, session())
  assert.deepEqual(ended, ['1 ok'])
  assert.ok(!session().busy)
})

test('it is found in its own session and direction, until it ends', () => {
  const { operations, begin, session } = stage()
  const operation = begin(1, session('a'))
  assert.equal(operations.find(session('a'), 'server', 1), operation)
  assert.equal(operations.find(session('a'), 'server', 2), undefined)
  assert.equal(operations.find(session('a'), 'client', 1), undefined)
  assert.equal(operations.find(session('b'), 'server', 1), undefined)
  operations.end(operation, 'ok', '')
  assert.equal(operations.find(session('a'), 'server', 1), undefined)
})

test('a session is busy while something of it is open', () => {
  const { operations, begin, session } = stage()
  const first = begin(1)
  const second = begin(2, session(), 'client')
  begin(undefined)
  operations.end(first, 'ok', '')
  assert.ok(session().busy)
  operations.end(second, 'ok', '')
  assert.ok(!session().busy)
})

test('one adrift is given up when its session had no stream for long enough', () => {
  const { operations, begin, ended, session, sweepAfter, registry } = stage()
  operations.leave(begin(1), session())
  registry.streamOpened(session())
  sweepAfter(20 * MINUTE)
  registry.streamClosed(session(), 'clean')
  sweepAfter(9 * MINUTE)
  assert.deepEqual(ended, [])
  sweepAfter(MINUTE)
  assert.deepEqual(ended, ['1 timeout abandoned'])
  assert.ok(!session().busy)
})

test('an open stream does not keep it for ever', () => {
  const { operations, begin, ended, session, sweepAfter, registry } = stage()
  operations.leave(begin(1), session())
  registry.streamOpened(session())
  sweepAfter(59 * MINUTE)
  assert.deepEqual(ended, [])
  sweepAfter(MINUTE)
  assert.deepEqual(ended, ['1 timeout abandoned'])
})

test('one that its exchange still carries is never given up', () => {
  const { begin, ended, sweepAfter } = stage()
  begin(1)
  sweepAfter(24 * 60 * MINUTE)
  assert.deepEqual(ended, [])
})

test('a cancelled one was closed by who asked', () => {
  const { operations, begin, ended, session, sweepAfter } = stage()
  const operation = begin(1)
  operation.cancelled = true
  operations.leave(operation, session())
  sweepAfter(10 * MINUTE)
  assert.deepEqual(ended, ['1 downstream_closed cancelled'])
})

test('the end of a session ends what is adrift, and leaves to exchanges what they carry', () => {
  const outcomes: [EndedBy, string][] = [
    ['delete', 'downstream_closed'],
    ['upstream_404', 'upstream_reset'],
    ['restart', 'upstream_reset'],
    ['stream_lost', 'upstream_reset'],
    ['drain', 'gateway_error'],
  ]
  for (const [by, outcome] of outcomes) {
    const { operations, begin, ended, session, registry } = stage()
    const known = session()
    operations.leave(begin(1), known)
    operations.leave(begin(2, known, 'client'), known)
    const carried = begin(3)
    registry.end(known, by)
    assert.deepEqual(ended, [`1 ${outcome} session_ended`, `2 ${outcome} session_ended`])
    operations.end(carried, 'http_error', '404')
    assert.equal(ended.length, 3)
  }
})

test('one that began before its session is found in it once it is adrift', () => {
  const { operations, ended, session, sweepAfter } = stage()
  const facts = { direction: 'server', upstream: 'u', id: 1, method: 'initialize', revision: '', startedAt: 0 } as const
  const operation = operations.begin({ ...facts, target: undefined, cursor: undefined }, undefined)
  assert.ok(operation instanceof Operation)
  operations.leave(operation, session())
  assert.equal(operations.find(session(), 'server', 1), operation)
  sweepAfter(10 * MINUTE)
  assert.deepEqual(ended, ['1 timeout abandoned'])
})

test('with too many adrift the oldest is given up, never one that an exchange carries', () => {
  const { operations, begin, ended, session } = stage()
  const carried = Array.from({ length: 100 }, (_, id) => begin(id))
  for (let id = 1000; id < 2000; id++) operations.leave(begin(id), session())
  assert.equal(ended.length, 1000 - 156)
  assert.deepEqual([ended[0], ended.at(-1)], ['1000 timeout abandoned', '1843 timeout abandoned'])
  for (const operation of carried) assert.equal(operation.endedAt, 0)
})

test('more calls at once than a session is followed with are still answered', () => {
  const { operations, begin, ended, session } = stage()
  const calls = Array.from({ length: 1000 }, (_, id) => begin(id))
  for (const operation of calls.toReversed()) operations.answer(operation, response())
  assert.ok(ended.every((line) => line.endsWith('ok')))
  assert.equal(ended.length, 1000)
  assert.ok(!session().busy)
})

test('the calls of an ended session never come into the way of another', () => {
  const { registry, session, operations, ended, begin, sweepAfter } = stage()
  const [first, second] = [begin(1, session('gone')), begin(2, session('gone'))]
  const gone = session('gone')
  registry.end(gone, 'delete')
  // On one of the streams that are still open, the upstream asks something.
  const asked = begin(7, gone, 'client')
  operations.leave(asked, gone)
  operations.end(first, 'ok', '')
  operations.end(second, 'ok', '')
  const own = begin(3, session('next'))
  assert.equal(operations.find(session('next'), 'server', 3), own)
  assert.equal(operations.find(session('next'), 'client', 7), undefined)
  operations.end(own, 'ok', '')
  assert.ok(!session('next').busy)
  sweepAfter(11 * MINUTE)
  assert.deepEqual(ended, ['1 ok', '2 ok', '3 ok', '7 timeout abandoned'])
})

test('what names an old session and ends with a new one leaves the old one, and nothing of the new one', () => {
  const { session, operations, begin } = stage()
  const initialize = begin(1, session('old'))
  const call = begin(2, session('new'))
  operations.end(initialize, 'ok', '')
  assert.ok(!session('old').busy)
  assert.equal(operations.find(session('new'), 'server', 2), call)
  const other = begin(3, session('other'))
  assert.equal(operations.find(session('other'), 'server', 2), undefined)
  const moved = begin(4, session('old'))
  operations.leave(moved, session('new'))
  assert.ok(!session('old').busy)
  assert.equal(operations.find(session('new'), 'server', 4), moved)
  for (const each of [call, other, moved]) operations.end(each, 'ok', '')
  for (const id of ['old', 'new', 'other']) assert.ok(!session(id).busy, id)
})
