/** Permits and the line for them: bounded, first come first served, and none is ever lost or given twice. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type PermitLimits, Permits, Waiter } from '../../src/upstream/permits.ts'

const limits = (more: Partial<PermitLimits> = {}): PermitLimits => ({
  calls: 1,
  streams: 1,
  queue: 3,
  queueTimeout: 60_000,
  ...more,
})

/** A line of named waiters, and what each has heard. */
function line(permits: Permits) {
  const heard: string[] = []
  const waiter = (name: string) =>
    new Waiter(
      () => heard.push(`${name} granted`),
      (code) => heard.push(`${name} ${code}`),
    )
  const join = (name: string): Waiter => {
    const made = waiter(name)
    assert.ok(permits.wait(made), `${name} finds a place`)
    return made
  }
  return { heard, waiter, join }
}

describe('permits for calls', () => {
  it('are as many as there are, and come back', () => {
    const permits = new Permits(limits({ calls: 2 }))
    assert.deepEqual([permits.tryCall(), permits.tryCall(), permits.tryCall()], [true, true, false])
    permits.releaseCall()
    assert.deepEqual([permits.calls, permits.tryCall(), permits.tryCall()], [1, true, false])
  })

  it('go to those in line in their order, and to nobody who comes later', () => {
    const permits = new Permits(limits())
    const { heard, join } = line(permits)
    permits.tryCall()
    for (const name of ['a', 'b', 'c']) join(name)
    permits.releaseCall()
    assert.equal(permits.tryCall(), false, 'b is before')
    permits.releaseCall()
    permits.releaseCall()
    assert.deepEqual(heard, ['a granted', 'b granted', 'c granted'])
    assert.deepEqual([permits.calls, permits.pending], [1, 0])
    permits.releaseCall()
    assert.deepEqual([permits.calls, permits.tryCall()], [0, true])
  })

  it('may be given back by one who just got it, and reach the next', () => {
    const permits = new Permits(limits())
    const { heard, join } = line(permits)
    permits.tryCall()
    const hasty = new Waiter(
      () => permits.releaseCall(),
      () => {},
    )
    assert.ok(permits.wait(hasty))
    join('next')
    permits.releaseCall()
    assert.deepEqual([heard, permits.calls, permits.pending], [['next granted'], 1, 0])
  })
})

describe('the line', () => {
  for (const leaver of [0, 1, 2]) {
    it(`is left from place ${leaver + 1} of 3 without a trace`, () => {
      const permits = new Permits(limits())
      const { heard, join } = line(permits)
      permits.tryCall()
      const waiters = ['a', 'b', 'c'].map(join)
      permits.leave(waiters[leaver] as Waiter)
      // A second time does nothing.
      permits.leave(waiters[leaver] as Waiter)
      assert.equal(permits.pending, 2)
      join('d')
      for (let i = 0; i < 3; i++) permits.releaseCall()
      const expected = ['a', 'b', 'c', 'd'].filter((_, i) => i !== leaver).map((name) => `${name} granted`)
      assert.deepEqual(heard, expected)
      permits.releaseCall()
      assert.deepEqual([permits.calls, permits.pending], [0, 0])
    })
  }

  it('is bounded: who finds no place is told, and hears nothing more', () => {
    const permits = new Permits(limits({ queue: 1 }))
    const { heard, waiter, join } = line(permits)
    permits.tryCall()
    join('a')
    assert.equal(permits.wait(waiter('b')), false)
    permits.releaseCall()
    permits.releaseCall()
    assert.deepEqual(heard, ['a granted'])
  })

  it('may have no places at all', () => {
    const permits = new Permits(limits({ queue: 0 }))
    permits.tryCall()
    assert.equal(permits.wait(line(permits).waiter('a')), false)
    assert.equal(permits.pending, 0)
  })

  it('is left after the time that one may wait, in order, and the permits are still there', async () => {
    const permits = new Permits(limits({ queueTimeout: 20 }))
    const { heard, join } = line(permits)
    permits.tryCall()
    const waiters = ['a', 'b'].map(join)
    await new Promise<void>((resolve) => {
      const poll = setInterval(() => {
        if (permits.pending > 0) return
        clearInterval(poll)
        resolve()
      }, 2)
    })
    assert.deepEqual(heard, ['a queue_timeout', 'b queue_timeout'])
    for (const waiter of waiters) permits.leave(waiter)
    assert.deepEqual([permits.calls, permits.pending], [1, 0])
    permits.releaseCall()
    assert.equal(permits.tryCall(), true)
  })

  it('keeps no timer of those who were granted or have left', () => {
    const permits = new Permits(limits())
    const { join } = line(permits)
    permits.tryCall()
    const [granted, left] = ['a', 'b'].map(join) as [Waiter, Waiter]
    permits.leave(left)
    permits.releaseCall()
    for (const { timer } of [granted, left])
      assert.equal((timer as unknown as { _destroyed: boolean })._destroyed, true)
  })
})

describe('a call that becomes a stream', () => {
  it('gives its call permit to the next in line', () => {
    const permits = new Permits(limits())
    const { heard, join } = line(permits)
    permits.tryCall()
    join('a')
    assert.equal(permits.becomeStream(), true)
    assert.deepEqual([heard, permits.calls, permits.streams], [['a granted'], 1, 1])
    permits.releaseStream()
    assert.equal(permits.streams, 0)
  })

  it('keeps it where no stream is free', () => {
    const permits = new Permits(limits({ calls: 2 }))
    permits.tryCall()
    assert.equal(permits.becomeStream(), true)
    permits.tryCall()
    assert.equal(permits.becomeStream(), false)
    assert.deepEqual([permits.calls, permits.streams], [1, 1])
  })
})

describe('any sequence', () => {
  /** Plain lists of who holds what, in the same order as the line. */
  class Model {
    readonly limits: PermitLimits
    calls: number[] = []
    streams: number[] = []
    waiting: number[] = []
    granted: number[] = []

    constructor(given: PermitLimits) {
      this.limits = given
    }

    free(id: number): void {
      this.calls = this.calls.filter((each) => each !== id)
      const next = this.waiting.shift()
      if (next === undefined) return
      this.calls.push(next)
      this.granted.push(next)
    }
  }

  const steps = fc.array(fc.tuple(fc.constantFrom('come', 'come', 'go', 'leave', 'stream', 'end'), fc.nat()), {
    maxLength: 80,
  })
  const bounds = fc.record({ calls: fc.integer({ min: 1, max: 3 }), streams: fc.nat(2), queue: fc.nat(4) })

  it('of coming, going, leaving and streaming holds what lists would hold', () => {
    fc.assert(
      fc.property(bounds, steps, (bound, sequence) => {
        const permits = new Permits(limits(bound))
        const model = new Model(limits(bound))
        const granted: number[] = []
        const waiters = new Map<number, Waiter>()
        let id = 0
        const pick = (from: readonly number[], at: number) => from[at % Math.max(1, from.length)]
        const acts: Readonly<Record<string, (at: number) => void>> = {
          come: () => {
            const me = ++id
            const free = model.calls.length < bound.calls && model.waiting.length === 0
            assert.equal(permits.tryCall(), free)
            if (free) return void model.calls.push(me)
            const waiter = new Waiter(
              () => granted.push(me),
              () => assert.fail('nobody waits that long'),
            )
            const place = model.waiting.length < bound.queue
            assert.equal(permits.wait(waiter), place)
            if (!place) return
            model.waiting.push(me)
            waiters.set(me, waiter)
          },
          go: (at) => {
            const who = pick(model.calls, at)
            if (who === undefined) return
            permits.releaseCall()
            model.free(who)
          },
          leave: (at) => {
            const who = pick(model.waiting, at)
            if (who === undefined) return
            permits.leave(waiters.get(who) as Waiter)
            model.waiting = model.waiting.filter((each) => each !== who)
          },
          stream: (at) => {
            const who = pick(model.calls, at)
            if (who === undefined) return
            const free = model.streams.length < bound.streams
            assert.equal(permits.becomeStream(), free)
            if (!free) return
            model.streams.push(who)
            model.free(who)
          },
          end: () => {
            if (model.streams.pop() !== undefined) permits.releaseStream()
          },
        }
        try {
          for (const [step, at] of sequence) {
            acts[step]?.(at)
            assert.deepEqual(
              [permits.calls, permits.streams, permits.pending, granted],
              [model.calls.length, model.streams.length, model.waiting.length, model.granted],
            )
          }
        } finally {
          for (const waiter of waiters.values()) permits.leave(waiter)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('other limits', () => {
  it('that are higher let in who waits, in order and no more than there is room for', () => {
    const permits = new Permits(limits())
    const { heard, join } = line(permits)
    assert.equal(permits.tryCall(), true)
    const last = ['a', 'b', 'c'].map(join).at(-1) as Waiter
    permits.limit(limits({ calls: 3 }))
    assert.deepEqual([heard, permits.calls, permits.pending], [['a granted', 'b granted'], 3, 1])
    permits.leave(last)
  })

  it('that are lower take nothing away, and hold from then on', () => {
    const permits = new Permits(limits({ calls: 2, queue: 0 }))
    const { waiter } = line(permits)
    assert.deepEqual([permits.tryCall(), permits.tryCall()], [true, true])
    permits.limit(limits({ calls: 1, queue: 0 }))
    permits.releaseCall()
    assert.deepEqual([permits.calls, permits.tryCall(), permits.wait(waiter('late'))], [1, false, false])
    permits.releaseCall()
    assert.equal(permits.tryCall(), true)
  })
})
