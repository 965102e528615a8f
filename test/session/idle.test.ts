/** Idle sessions are forgotten after their time; what is in use is not idle. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MINUTE, SECOND, stage } from './stage.ts'

const pending = { ended: () => assert.fail('must not end') }

describe('an idle session', () => {
  it('is forgotten when its time is over, and not before', () => {
    const { registry, heard, pass, session } = stage()
    session()
    pass(30 * MINUTE)
    registry.tick()
    assert.equal(registry.size, 1)
    pass(1)
    registry.tick()
    assert.equal(registry.size, 0)
    assert.deepEqual(heard, ['created u', 'ended u idle 1800.001'])
  })

  for (const use of ['touch', 'answered', 'seen'] as const) {
    it(`has its whole time again after ${use}`, () => {
      const { registry, pass, session } = stage()
      const used = session('used')
      session('unused')
      pass(20 * MINUTE)
      if (use === 'seen') registry.seen('u', 'e', 'used')
      else registry[use](used)
      pass(20 * MINUTE)
      registry.tick()
      assert.deepEqual(registry.list({ limit: 9 }), [used])
    })
  }

  it('is one that nothing holds open: a stream does', () => {
    const { registry, pass, session } = stage()
    const streaming = session('streaming')
    session('other')
    registry.streamOpened(streaming)
    registry.streamOpened(streaming)
    pass(300 * MINUTE)
    registry.tick()
    registry.streamClosed(streaming, 'downstream')
    pass(300 * MINUTE)
    registry.tick()
    assert.deepEqual(registry.list({ limit: 9 }), [streaming])
  })

  it('is one that nothing holds open: an operation does', () => {
    const { registry, pass, session } = stage()
    const waiting = session('waiting')
    session('other')
    waiting.pending = pending
    pass(300 * MINUTE)
    registry.tick()
    assert.deepEqual(registry.list({ limit: 9 }), [waiting])
  })

  it('has its whole time from when the last of what held it open is gone', () => {
    const { registry, pass, session } = stage()
    const held = session()
    registry.streamOpened(held)
    held.pending = pending
    pass(300 * MINUTE)
    registry.streamClosed(held, 'clean')
    pass(300 * MINUTE)
    held.pending = undefined
    pass(30 * MINUTE)
    registry.tick()
    assert.equal(registry.size, 1)
    pass(1)
    registry.tick()
    assert.equal(registry.size, 0)
  })

  it('waits for a later tick when there are many, so that no tick takes long', () => {
    const { registry, pass, session } = stage({ max: 10_000 })
    for (let i = 0; i < 2_500; i++) session(`${i}`)
    pass(31 * MINUTE)
    const left = [0, 1, 2].map(() => {
      registry.tick()
      pass(SECOND)
      return registry.size
    })
    assert.deepEqual(left, [1_500, 500, 0])
  })
})
