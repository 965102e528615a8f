/** What interceptors record through `@opentelemetry/api` stands on our page, under our naming, and cannot grow. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { metrics } from '@opentelemetry/api'
import { type ApiMetrics, createApiMetrics } from '../../src/telemetry/api-metrics.ts'
import { expose } from '../../src/telemetry/exposition.ts'
import type { FamilySource } from '../../src/telemetry/family.ts'
import type { Format } from '../../src/telemetry/negotiate.ts'
import { startMetricExport } from '../../src/telemetry/otlp/metrics.ts'
import { SeriesStore } from '../../src/telemetry/series.ts'
import { receiver } from './otlp/receiver.ts'
import { parsePrometheus } from './prometheus-text.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

interface Stage {
  readonly api: ApiMetrics
  readonly store: SeriesStore
  readonly told: { readonly message: string; readonly metric?: string }[]
  page(format?: Format): Promise<string>
  flush(): Promise<void>
}

async function stage(endpoint?: string): Promise<Stage> {
  const told: Stage['told'] = []
  const note = (fields: object, message: string) => told.push({ ...fields, message })
  const log = { info: note, warn: note }
  const store = new SeriesStore()
  store.counter({ name: 'ours', kind: 'counter', unit: '', help: 'Ours.', labels: [], cap: 1 })
  store.histogram({ name: 'our.duration', kind: 'histogram', unit: 's', help: 'O.', labels: [], cap: 1, buckets: [1] })
  const api = await createApiMetrics(log)
  const otlp = { protocol: 'grpc', headers: {}, timeout: 1000, gzip: false, ...(endpoint && { endpoint }) } as const
  const exporting = await startMetricExport(
    {
      enabled: true,
      metrics: {
        exporters: undefined,
        interval: 3_600_000,
        timeout: 1000,
        otlp,
      },
    },
    store,
    { version: '1', resource: {}, log, failed: () => {}, api },
  )
  closing.push(() => exporting.close(1000))
  const page = async (format: Format = 'text') => whole(await api.page(store), format)
  return { api, store, told, page, flush: () => exporting.flush(5000) }
}

async function whole(source: FamilySource, format: Format): Promise<string> {
  let text = ''
  for await (const chunk of expose(source, format)) text += chunk
  return text
}

const labels = (more: Record<string, string> = {}) => ({ otel_scope_name: 'redact', ...more })

test('every kind of instrument stands behind our own, named as ours are', async () => {
  const { page } = await stage()
  const meter = metrics.getMeter('redact', '2.0')
  meter
    .createCounter('redact.fields', { unit: '{field}', description: 'Fields removed.' })
    .add(3, { 'field.name': 'a"b' })
  meter.createUpDownCounter('redact.open').add(-2)
  meter.createGauge('redact.ratio', { unit: '1' }).record(0.5)
  const histogram = meter.createHistogram('redact.duration', {
    unit: 'ms',
    advice: { explicitBucketBoundaries: [1, 10] },
  })
  for (const value of [0.5, 1, 5, 100]) histogram.record(value, { kind: 'x' })
  meter.createObservableGauge('redact.size', { unit: 'By' }).addCallback((result) => result.observe(7, { n: 1 }))

  const families = parsePrometheus(await page())
  assert.deepEqual(
    [...families.keys()],
    [
      'ours_total',
      'our_duration_seconds',
      'redact_fields_total',
      'redact_open',
      'redact_ratio',
      'redact_duration_milliseconds',
      'redact_size_bytes',
    ],
  )
  const version = { otel_scope_version: '2.0' }
  assert.deepEqual(families.get('redact_fields_total'), {
    type: 'counter',
    help: 'Fields removed.',
    unit: undefined,
    samples: [{ name: 'redact_fields_total', labels: labels({ ...version, field_name: 'a"b' }), value: 3 }],
  })
  assert.equal(families.get('redact_open')?.samples[0]?.value, -2)
  assert.equal(families.get('redact_open')?.help, 'Recorded by redact.')
  assert.equal(families.get('redact_size_bytes')?.samples[0]?.labels.n, '1')
  assert.deepEqual(
    families
      .get('redact_duration_milliseconds')
      ?.samples.map((sample) => [sample.name.slice(29), sample.labels.le, sample.value]),
    [
      ['bucket', '1', 2],
      ['bucket', '10', 3],
      ['bucket', '+Inf', 4],
      ['sum', undefined, 106.5],
      ['count', undefined, 4],
    ],
  )
  const json = JSON.parse(await page('json')) as { name: string; series: { labels: object }[] }[]
  assert.deepEqual(json.find(({ name }) => name === 'redact.fields')?.series[0]?.labels, {
    'otel.scope.name': 'redact',
    'otel.scope.version': '2.0',
    'field.name': 'a"b',
  })
  assert.match(await page('openmetrics'), /# TYPE redact_fields counter\n(.*\n)*# EOF\n$/)
})

test('a name of ours is refused, in whatever form it comes, and told once', async () => {
  const { page, told } = await stage()
  const meter = metrics.getMeter('redact')
  meter.createCounter('ours').add(5)
  meter.createGauge('ours_total').record(5)
  meter.createCounter('our.duration.seconds.count').add(1)
  meter.createGauge('our_duration_seconds_sum').record(1)
  meter.createHistogram('our.duration', { unit: 's' }).record(1)
  meter.createGauge('theirs').record(1)
  await page()
  const families = parsePrometheus(await page())
  assert.deepEqual([...families.keys()], ['ours_total', 'our_duration_seconds', 'theirs'])
  assert.equal(families.get('ours_total')?.samples[0]?.value, 0)
  assert.deepEqual(told.map(({ metric }) => metric).sort(), [
    'our.duration',
    'our.duration.seconds.count',
    'our_duration_seconds_sum',
    'ours',
    'ours_total',
  ])
})

test('two scopes share a name if they mean the same, else the later is refused', async () => {
  const { page, told } = await stage()
  metrics.getMeter('one').createCounter('cache.hits').add(1, { tier: 'a' })
  metrics.getMeter('two').createCounter('cache.hits').add(2)
  metrics.getMeter('three').createCounter('cache_hits_total').add(4)
  metrics.getMeter('four').createGauge('cache.hits.total').record(8)
  const families = parsePrometheus(await page())
  const samples = families.get('cache_hits_total')?.samples ?? []
  assert.deepEqual(
    samples.map(({ labels: own, value }) => [own.otel_scope_name, own.tier, value]),
    [
      ['one', 'a', 1],
      ['two', '', 2],
      ['three', '', 4],
    ],
  )
  assert.deepEqual(
    told.map(({ metric }) => metric),
    ['cache.hits.total'],
  )
})

test('labels that Prometheus would confuse are told apart or joined', async () => {
  const { page } = await stage()
  const attributes = {
    le: '1',
    'a.b': 'x',
    a_b: 'y',
    __name__: 'evil',
    '9': 'n',
    '': 'e',
    list: ['p', 'q'],
    'line\nend': '\n',
  }
  const meter = metrics.getMeter('redact')
  meter.createHistogram('odd').record(1, attributes)
  meter.createCounter('same').add(1, { n: 1 })
  meter.createCounter('same').add(1, { n: '1' })
  const families = parsePrometheus(await page())
  const { le: _, ...own } = families.get('odd')!.samples[0]!.labels
  assert.deepEqual(own, {
    otel_scope_name: 'redact',
    attribute_le: '1',
    a_b: 'x;y',
    attribute_name__: 'evil',
    key_9: 'n',
    attribute_: 'e',
    list: '["p","q"]',
    line_end: '\n',
  })
  assert.equal(families.get('same_total')?.samples.length, 1)
})

test('a flood of attributes stays within 1,000 series over many scrapes, and what overflows is still counted', async () => {
  const { page, told } = await stage()
  const meter = metrics.getMeter('redact')
  const counter = meter.createCounter('flood')
  const histogram = meter.createHistogram('flood.duration')
  const observable = meter.createObservableCounter('flood.observed')
  let n = 0
  observable.addCallback((result) => {
    for (let i = 0; i < 50; i++) result.observe(1, { id: `o${n++}` })
  })
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 500; i++) {
      counter.add(1, { id: `${round}-${i}` })
      histogram.record(1, { id: `${round}-${i}` })
    }
    await page()
  }
  const families = parsePrometheus(await page())
  const series = [...families.values()].flatMap(({ samples }) =>
    samples.filter(({ name }) => !/_(bucket|sum)$/.test(name)),
  )
  assert.ok(series.length <= 1000, `${series.length} series`)
  const counted = families.get('flood_total')!.samples
  assert.equal(
    counted.reduce((sum, { value }) => sum + value, 0),
    2500,
  )
  assert.ok(counted.some((sample) => sample.labels.otel_metric_overflow === 'true'))
  assert.deepEqual(new Set(told.map(({ metric }) => metric)), new Set(['flood', 'flood.duration', 'flood.observed']))
})

test('instruments are bounded too, and one that is made for each request is one', async () => {
  const { page, told } = await stage()
  const meter = metrics.getMeter('redact')
  for (let i = 0; i < 500; i++) meter.createCounter('again').add(1)
  for (let i = 0; i < 500; i++) meter.createCounter(`name.${i}`).add(1)
  for (let i = 0; i < 500; i++) metrics.getMeter(`meter.${i}`).createCounter('c').add(1)
  const families = parsePrometheus(await page())
  assert.equal(families.get('again_total')?.samples[0]?.value, 500)
  assert.equal([...families.keys()].filter((name) => name.startsWith('name_')).length, 99)
  assert.equal(families.has('c_total'), false)
  assert.equal(told.length, 1)
})

test('batch callbacks work, are bounded, and can be taken away', async () => {
  const { page } = await stage()
  const meter = metrics.getMeter('redact')
  const gauge = meter.createObservableGauge('batch')
  let n = 0
  const callback: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    n++
    for (let i = 0; i < 2000; i++) result.observe(gauge, i, { i })
  }
  meter.addBatchObservableCallback(callback, [gauge])
  const rows = parsePrometheus(await page()).get('batch')?.samples.length ?? 0
  assert.ok(rows > 100 && rows <= 1000, `${rows} rows`)
  meter.removeBatchObservableCallback(callback, [gauge])
  await page()
  assert.equal(n, 1)
})

test('it is sent to the collector with our own, each under its scope', async () => {
  const collector = await receiver('grpc')
  closing.push(collector.close)
  const { flush } = await stage(collector.url)
  metrics.getMeter('redact', '2.0').createCounter('redact.fields').add(3)
  await flush()
  const scopes = collector.requests.flatMap((request) => request.scopes)
  assert.deepEqual(scopes.map(({ name }) => name).sort(), ['redact', 'sidelight'])
  assert.equal(scopes.find(({ name }) => name === 'redact')?.metrics[0]?.points[0]?.value, 3)
})

test('a page after the end has our own families only', async () => {
  const { page } = await stage()
  metrics.getMeter('redact').createCounter('gone').add(1)
  for (const close of closing.splice(0)) await close()
  assert.deepEqual([...parsePrometheus(await page()).keys()], ['ours_total', 'our_duration_seconds'])
})
