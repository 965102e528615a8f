/** Every session is checked once per interval, and is dead by evidence only: 404, a restart, a stream that was lost. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MINUTE, SECOND, stage } from './stage.ts'

describe('the liveness pass', () => {
  it('counts every session once per interval, upstream by upstream', () => {
    const { registry, heartbeats, live } = stage({ heartbeatMs: 30 * SECOND })
    for (const id of ['a', 'b', 'c']) registry.seen('u', 'e', id)
    registry.seen('v', 'f', 'a')
    live(29 * SECOND)
    assert.equal(heartbeats.size, 0)
    live(SECOND)
    assert.deepEqual(
      [...heartbeats],
      [
        ['u', 3],
        ['v', 1],
      ],
    )
    live(60 * SECOND)
    assert.deepEqual([...heartbeats.values()], [9, 3])
  })

  it('goes on at the next tick when there are many, and neither misses nor repeats one that is used or ends meanwhile', () => {
    const { registry, heartbeats, pass, session } = stage({ max: 100_000, heartbeatMs: 30 * SECOND })
    const sessions = Array.from({ length: 45_000 }, (_, i) => session(`${i}`))
    const some = (...at: number[]) => at.map((i) => sessions[i] ?? assert.fail(`no ${i}`))
    pass(30 * SECOND)
    registry.tick()
    assert.equal(heartbeats.get('u'), 20_000)
    // One that was checked, the one that comes next, the last; and one that is new in the middle of the pass.
    for (const used of some(5, 30_000)) registry.touch(used)
    for (const gone of some(6, 20_000, 20_001, 44_999)) registry.end(gone, 'delete')
    session('late')
    for (const expected of [40_000, 44_997, 44_997]) {
      pass(SECOND)
      registry.tick()
      assert.equal(heartbeats.get('u'), expected)
    }
  })

  it('ends when the session ends that it would have come to next', () => {
    const { registry, heartbeats, pass, session, live } = stage({ max: 100_000, heartbeatMs: 30 * SECOND })
    for (let i = 0; i < 20_001; i++) session(`${i}`)
    pass(30 * SECOND)
    registry.tick()
    registry.end(session('20000'), 'delete')
    live(30 * SECOND)
    assert.equal(heartbeats.get('u'), 40_000)
  })
})

describe('a session whose upstream answers 404', () => {
  it('is dead, and counted as that', () => {
    const { registry, heard, session } = stage()
    registry.end(session(), 'upstream_404')
    assert.deepEqual(heard, ['created u', 'ended u upstream_404 0', 'dead u upstream_404'])
  })
})

describe('a session whose endpoint restarted', () => {
  it('is dead at the next pass, when the endpoint is its own', () => {
    const { registry, heard, live, session } = stage()
    session('a')
    registry.seen('u', 'e2', 'b')
    registry.seen('v', 'e', 'c')
    live(SECOND)
    registry.endpointRestarted('u', 'e')
    live(MINUTE)
    assert.deepEqual(heard.slice(3), ['ended u restart 30', 'dead u restart'])
  })

  it('lives when it was made or answered since', () => {
    const { registry, live, pass, session } = stage()
    const answered = session('answered')
    const asked = session('asked')
    pass(SECOND)
    registry.endpointRestarted('u', 'e')
    const made = session('made')
    registry.answered(answered)
    registry.touch(asked)
    live(5 * MINUTE)
    assert.deepEqual(registry.list({ limit: 9 }), [answered, made])
    assert.equal(asked.ended, 'restart')
  })

  it('lives while a stream is open: the process that holds it is still there', () => {
    const { registry, live, session } = stage()
    const streaming = session()
    registry.streamOpened(streaming)
    live(SECOND)
    registry.endpointRestarted('u', 'e')
    live(5 * MINUTE)
    assert.equal(streaming.ended, undefined)
  })

  it('is found also when the pass had gone by it as the restart became known', () => {
    const { registry, heard, live, pass, session } = stage({ max: 100_000, resumeMs: 60 * MINUTE })
    for (let i = 0; i < 20_001; i++) session(`${i}`)
    pass(30 * SECOND)
    registry.tick()
    registry.endpointRestarted('u', 'e')
    live(80 * SECOND)
    assert.equal(registry.size, 0)
    assert.equal(heard.filter((line) => line === 'dead u restart').length, 20_001)
  })
})

describe('many sessions whose endpoint restarted', () => {
  it('are ended a bounded number at a time', () => {
    const { registry, pass, session } = stage({ max: 10_000 })
    for (let i = 0; i < 2_500; i++) session(`${i}`)
    pass(SECOND)
    registry.endpointRestarted('u', 'e')
    pass(30 * SECOND)
    const left = [0, 1, 2].map(() => {
      registry.tick()
      pass(SECOND)
      return registry.size
    })
    assert.deepEqual(left, [1_500, 500, 0])
  })
})

describe('a session with a stream that the upstream reset', () => {
  const lost = () => {
    const set = stage()
    const session = set.session()
    set.registry.streamOpened(session)
    set.live(SECOND)
    set.registry.streamClosed(session, 'reset')
    return { ...set, lost: session }
  }

  it('is dead when its time to resume is over', () => {
    const { heard, live, lost: session } = lost()
    live(9 * SECOND)
    assert.equal(session.ended, undefined)
    live(SECOND)
    assert.deepEqual(heard, ['created u', 'ended u stream_lost 11', 'dead u stream_lost'])
  })

  for (const sign of ['a new stream', 'a success', 'a response with its id'] as const) {
    it(`lives after ${sign}`, () => {
      const { registry, live, lost: session } = lost()
      live(9 * SECOND)
      if (sign === 'a new stream') registry.streamOpened(session)
      else if (sign === 'a success') registry.answered(session)
      else registry.seen('u', 'e', 'a')
      live(MINUTE)
      assert.equal(session.ended, undefined)
    })
  }

  it('is dead all the same when only its downstream is heard of', () => {
    const { registry, live, lost: session } = lost()
    registry.touch(session)
    live(10 * SECOND)
    assert.equal(session.ended, 'stream_lost')
  })

  it('lives while another stream is open, and when that ends cleanly', () => {
    const { registry, live, session } = stage()
    const two = session()
    registry.streamOpened(two)
    registry.streamOpened(two)
    registry.streamClosed(two, 'reset')
    live(MINUTE)
    registry.streamClosed(two, 'clean')
    live(MINUTE)
    assert.equal(two.ended, undefined)
  })

  it('lives when another stream ends cleanly in its time: the upstream is there', () => {
    const { registry, live, session } = stage()
    const two = session()
    registry.streamOpened(two)
    registry.streamOpened(two)
    registry.streamClosed(two, 'reset')
    live(3 * SECOND)
    registry.streamClosed(two, 'clean')
    live(MINUTE)
    assert.equal(two.ended, undefined)
  })

  it('waits for a later tick when there are many, together with others that end', () => {
    const { registry, pass, session } = stage({ max: 10_000, idleMs: 5 * SECOND })
    for (let i = 0; i < 600; i++) {
      const streaming = session(`lost-${i}`)
      registry.streamOpened(streaming)
      registry.streamClosed(streaming, 'reset')
      streaming.pending = { ended: () => {} }
      session(`idle-${i}`)
    }
    pass(10 * SECOND)
    registry.tick()
    assert.equal(registry.size, 200)
    registry.tick()
    assert.equal(registry.size, 0)
  })

  it('has its time from the last reset', () => {
    const { registry, live, session } = stage()
    const [one, two] = [session('one'), session('two')]
    for (const each of [one, one, two]) registry.streamOpened(each)
    registry.streamClosed(one, 'reset')
    live(3 * SECOND)
    registry.streamClosed(two, 'reset')
    live(3 * SECOND)
    registry.streamClosed(one, 'reset')
    live(7 * SECOND)
    assert.deepEqual([one.ended, two.ended], [undefined, 'stream_lost'])
    live(3 * SECOND)
    assert.equal(one.ended, 'stream_lost')
  })

  it('is not one whose downstream went, or whose upstream ended the stream', () => {
    for (const how of ['downstream', 'clean'] as const) {
      const { registry, live, session } = stage()
      const left = session()
      registry.streamOpened(left)
      registry.streamClosed(left, how)
      live(MINUTE)
      assert.equal(left.ended, undefined, how)
    }
  })

  it('begins anew when its id is answered again', () => {
    const { registry, heard, live, lost: session } = lost()
    live(10 * SECOND)
    assert.notEqual(registry.seen('u', 'e', 'a'), session)
    assert.deepEqual([registry.size, heard.at(-1)], [1, 'created u'])
  })
})
