/** The number of sessions and their memory are bounded whatever the upstreams answer, and no session is refused. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MINUTE, SECOND, stage } from './stage.ts'

const ids = (sessions: readonly { readonly id: string }[]) => sessions.map(({ id }) => id)
const all = { limit: 100 }

describe('over the cap', () => {
  it('the longest idle goes, if it was idle for more than a minute', () => {
    const { registry, heard, pass, session } = stage({ max: 3 })
    for (const id of ['a', 'b', 'c']) session(id)
    pass(SECOND)
    registry.touch(session('a'))
    pass(MINUTE)
    session('d')
    assert.deepEqual(ids(registry.list(all)), ['a', 'c', 'd'])
    assert.deepEqual(heard.slice(3), ['ended u evicted_cap 61', 'evicted u cap', 'created u'])
  })

  it('the new one passes untracked while none is idle for long enough, and is counted once', () => {
    const { registry, heard, pass, session } = stage({ max: 2 })
    session('a')
    session('b')
    pass(MINUTE)
    for (let response = 0; response < 3; response++) {
      assert.equal(registry.seen('u', 'e', 'c'), undefined)
      assert.equal(registry.seen('v', 'e', 'c'), undefined)
    }
    assert.deepEqual(heard.slice(2), ['untracked u', 'untracked v'])
    assert.deepEqual(ids(registry.list(all)), ['a', 'b'])
  })

  it('one that passed untracked is tracked as soon as there is room', () => {
    const { registry, session } = stage({ max: 1 })
    const first = session('a')
    assert.equal(registry.seen('u', 'e', 'b'), undefined)
    registry.end(first, 'delete')
    assert.ok(registry.seen('u', 'e', 'b'))
  })

  it('open streams and operations are never evicted, however many stand before the idle one', () => {
    const { registry, pass, session } = stage({ max: 100 })
    for (let i = 0; i < 98; i++) registry.streamOpened(session(`stream-${i}`))
    session('waiting').pending = { ended: () => assert.fail('must not end') }
    pass(SECOND)
    session('idle')
    pass(2 * MINUTE)
    session('new')
    assert.equal(registry.get('u', 'idle'), undefined)
    assert.equal(registry.seen('u', 'e', 'newer'), undefined)
    assert.equal(registry.size, 100)
  })

  it('the longest idle of another upstream may go', () => {
    const { registry, active, pass, session } = stage({ max: 1 })
    session()
    pass(2 * MINUTE)
    assert.ok(registry.seen('v', 'f', 'b'))
    assert.deepEqual(
      [...active],
      [
        ['u', 0],
        ['v', 1],
      ],
    )
  })
})

describe('under memory pressure', () => {
  it('those idle for more than a minute go, the longest idle first, and a bounded number at a time', () => {
    const { registry, heard, pass, session } = stage({ max: 10_000, pressure: () => true })
    for (let i = 0; i < 1_500; i++) session(`${i}`)
    registry.streamOpened(session('0'))
    pass(MINUTE)
    const young = session('young')
    registry.tick()
    assert.equal(registry.size, 1_501)
    pass(1)
    registry.tick()
    assert.deepEqual(
      [registry.size, registry.get('u', '1000'), registry.get('u', '1001')?.id],
      [501, undefined, '1001'],
    )
    pass(1)
    registry.tick()
    assert.deepEqual(ids(registry.list(all)), ['0', 'young'])
    assert.equal(heard.filter((line) => line === 'evicted u memory').length, 1_499)
    assert.equal(heard.at(-2)?.startsWith('ended u evicted_memory'), true)
    assert.equal(young.ended, undefined)
  })

  it('a new session is tracked as ever, and none goes when the pressure is over', () => {
    let short = true
    const { registry, pass, session } = stage({ pressure: () => short })
    session('a')
    pass(2 * MINUTE)
    registry.tick()
    session('b')
    pass(2 * MINUTE)
    short = false
    registry.tick()
    assert.deepEqual(ids(registry.list(all)), ['b'])
  })
})
