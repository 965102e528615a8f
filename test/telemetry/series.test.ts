/** The series store: binding, caps, freeing and recordings. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { CounterDef, HistogramDef } from '../../src/telemetry/definition.ts'
import { SeriesStore } from '../../src/telemetry/series.ts'

const counterDef: CounterDef = { name: 'calls', kind: 'counter', unit: '', help: '', labels: ['a', 'b'], cap: 4 }
const histogramDef: HistogramDef = {
  name: 'size',
  kind: 'histogram',
  unit: 'By',
  help: '',
  labels: ['a'],
  buckets: [1, 10],
  cap: 3,
}

describe('bind', () => {
  test('gives the same series for the same label values', () => {
    const calls = new SeriesStore().counter(counterDef)
    calls.bind(['x', 'y']).add(2)
    calls.bind(['x', 'y']).add(3)
    assert.equal(calls.bind(['x', 'y']).value, 5)
    assert.equal(calls.series.size, 1)
  })

  test('tells label values apart that read the same when joined', () => {
    const calls = new SeriesStore().counter({ ...counterDef, cap: 8 })
    const values = [
      ['ab', 'c'],
      ['a', 'bc'],
      ['a\0b', 'c'],
      ['a', 'b\0c'],
      ['', 'abc'],
    ] as const
    assert.equal(new Set(values.map((pair) => calls.bind(pair))).size, values.length)
  })

  test('keeps its own copy of the label values', () => {
    const calls = new SeriesStore().counter(counterDef)
    const values = ['x', 'y']
    const series = calls.bind(values)
    values[0] = 'changed'
    assert.deepEqual(series.labelValues, ['x', 'y'])
  })

  test('refuses a wrong number of label values, also beside a known series', () => {
    const calls = new SeriesStore().counter(counterDef)
    calls.bind(['x', 'y'])
    for (const values of [[], ['x'], ['x', 'y', 'z']]) assert.throws(() => calls.bind(values), RangeError)
  })

  test('has the series of an instrument without labels from the start', () => {
    const store = new SeriesStore()
    assert.equal(store.counter({ ...counterDef, labels: [], cap: 1 }).series.size, 1)
  })
})

describe('the cap', () => {
  test('sends what is beyond it to the _other series and counts that', () => {
    const calls = new SeriesStore().counter(counterDef)
    for (const b of ['1', '2', '3']) calls.bind(['x', b]).add(1)
    assert.equal(calls.overflowed, 0)
    for (const b of ['4', '5', '4']) calls.bind(['x', b]).add(1)
    assert.equal(calls.overflowed, 3)
    assert.deepEqual(calls.bind(['x', '9']).labelValues, ['_other', '_other'])
    assert.equal(calls.bind(['_other', '_other']).value, 3)
    assert.equal(calls.series.size, counterDef.cap)
  })

  test('leaves room for _other when it is bound by name first', () => {
    const calls = new SeriesStore().counter(counterDef)
    calls.bind(['_other', '_other']).add(1)
    for (const b of ['1', '2', '3']) assert.deepEqual(calls.bind(['x', b]).labelValues, ['x', b])
    assert.equal(calls.overflowed, 0)
  })
})

describe('unbind', () => {
  test('gives the row to another series, empty and with a new start time', () => {
    let now = 100
    const size = new SeriesStore(1000, () => now).histogram({ ...histogramDef, cap: 2 })
    size.bind(['old']).record(5)
    now = 200
    assert.equal(size.unbind(['old']), true)
    const fresh = size.bind(['new'])
    assert.deepEqual([fresh.count, fresh.sum, fresh.bucket(0), fresh.bucket(1)], [0, 0, 0, 0])
    assert.equal(fresh.startTime, 200)
    assert.equal(size.overflowed, 0)
    assert.deepEqual([...size.series], [fresh])
  })

  test('keeps late recordings away from the next owner of the row', () => {
    const store = new SeriesStore()
    const size = store.histogram({ ...histogramDef, cap: 2 })
    const calls = store.counter({ ...counterDef, cap: 2 })
    const oldSize = size.bind(['old'])
    const oldCalls = calls.bind(['old', 'old'])
    size.unbind(['old'])
    calls.unbind(['old', 'old'])
    const fresh = [size.bind(['new']), calls.bind(['new', 'new'])] as const
    oldSize.record(5)
    oldCalls.add(1)
    assert.equal(fresh[0].count, 0)
    assert.equal(fresh[1].value, 0)
  })

  test('knows only what is bound, and never frees _other', () => {
    const calls = new SeriesStore().counter(counterDef)
    calls.bind(['_other', '_other'])
    calls.bind(['x', 'y'])
    for (const values of [['x'], ['x', 'z'], ['q', 'y'], ['_other', '_other']])
      assert.equal(calls.unbind(values), false)
    assert.equal(calls.unbind(['x', 'y']), true)
    assert.equal(calls.unbind(['x', 'y']), false)
  })

  test('keeps every total right through any order of binding, freeing and counting', () => {
    const step = fc.record({ what: fc.constantFrom('add', 'free'), a: fc.nat(3), b: fc.nat(3) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const calls = new SeriesStore(200).counter({ ...counterDef, cap: 8 })
        const expected = new Map<string, number>()
        for (const { what, a, b } of steps) {
          const values = [String(a), String(b)]
          if (what === 'free') assert.equal(calls.unbind(values), expected.delete(values.join()))
          else {
            const key = expected.has(values.join()) || sizeOf(expected) < 7 ? values.join() : '_other,_other'
            calls.bind(values).add(1)
            expected.set(key, (expected.get(key) ?? 0) + 1)
          }
        }
        const seen = new Map([...calls.series].map((series) => [series.labelValues.join(), series.value]))
        assert.deepEqual([...seen].sort(), [...expected].sort())
      }),
    )
  })
})

describe('unbindWhere', () => {
  test('frees every series with the value at that position, and no other', () => {
    const calls = new SeriesStore().counter({ ...counterDef, cap: 5 })
    for (const [a, b] of ['gone x', 'gone y', 'kept gone', 'kept x'].map((pair) => pair.split(' '))) {
      calls.bind([a!, b!]).add(1)
    }
    assert.equal(calls.unbindWhere(['gone']), 2)
    assert.deepEqual(
      [...calls.series].map((series) => [...series.labelValues, series.value]),
      [
        ['kept', 'gone', 1],
        ['kept', 'x', 1],
      ],
    )
    assert.equal(calls.unbindWhere(['gone']), 0)
    for (const b of ['1', '2']) assert.equal(calls.bind(['new', b]).value, 0)
    assert.equal(calls.overflowed, 0)
  })

  test('never frees _other, and knows no label beyond the last', () => {
    const calls = new SeriesStore().counter(counterDef)
    calls.bind(['_other', '_other']).add(1)
    calls.bind(['_other', 'x']).add(1)
    assert.equal(calls.unbindWhere([undefined, undefined, 'x']), 0)
    assert.equal(calls.unbindWhere(['_other']), 1)
    assert.deepEqual(
      [...calls.series].map((series) => series.labelValues),
      [['_other', '_other']],
    )
  })
})

describe('recordings', () => {
  test('a counter never falls', () => {
    const series = new SeriesStore().counter(counterDef).bind(['x', 'y'])
    for (const n of [2, -1, Number.NaN, 0.5]) series.add(n)
    assert.equal(series.value, 2.5)
  })

  test('a gauge rises, falls and is set', () => {
    const series = new SeriesStore().gauge({ ...counterDef, kind: 'gauge' }).bind(['x', 'y'])
    series.set(5)
    series.add(-7)
    assert.equal(series.value, -2)
  })

  test('a histogram counts a bound in its own bucket and ignores what is no number', () => {
    const series = new SeriesStore().histogram(histogramDef).bind(['x'])
    for (const n of [0, 1, 1.5, 10, 11, Number.NaN]) series.record(n)
    assert.deepEqual([series.bucket(0), series.bucket(1), series.count, series.sum], [2, 2, 5, 23.5])
  })

  test('neighbouring rows do not touch each other', () => {
    const store = new SeriesStore()
    const size = store.histogram(histogramDef)
    const calls = store.counter(counterDef)
    const [a, b] = [size.bind(['a']), size.bind(['b'])]
    a.record(100)
    b.record(0.5)
    calls.bind(['x', 'y']).add(7)
    assert.deepEqual([a.count, a.sum, a.bucket(0), a.bucket(1)], [1, 100, 0, 0])
    assert.deepEqual([b.count, b.sum, b.bucket(0), b.bucket(1)], [1, 0.5, 1, 0])
  })
})

describe('the store', () => {
  test('runs observers once at each collection until they are removed', () => {
    const store = new SeriesStore()
    let runs = 0
    const remove = store.observe(() => runs++)
    for (const _ of store.collect()) assert.fail('there is no instrument')
    assert.equal(runs, 1)
    remove()
    store.collect()
    assert.equal(runs, 1)
  })

  test('refuses at creation what it could not hold later', () => {
    const store = new SeriesStore(80)
    store.counter({ ...counterDef, cap: 10 })
    assert.throws(() => store.counter({ ...counterDef, name: 'more', cap: 10 }), /full/)
    assert.throws(() => store.counter({ ...counterDef, cap: 2 }), /exists/)
    assert.throws(() => store.counter({ ...counterDef, name: 'small', cap: 1 }), /cap/)
    assert.throws(() => store.histogram({ ...histogramDef, buckets: [1, 1] }), /rise/)
    const many = Array.from({ length: 63 }, (_, i) => i)
    assert.throws(() => store.histogram({ ...histogramDef, buckets: many }), /cells/)
  })
})

const sizeOf = (expected: ReadonlyMap<string, number>): number =>
  expected.size - (expected.has('_other,_other') ? 1 : 0)
