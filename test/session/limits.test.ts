/** Other limits while sessions are tracked: nobody is thrown out at once, and everybody lives by the new ones. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MINUTE, SECOND, stage } from './stage.ts'

const LIMITS = { max: 100, idleMs: 30 * MINUTE, resumeMs: 10 * SECOND }

test('a shorter time of silence holds for those that are there', () => {
  const { registry, heard, pass, session } = stage()
  session()
  pass(5 * MINUTE)
  registry.limit({ ...LIMITS, idleMs: 4 * MINUTE })
  assert.equal(registry.size, 1)
  registry.tick()
  assert.deepEqual([registry.size, heard.at(-1)], [0, 'ended u idle 300'])
})

test('a lower number lets the present ones stay, and no other in', () => {
  const { registry, session } = stage()
  for (const id of ['a', 'b', 'c']) session(id)
  registry.limit({ ...LIMITS, max: 2 })
  assert.equal(registry.seen('u', 'e', 'd'), undefined)
  assert.equal(registry.size, 3)
  registry.limit({ ...LIMITS, max: 4 })
  assert.notEqual(registry.seen('u', 'e', 'd'), undefined)
})

test('a longer time to resume holds for streams that are lost already', () => {
  const { registry, heard, live, session } = stage()
  const lost = session()
  registry.streamOpened(lost)
  registry.streamClosed(lost, 'reset')
  registry.limit({ ...LIMITS, resumeMs: MINUTE })
  live(30 * SECOND)
  assert.equal(registry.size, 1)
  live(31 * SECOND)
  assert.deepEqual([registry.size, heard.at(-1)], [0, 'dead u stream_lost'])
})

test('another heartbeat comes with the next one', () => {
  const { registry, heartbeats, live, session } = stage({ heartbeatMs: 30 * SECOND })
  session()
  registry.limit({ ...LIMITS, heartbeatMs: 5 * SECOND })
  live(30 * SECOND)
  assert.equal(heartbeats.get('u'), 1)
  live(10 * SECOND)
  assert.equal(heartbeats.get('u'), 3)
})
