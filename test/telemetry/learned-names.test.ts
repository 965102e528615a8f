/** Which names become labels: listed ones, a few before any list was seen, and never what callers invent. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { LearnedNames } from '../../src/telemetry/learned-names.ts'

const HOUR = 3_600_000

function learner(caps: { listed?: number; provisional?: number } = {}) {
  const seen = { now: 0, forgotten: [] as string[], overflows: 0 }
  const names = new LearnedNames({
    ...caps,
    now: () => seen.now,
    onForgotten: (name) => seen.forgotten.push(name),
    onOverflow: () => seen.overflows++,
  })
  return { names, seen }
}

const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`)

describe('before a list was seen', () => {
  it('takes the first names that are called, up to the cap', () => {
    const { names, seen } = learner({ provisional: 2 })
    assert.deepEqual(
      ['a', 'b', 'c', 'a'].map((name) => names.label(name)),
      ['a', 'b', '_other', 'a'],
    )
    assert.equal(seen.overflows, 1)
  })

  it('takes no name that is empty, too long, ill-formed or ours', () => {
    const { names, seen } = learner()
    assert.equal(names.label('x'.repeat(128)), 'x'.repeat(128))
    for (const name of ['', 'x'.repeat(129), 'a\ud800', '_other']) assert.equal(names.label(name), '_other')
    assert.deepEqual([names.size, seen.overflows], [1, 4])
  })

  it('keeps provisional names beside listed ones while lists are incomplete', () => {
    const { names } = learner({ provisional: 2 })
    names.label('a')
    names.learn(['a', 'b'])
    assert.deepEqual(
      ['a', 'b', 'c', 'd', 'e'].map((name) => names.label(name)),
      ['a', 'b', 'c', 'd', '_other'],
    )
  })
})

describe('once a whole list was seen', () => {
  it('forgets provisional names that it does not have, and takes no other', () => {
    const { names, seen } = learner()
    for (const name of ['a', 'b', 'c']) names.label(name)
    names.learn(['b', 'd'])
    names.complete()
    assert.deepEqual(seen.forgotten, ['a', 'c'])
    assert.deepEqual(
      ['a', 'b', 'c', 'd', 'new'].map((name) => names.label(name)),
      ['_other', 'b', '_other', 'd', '_other'],
    )
    assert.equal(seen.overflows, 3)
  })

  it('has the union of all lists', () => {
    const { names, seen } = learner()
    names.learn(['a', 'b'])
    names.complete()
    names.learn(['b', 'c'])
    names.complete()
    assert.deepEqual(
      ['a', 'b', 'c'].map((name) => names.label(name)),
      ['a', 'b', 'c'],
    )
    assert.deepEqual(seen.forgotten, [])
  })

  it('learns nothing beyond the cap until something is forgotten', () => {
    const { names, seen } = learner({ listed: 3 })
    names.learn(['a', 'a', ...numbered('n', 1_000)])
    names.complete()
    assert.deepEqual(
      ['a', 'n0', 'n1', 'n2'].map((name) => names.label(name)),
      ['a', 'n0', 'n1', '_other'],
    )
    seen.now = HOUR
    names.learn(['a', 'n0'])
    names.expire()
    names.expire()
    assert.equal(names.size, 3, 'n1 was called, and has an hour from when that was found')
    seen.now = 2 * HOUR
    names.learn(['a', 'n0'])
    names.expire()
    names.learn(['n2'])
    assert.deepEqual(seen.forgotten, ['n1'])
    assert.deepEqual(
      ['a', 'n0', 'n1', 'n2'].map((name) => names.label(name)),
      ['a', 'n0', '_other', 'n2'],
    )
  })
})

describe('time', () => {
  it('makes names go that are neither listed nor called', () => {
    const { names, seen } = learner()
    names.learn(['listed', 'called', 'silent'])
    names.complete()
    for (seen.now = HOUR / 2; seen.now <= 3 * HOUR; seen.now += HOUR / 2) {
      names.learn(['listed'])
      assert.equal(names.label('called'), 'called')
      names.expire()
    }
    assert.deepEqual(seen.forgotten, ['silent'])
    seen.now += HOUR
    names.expire()
    assert.deepEqual(seen.forgotten.toSorted(), ['called', 'listed', 'silent'])
    assert.equal(names.size, 0)
  })

  it('makes room for provisional names that were called once', () => {
    const { names, seen } = learner({ provisional: 1 })
    names.label('first')
    names.expire()
    seen.now = HOUR - 1
    names.expire()
    assert.equal(names.label('second'), '_other')
    seen.now = HOUR
    names.expire()
    assert.deepEqual(seen.forgotten, ['first'])
    assert.equal(names.label('second'), 'second')
  })
})

describe('a flood of names', () => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const heap = () => {
    gc()
    return process.memoryUsage().heapUsed
  }
  // The first ones are slices of a body, as a scanner may give them: kept as they are, each keeps 40 kB alive.
  const invented = (i: number) => `${i}-${'x'.repeat(40)}${'y'.repeat(i < 1_000 ? 40_000 : 0)}`.slice(0, 40)

  for (const listed of [false, true]) {
    it(`leaves ${listed ? 'no' : 'at most 50'} new labels and a flat heap ${listed ? 'after' : 'before'} a list`, () => {
      const { names } = learner()
      if (listed) {
        names.learn(['a'])
        names.complete()
      }
      const before = heap()
      const labels = new Set<string>()
      for (let i = 0; i < 100_000; i++) labels.add(names.label(invented(i)))
      assert.equal(labels.size, listed ? 1 : 51)
      assert.equal(names.size, listed ? 1 : 50)
      const grown = heap() - before
      assert.ok(grown < 500_000, `the heap grew by ${grown} bytes`)
      assert.equal(names.label('a'), listed ? 'a' : '_other')
    })
  }

  it('in lists leaves 500 labels and a flat heap', () => {
    const { names } = learner()
    names.learn(numbered('tool', 400))
    const before = heap()
    for (let i = 0; i < 100; i++) {
      names.learn(Array.from({ length: 1_000 }, (_, n) => invented(i * 1_000 + n)))
      names.complete()
    }
    assert.equal(names.size, 500)
    const grown = heap() - before
    assert.ok(grown < 500_000, `the heap grew by ${grown} bytes`)
    assert.equal(names.label('tool399'), 'tool399')
  })
})
