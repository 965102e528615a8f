/** Components that are told from outside: how long what was told holds, and how many there may be. */
import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { MOST_REPORTED, ReportedComponents, ReportRefusedError } from '../../src/health/reported-components.ts'

let now = 0
let reported: ReportedComponents
beforeEach(() => {
  now = 1_000_000
  reported = new ReportedComponents({ taken: new Set(['memory']), now: () => now })
})
const states = () => reported.list().map(({ name, state }) => [name, state.status, state.message])
const refusal = (code: string) => (error: unknown) => error instanceof ReportRefusedError && error.code === code

describe('a component that is told from outside', () => {
  it('stays until it is told anew or forgotten', () => {
    reported.set('db', { status: 'degraded', message: 'slow' })
    now += 1e12
    assert.deepEqual(states(), [['db', 'degraded', 'slow']])
    reported.set('db', { status: 'healthy', message: '' })
    assert.deepEqual(states(), [['db', 'healthy', '']])
    assert.deepEqual([reported.delete('db'), reported.delete('db')], [true, false])
    assert.deepEqual(states(), [])
  })

  it('is after its time what it was before, and not what it was for a while before that', () => {
    reported.set('db', { status: 'degraded', message: 'slow' })
    reported.set('db', { status: 'unhealthy', message: 'down', ttlMs: 1_000 })
    reported.set('db', { status: 'unhealthy', message: 'still down', ttlMs: 2_000 })
    now += 1_999
    assert.deepEqual(states(), [['db', 'unhealthy', 'still down']])
    now += 1
    assert.deepEqual(states(), [['db', 'degraded', 'slow']])
  })

  it('is gone after its time if it was nothing before', () => {
    reported.set('db', { status: 'unhealthy', message: 'down', ttlMs: 1_000 })
    now += 1_000
    assert.deepEqual(states(), [])
    assert.deepEqual(reported.components(), [])
  })

  it('has nothing left to go back to once it is told for good', () => {
    reported.set('db', { status: 'unhealthy', message: 'down', ttlMs: 1_000 })
    reported.set('db', { status: 'healthy', message: 'up' })
    now += 1_000
    assert.deepEqual(states(), [['db', 'healthy', 'up']])
  })

  it('makes the gateway not ready only if that was said, and keeps what was said', () => {
    const required = () => reported.components().map((component) => component.required)
    reported.set('db', { status: 'unhealthy', message: '' })
    assert.deepEqual(required(), [false])
    reported.set('db', { status: 'unhealthy', message: '', required: true })
    reported.set('db', { status: 'healthy', message: '' })
    assert.deepEqual(required(), [true])
  })

  it('carries no secret and no long text', () => {
    const told = (message: string) => reported.set('db', { status: 'unhealthy', message }).state.message
    assert.doesNotMatch(told('refused: Authorization: Bearer abcdefghijklmnop'), /abcdefghijklmnop/)
    assert.equal(told('x'.repeat(2_000)).length, 500)
  })

  it('has a plain name, and none of the gateway', () => {
    for (const name of ['', 'a b', 'upstream:a', '-a', 'a'.repeat(64), '../etc', 'ä'])
      assert.throws(() => reported.set(name, { status: 'healthy', message: '' }), refusal('name'), name)
    assert.throws(() => reported.set('memory', { status: 'healthy', message: '' }), refusal('taken'))
  })

  it('is one of a bounded number, and those that exist can always be told of', () => {
    for (let i = 0; i < MOST_REPORTED; i++)
      reported.set(`c${i}`, { status: 'healthy', message: '', ttlMs: i === 0 ? 1_000 : undefined })
    assert.throws(() => reported.set('more', { status: 'healthy', message: '' }), refusal('full'))
    reported.set('c1', { status: 'degraded', message: '' })
    now += 1_000
    reported.set('more', { status: 'healthy', message: '' })
    assert.equal(reported.list().length, MOST_REPORTED)
  })
})
