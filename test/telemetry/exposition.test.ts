/** The metrics page in its three forms. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { expose } from '../../src/telemetry/exposition.ts'
import { Instruments } from '../../src/telemetry/instruments.ts'
import type { Format } from '../../src/telemetry/negotiate.ts'
import { SeriesStore } from '../../src/telemetry/series.ts'
import { parsePrometheus } from './prometheus-text.ts'

async function page(store: SeriesStore, format: Format): Promise<string> {
  let text = ''
  for await (const chunk of expose(store, format)) text += chunk
  return text
}

function small(): SeriesStore {
  const store = new SeriesStore(1000, () => 0)
  const calls = store.counter({
    name: 'calls',
    kind: 'counter',
    unit: '{call}',
    help: 'Calls "made"\\\nso far.',
    labels: ['a.b'],
    cap: 3,
  })
  const time = store.histogram({
    name: 'time',
    kind: 'histogram',
    unit: 's',
    help: 'Time.',
    labels: [],
    buckets: [0.5, 1, 1e-7 + 10],
    cap: 1,
  })
  const build = store.gauge({ name: 'build.info', kind: 'gauge', unit: '', help: 'Build.', labels: ['v'], cap: 2 })
  store.gauge({ name: 'unused', kind: 'gauge', unit: '', help: 'Never bound.', labels: ['v'], cap: 2 })
  calls.bind(['x"\\\n']).add(2)
  for (const value of [0.5, 0.7, 100]) time.bind([]).record(value)
  build.bind(['1']).set(1)
  return store
}

describe('the page', () => {
  test('as text 0.0.4', async () => {
    assert.equal(
      await page(small(), 'text'),
      [
        '# HELP calls_total Calls "made"\\\\\\nso far.',
        '# TYPE calls_total counter',
        'calls_total{a_b="x\\"\\\\\\n"} 2',
        '# HELP time_seconds Time.',
        '# TYPE time_seconds histogram',
        'time_seconds_bucket{le="0.5"} 1',
        'time_seconds_bucket{le="1"} 2',
        'time_seconds_bucket{le="10.0000001"} 2',
        'time_seconds_bucket{le="+Inf"} 3',
        'time_seconds_sum 101.2',
        'time_seconds_count 3',
        '# HELP build_info Build.',
        '# TYPE build_info gauge',
        'build_info{v="1"} 1',
        '',
      ].join('\n'),
    )
  })

  test('as OpenMetrics 1.0', async () => {
    assert.equal(
      await page(small(), 'openmetrics'),
      [
        '# TYPE calls counter',
        '# HELP calls Calls \\"made\\"\\\\\\nso far.',
        'calls_total{a_b="x\\"\\\\\\n"} 2',
        '# TYPE time_seconds histogram',
        '# UNIT time_seconds seconds',
        '# HELP time_seconds Time.',
        'time_seconds_bucket{le="0.5"} 1',
        'time_seconds_bucket{le="1.0"} 2',
        'time_seconds_bucket{le="10.0000001"} 2',
        'time_seconds_bucket{le="+Inf"} 3',
        'time_seconds_sum 101.2',
        'time_seconds_count 3',
        '# TYPE build info',
        '# HELP build Build.',
        'build_info{v="1"} 1',
        '# EOF',
        '',
      ].join('\n'),
    )
  })

  test('as JSON', async () => {
    const start = new Date(0).toISOString()
    assert.deepEqual(JSON.parse(await page(small(), 'json')), [
      {
        name: 'calls',
        kind: 'counter',
        unit: '{call}',
        help: 'Calls "made"\\\nso far.',
        series: [{ labels: { 'a.b': 'x"\\\n' }, start, value: 2 }],
      },
      {
        name: 'time',
        kind: 'histogram',
        unit: 's',
        help: 'Time.',
        series: [
          {
            labels: {},
            start,
            count: 3,
            sum: 101.2,
            buckets: [
              [0.5, 1],
              [1, 1],
              [10.0000001, 0],
            ],
          },
        ],
      },
      {
        name: 'build.info',
        kind: 'gauge',
        unit: '',
        help: 'Build.',
        series: [{ labels: { v: '1' }, start, value: 1 }],
      },
    ])
  })

  test('of an empty store is still a page', async () => {
    assert.equal(await page(new SeriesStore(), 'text'), '')
    assert.equal(await page(new SeriesStore(), 'openmetrics'), '# EOF\n')
    assert.deepEqual(JSON.parse(await page(new SeriesStore(), 'json')), [])
  })

  test('of the whole catalogue says the same in text and OpenMetrics', async () => {
    const store = new SeriesStore()
    new Instruments(store)
    for (const instrument of store.instruments) instrument.bind(instrument.def.labels.map((label) => `some ${label}`))
    const samples = (text: string) => [...parsePrometheus(text).values()].flatMap((family) => family.samples)
    const plain = samples(await page(store, 'text'))
    const open = samples(await page(store, 'openmetrics'))
    assert.ok(plain.length > 100, `${plain.length}`)
    // Only the way bounds are written differs.
    const comparable = (list: typeof plain) =>
      list.map(({ name, labels, value }) => [name, { ...labels, le: Number(labels.le ?? 0) }, value])
    assert.deepEqual(comparable(open), comparable(plain))
  })
})

test('any label value comes back unchanged', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.string({ unit: 'binary' }), { maxLength: 8 }), async (values) => {
      const store = new SeriesStore(200)
      const calls = store.counter({ name: 'calls', kind: 'counter', unit: '', help: '', labels: ['v'], cap: 20 })
      values.forEach((value, i) => void calls.bind([value]).add(i + 1))
      for (const format of ['text', 'openmetrics'] as const) {
        const [family] = parsePrometheus(await page(store, format)).values()
        const seen = (family?.samples ?? []).map(({ labels, value }) => [labels.v, value])
        assert.deepEqual(
          seen,
          values.map((value, i) => [value, i + 1]),
        )
      }
    }),
  )
})

test('values that are no finite number are written as Prometheus reads them', async () => {
  const store = new SeriesStore()
  const level = store.gauge({ name: 'level', kind: 'gauge', unit: '', help: '', labels: ['v'], cap: 9 })
  const values = [Number.NaN, Infinity, -Infinity, 1e21, 1.5e-9, -0.25]
  values.forEach((value, i) => void level.bind([String(i)]).set(value))
  const samples = parsePrometheus(await page(store, 'text')).get('level')!.samples
  assert.deepEqual(
    samples.map(({ value }) => value),
    values,
  )
})

describe('exemplars', () => {
  const one = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
  const two = { traceId: 'f'.repeat(32), spanId: '1'.repeat(16) }

  function recorded() {
    const store = new SeriesStore(1000, () => 0)
    const buckets = [0.5, 1]
    const time = store.histogram({
      name: 'time',
      kind: 'histogram',
      unit: 's',
      help: '',
      labels: ['v'],
      buckets,
      cap: 9,
    })
    return { store, series: time.bind(['a']) }
  }

  test('stand on OpenMetrics buckets, the last of each bucket, with their own time', async () => {
    const { store, series } = recorded()
    const before = Date.now()
    series.record(0.1, one)
    series.record(0.2, two)
    series.record(0.3)
    series.record(7.5, one)
    const lines = (await page(store, 'openmetrics')).split('\n').filter((line) => line.includes('_bucket'))
    const [low, middle, high] = lines.map((line) => line.split(' # '))
    assert.equal(low?.[0], 'time_seconds_bucket{v="a",le="0.5"} 3')
    const [labels, value, at] = low?.[1]?.split(' ') ?? []
    assert.equal(labels, `{trace_id="${two.traceId}",span_id="${two.spanId}"}`)
    assert.equal(value, '0.2')
    assert.match(at ?? '', /^\d+\.\d{3}$/)
    assert.ok(Number(at) * 1000 >= before - 1 && Number(at) * 1000 <= Date.now() + 1)
    assert.deepEqual(middle, ['time_seconds_bucket{v="a",le="1.0"} 3'])
    assert.match(high?.[1] ?? '', new RegExp(`^\\{trace_id="${one.traceId}",span_id="${one.spanId}"\\} 7\\.5 `))
  })

  test('stand in JSON, and nowhere in text 0.0.4, which has none', async () => {
    const { store, series } = recorded()
    series.record(0.7, one)
    assert.doesNotMatch(await page(store, 'text'), /trace_id|#\s*\{/)
    const [family] = JSON.parse(await page(store, 'json'))
    const [none, kept, above] = family.series[0].exemplars
    assert.deepEqual([none, above], [null, null])
    assert.deepEqual([kept.traceId, kept.spanId, kept.value], [one.traceId, one.spanId, 0.7])
  })

  test('go with their series', async () => {
    const { store, series } = recorded()
    series.record(0.7, one)
    const [time] = store.instruments
    time!.unbind(['a'])
    series.record(0.7, one)
    time!.bind(['a'])
    assert.doesNotMatch(await page(store, 'openmetrics'), /trace_id/)
  })
})

describe('slices', () => {
  const large = () => {
    const store = new SeriesStore()
    const buckets = Array.from({ length: 16 }, (_, i) => i)
    const time = store.histogram({
      name: 'time',
      kind: 'histogram',
      unit: 's',
      help: '',
      labels: ['v'],
      buckets,
      cap: 5001,
    })
    for (let i = 0; i < 5000; i++) time.bind([String(i)]).record(i % 20)
    return { store, time }
  }

  test('let the event loop turn while a large page is written', async () => {
    const { store } = large()
    let turns = 0
    let turning = true
    const turn = () => {
      turns++
      if (turning) setImmediate(turn)
    }
    setImmediate(turn)
    let longest = 0
    for await (const { length } of expose(store, 'text')) longest = Math.max(longest, length)
    turning = false
    assert.ok(turns > 2, `${turns} turns`)
    assert.ok(longest < 65_536, `${longest} characters`)
  })

  test('survive series that come and go between them', async () => {
    const { store, time } = large()
    let text = ''
    let chunk = 0
    for await (const part of expose(store, 'text')) {
      text += part
      for (let i = 0; i < 100; i++) time.unbind([String(4999 - i - chunk * 100)])
      time.bind([`new ${chunk++}`]).record(1)
    }
    const { samples } = parsePrometheus(text).get('time_seconds')!
    const counts = samples.filter(({ name }) => name.endsWith('_count'))
    assert.ok(counts.every(({ value }) => value === 1))
    assert.equal(samples.length, counts.length * 19)
  })

  test('end when the reader of the page leaves', async () => {
    for await (const _ of expose(large().store, 'text')) break
  })
})
