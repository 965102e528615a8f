/** What the registry knows, and that it learns it from responses only. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { EndedBy } from '../../src/session/session.ts'
import { SECOND, stage } from './stage.ts'

describe('a session', () => {
  it('begins with the first response that carries its id, and is the same at the next', () => {
    const { registry, heard, active } = stage()
    const session = registry.seen('u', 'e', 'a')
    assert.equal(registry.seen('u', 'e', 'a'), session)
    assert.equal(registry.get('u', 'a'), session)
    assert.deepEqual([session?.upstream, session?.endpoint, session?.id], ['u', 'e', 'a'])
    assert.deepEqual(heard, ['created u'])
    assert.deepEqual([registry.size, active.get('u')], [1, 1])
  })

  it('is not made by a request that asks for it', () => {
    const { registry, heard } = stage()
    assert.equal(registry.get('u', 'a'), undefined)
    assert.deepEqual([registry.size, heard], [0, []])
  })

  it('is another one at another upstream, under the same id', () => {
    const { registry, active } = stage()
    const here = registry.seen('u', 'e', 'a')
    const there = registry.seen('v', 'f', 'a')
    assert.notEqual(here, there)
    assert.ok(here && there)
    registry.end(here, 'delete')
    assert.equal(registry.get('u', 'a'), undefined)
    assert.equal(registry.get('v', 'a'), there)
    assert.deepEqual([active.get('u'), active.get('v'), registry.count('u'), registry.count('v')], [0, 1, 0, 1])
  })

  it('ends once, with its age, and its id can begin again', () => {
    const { registry, heard, pass, session } = stage()
    const first = session()
    pass(2.5 * SECOND)
    registry.end(first, 'delete')
    registry.end(first, 'upstream_404')
    assert.deepEqual(heard, ['created u', 'ended u delete 2.5'])
    assert.equal(first.ended, 'delete')
    assert.notEqual(session(), first)
    assert.equal(registry.size, 1)
  })

  it('tells what is pending that it ended, after it is forgotten', () => {
    const { registry, session } = stage()
    const heard: (EndedBy | undefined)[] = []
    const first = session()
    first.pending = {
      ended(by) {
        heard.push(by)
        assert.equal(registry.get('u', 'a'), undefined)
        first.pending = undefined
      },
    }
    registry.end(first, 'upstream_404')
    assert.deepEqual(heard, ['upstream_404'])
    assert.equal(first.pending, undefined)
  })

  it('stays ended whatever is still told of it', () => {
    const { registry, heard, live, session } = stage()
    const first = session()
    registry.streamOpened(first)
    registry.end(first, 'delete')
    registry.touch(first)
    registry.answered(first)
    registry.streamOpened(first)
    first.pending = { ended: () => assert.fail('is over already') }
    first.pending = undefined
    registry.streamClosed(first, 'reset')
    registry.streamClosed(first, 'reset')
    live(60 * SECOND)
    assert.deepEqual([registry.size, first.openStreams, first.idle], [0, 0, false])
    assert.deepEqual(registry.list({ limit: 9 }), [])
    assert.deepEqual(heard, ['created u', 'ended u delete 0'])
  })

  it('keeps no other in memory once it ended, however long an exchange holds it', () => {
    const { registry, session } = stage()
    const [, middle] = [session('a'), session('b'), session('c')]
    registry.end(middle, 'delete')
    const { previous, next, previousIdle, nextIdle } = middle
    assert.deepEqual([previous, next, previousIdle, nextIdle], [undefined, undefined, undefined, undefined])
  })

  it('was used last when a stream of it ended, also while another is open', () => {
    const { registry, now, pass, session } = stage()
    const two = session()
    registry.streamOpened(two)
    registry.streamOpened(two)
    pass(SECOND)
    registry.streamClosed(two, 'downstream')
    assert.equal(two.lastSeenAt, now())
  })

  it('passes untracked when its id is longer than is kept, or none that the specification allows', () => {
    const { registry, heard } = stage()
    assert.ok(registry.seen('u', 'e', 'x'.repeat(512)))
    for (const id of ['x'.repeat(513), 'an id', 'caf\u00e9', '\ud83d', ''])
      assert.equal(registry.seen('u', 'e', id), undefined)
    assert.deepEqual([registry.size, heard.length, heard[1]], [1, 6, 'untracked u'])
  })
})

describe('facts of a session', () => {
  it('are kept to 64 characters, and what is not told again stays', () => {
    const { session } = stage()
    const first = session()
    first.describe('n'.repeat(70), '1.0', '2025-11-25')
    first.describe(undefined, '1.1', undefined)
    assert.deepEqual([first.clientName, first.clientVersion, first.revision], ['n'.repeat(64), '1.1', '2025-11-25'])
  })

  it('stay within 64 characters when the cut falls into a surrogate pair', () => {
    const { session } = stage()
    const first = session()
    first.describe(`${'n'.repeat(63)}\u{1f600}`, undefined, undefined)
    assert.equal(first.clientName, `${'n'.repeat(63)}\ufffd`)
  })
})

describe('the list of sessions', () => {
  it('begins with the oldest, and is read page by page', () => {
    const { registry, session } = stage()
    for (const id of ['a', 'b', 'c', 'd', 'e']) session(id)
    registry.touch(session('a'))
    registry.end(session('c'), 'delete')
    const page = (after: number, limit: number) => registry.list({ after, limit }).map(({ id }) => id)
    const serial = (id: string) => session(id).serial
    assert.deepEqual(
      [page(0, 2), page(serial('b'), 2), page(serial('e'), 2), page(0, 0)],
      [['a', 'b'], ['d', 'e'], [], []],
    )
  })

  it('goes on where a page ended, though sessions came and went meanwhile', () => {
    const { registry, session } = stage()
    for (const id of ['a', 'b', 'c', 'd']) session(id)
    const [last] = registry.list({ limit: 2 }).slice(-1)
    for (const id of ['a', 'b', 'c']) registry.end(session(id), 'delete')
    session('e')
    assert.deepEqual(
      registry.list({ after: last?.serial, limit: 9 }).map(({ id }) => id),
      ['d', 'e'],
    )
  })

  it('may be that of one upstream', () => {
    const { registry, session } = stage()
    session('a')
    registry.seen('v', 'http://v', 'b')
    session('c')
    const ids = (upstream: string) => registry.list({ upstream, limit: 9 }).map(({ id }) => id)
    assert.deepEqual([ids('u'), ids('v'), ids('w')], [['a', 'c'], ['b'], []])
  })
})

describe('a drain', () => {
  it('ends every session, the busy ones too', () => {
    const { registry, heard, active, session } = stage()
    session('a')
    registry.streamOpened(session('b'))
    registry.drain()
    assert.deepEqual([registry.size, active.get('u')], [0, 0])
    assert.deepEqual(heard.slice(2), ['ended u drain 0', 'ended u drain 0'])
  })
})
