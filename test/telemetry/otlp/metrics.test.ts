/** Metrics that are sent: what a collector gets is what the store holds, and what a bad collector does hurts nothing. */
import assert from 'node:assert/strict'
import { afterEach, describe, it, test } from 'node:test'
import { HistogramSeries } from '../../../src/telemetry/bound-series.ts'
import { type MetricExport, type MetricExportSettings, startMetricExport } from '../../../src/telemetry/otlp/metrics.ts'
import { SeriesStore } from '../../../src/telemetry/series.ts'
import { certificateAuthority, pemFolder } from '../../support/certificates.ts'
import { settles } from '../../support/measure.ts'
import type { ReceivedMetric, ReceivedPoint, ReceivedRequest } from './metrics-message.ts'
import { type Manner, type Receiver, type ReceiverOptions, receiver } from './receiver.ts'

type Otlp = MetricExportSettings['metrics']['otlp']

const PROTOCOLS = ['grpc', 'http/protobuf'] as const

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const startReceiver = async (protocol: Otlp['protocol'], options?: ReceiverOptions): Promise<Receiver> => {
  const r = await receiver(protocol, options)
  closing.push(r.close)
  return r
}

interface Line {
  readonly message: string
  readonly fields: Record<string, unknown>
}

async function start(
  store: SeriesStore,
  { otlp = {}, ...more }: Partial<Omit<MetricExportSettings['metrics'], 'otlp'>> & { otlp?: Partial<Otlp> },
) {
  const lines: Line[] = []
  const note = (fields: object, message: string) => lines.push({ message, fields: fields as Line['fields'] })
  let failures = 0
  const defaults: Otlp = { protocol: 'grpc', headers: {}, timeout: 2000, gzip: false }
  const metrics = { exporters: ['otlp' as const], interval: 3_600_000, timeout: 2000, ...more }
  const exporting: MetricExport = await startMetricExport(
    { enabled: true, metrics: { ...metrics, otlp: { ...defaults, ...otlp } } },
    store,
    {
      version: '1.2.3',
      resource: { 'service.name': 'under-test', team: 'a' },
      log: { info: note, warn: note },
      failed: () => failures++,
    },
  )
  closing.unshift(() => exporting.close(100))
  return { exporting, lines, failures: () => failures }
}

/** A store with one of each kind, labels with every trouble, and more series than fit one request. */
function filledStore(): SeriesStore {
  const store = new SeriesStore(262_144, () => 1_700_000_000_123)
  const def = { help: 'Helps.', unit: 's', labels: ['http.request.method', 'error.type'], cap: 600 } as const
  const counter = store.counter({ ...def, kind: 'counter', name: 'a.counter', unit: '{request}' })
  for (let i = 0; i < 500; i++) counter.bind(['GET', `e${i}`]).add(i + 0.5)
  counter.bind(['POST "ü"\n', '']).add(2 ** 53 - 1)
  store
    .gauge({ ...def, kind: 'gauge', name: 'a.gauge' })
    .bind(['GET', 'x'])
    .set(-1.25)
  store
    .gauge({ ...def, kind: 'upDownCounter', name: 'an.up.down.counter' })
    .bind(['GET', 'x'])
    .add(-3)
  const histogram = store.histogram({ ...def, kind: 'histogram', name: 'a.histogram', buckets: [0.1, 1, 10] })
  for (const value of [0.1, 0.05, 5, 10.5, 1e9]) histogram.bind(['GET', '']).record(value)
  store.histogram({ ...def, kind: 'histogram', name: 'no.series', buckets: [1] })
  store.counter({ ...def, labels: [], cap: 1, kind: 'counter', name: 'a.plain.zero' })
  return store
}

/** Families that came in several requests, whole again. */
function gathered(requests: readonly ReceivedRequest[]): Map<string, ReceivedMetric> {
  const whole = new Map<string, ReceivedMetric>()
  for (const metric of requests.flatMap(({ scopes }) => scopes.flatMap(({ metrics }) => metrics))) {
    const { points = [] } = whole.get(metric.name) ?? {}
    whole.set(metric.name, { ...metric, points: [...points, ...metric.points] })
  }
  return whole
}

function assertEqualToStore(store: SeriesStore, received: Map<string, ReceivedMetric>): void {
  for (const { def, series } of store.instruments) {
    const metric = received.get(def.name)
    if (series.size === 0) {
      assert.equal(metric, undefined)
      continue
    }
    assert.ok(metric, `${def.name} was not sent`)
    assert.deepEqual([metric.description, metric.unit], [def.help, def.unit])
    assert.equal(
      metric.kind,
      { counter: 'sum', upDownCounter: 'sum', gauge: 'gauge', histogram: 'histogram' }[def.kind],
    )
    assert.equal(metric.monotonic, def.kind === 'counter')
    if (def.kind !== 'gauge') assert.equal(metric.temporality, 2)
    assert.equal(metric.points.length, series.size)
    for (const [i, one] of [...series].entries()) {
      const point: ReceivedPoint = metric.points[i]!
      const labels = def.labels.map((label, j) => [label, one.labelValues[j]!] as const)
      assert.deepEqual(point.attributes, Object.fromEntries(labels.filter(([, value]) => value !== '')))
      assert.equal(point.start, 1_700_000_000_123_000_000n)
      assert.ok(point.time > point.start)
      if (!(one instanceof HistogramSeries)) {
        assert.equal(point.value, one.value)
        continue
      }
      const below = one.bounds.map((_, j) => one.bucket(j))
      assert.deepEqual(point.bounds, one.bounds)
      assert.deepEqual(point.counts, [...below, one.count - below.reduce((sum, n) => sum + n, 0)])
      assert.deepEqual([point.count, point.sum], [one.count, one.sum])
    }
  }
  assert.equal(received.size, [...store.instruments].filter(({ series }) => series.size > 0).length)
}

for (const protocol of PROTOCOLS) {
  describe(`over ${protocol}`, () => {
    it('every value equals the store’s, in requests of a bounded size', async () => {
      const r = await startReceiver(protocol)
      const store = filledStore()
      const { exporting, failures } = await start(store, { otlp: { endpoint: r.url, protocol } })
      await exporting.flush(5000)
      assertEqualToStore(store, gathered(r.requests))
      assert.ok(r.requests.length >= 2)
      for (const { scopes, resource } of r.requests) {
        assert.deepEqual([scopes[0]!.name, scopes[0]!.version], ['sidelight', '1.2.3'])
        assert.deepEqual([resource['service.name'], resource.team], ['under-test', 'a'])
        assert.equal(resource['telemetry.sdk.language'], 'nodejs')
        const points = scopes.flatMap(({ metrics }) => metrics.flatMap((metric) => metric.points))
        assert.ok(points.length <= 250)
      }
      assert.equal(failures(), 0)
      assert.equal(exporting.targets[0]?.last?.ok, true)
    })

    it('headers go along, compressed if wanted', async () => {
      const r = await startReceiver(protocol)
      const headers = { Authorization: 'Bearer secret', 'x-tenant': 'a b' }
      const { exporting } = await start(filledStore(), { otlp: { endpoint: r.url, protocol, headers, gzip: true } })
      await exporting.flush(5000)
      assert.ok(r.requests.length > 0)
      assert.deepEqual([r.heads[0]!.authorization, r.heads[0]!['x-tenant']], ['Bearer secret', 'a b'])
    })

    it('it is sent at each interval, and a last time at the end', async () => {
      const r = await startReceiver(protocol)
      const store = new SeriesStore()
      const counter = store.counter({ name: 'c', kind: 'counter', help: 'C.', unit: '', labels: [], cap: 1 }).bind([])
      const { exporting } = await start(store, { interval: 20, otlp: { endpoint: r.url, protocol } })
      await settles(() => r.requests.length >= 2)
      counter.add(41)
      await exporting.close(5000)
      const last = r.requests.at(-1)!.scopes[0]!.metrics[0]!.points[0]!
      assert.equal(last.value, 41)
      const sent = r.requests.length
      await new Promise((resolve) => setTimeout(resolve, 60))
      assert.equal(r.requests.length, sent)
    })

    for (const manner of ['refuses', 'hangs', 'drips'] as const satisfies Manner[]) {
      it(`a collector that ${manner} is noted once, counted each time, and forgiven`, async () => {
        const r = await startReceiver(protocol)
        r.manner = manner
        const store = new SeriesStore()
        store.counter({ name: 'c', kind: 'counter', help: 'C.', unit: '', labels: [], cap: 1 })
        const { exporting, lines, failures } = await start(store, {
          interval: 60,
          timeout: 50,
          otlp: { endpoint: r.url, protocol, timeout: 50 },
        })
        await settles(() => failures() >= 3)
        assert.ok(r.open <= 4, `${r.open} requests are open`)
        const { last, signal, exporter } = exporting.targets[0]!
        assert.deepEqual([signal, exporter, last?.ok], ['metrics', 'otlp', false])
        assert.ok(last!.message.length > 0)
        const told = () => lines.map(({ message }) => message).filter((message) => message.startsWith('export'))
        assert.deepEqual(told(), ['export failed'])
        r.manner = 'takes'
        await settles(() => exporting.targets[0]!.last?.ok)
        assert.deepEqual(told(), ['export failed', 'export works again'])
      })
    }

    it('a collector that is down is noted, and sent to once it is up', async () => {
      const gone = await receiver(protocol)
      await gone.close()
      const store = new SeriesStore()
      store.counter({ name: 'c', kind: 'counter', help: 'C.', unit: '', labels: [], cap: 1 })
      const { exporting, failures } = await start(store, {
        interval: 100,
        otlp: { endpoint: gone.url, protocol, timeout: 100 },
      })
      await settles(() => failures() >= 1)
      assert.equal(exporting.targets[0]!.last?.ok, false)
      const r = await startReceiver(protocol, { port: Number(new URL(gone.url).port) })
      await settles(() => r.requests.length > 0, { within: 10_000 })
      await settles(() => exporting.targets[0]!.last?.ok)
    })

    it('what a collector took only in part is told', async () => {
      const r = await startReceiver(protocol)
      r.manner = 'partly'
      const { exporting, lines } = await start(filledStore(), { otlp: { endpoint: r.url, protocol } })
      await exporting.flush(5000)
      await exporting.flush(5000)
      const warnings = lines.filter(({ message }) => message === 'OpenTelemetry warns')
      assert.equal(warnings.length, 1)
      assert.match(String(warnings[0]!.fields.detail), /full/)
    })

    it('an https collector is verified, and shown the client certificate', async () => {
      const authority = await certificateAuthority()
      const folder = await pemFolder()
      closing.push(folder.remove)
      const pems = await Promise.all([
        authority.issue({ name: 'collector', ip: ['127.0.0.1'] }),
        authority.issue({ name: 'us', purpose: 'client' }),
      ])
      const r = await startReceiver(protocol, { tls: { ...pems[0], clientCa: authority.cert } })
      const ca = await folder.write('ca.pem', authority.cert)
      const other = await folder.write('other.pem', (await certificateAuthority()).cert)
      const cert = await folder.write('client.pem', pems[1].cert)
      const key = await folder.write('client.key', pems[1].key)
      const otlp = { endpoint: r.url, protocol, timeout: 1000, cert, key }
      const wrong = await start(filledStore(), { otlp: { ...otlp, ca: other } })
      await wrong.exporting.flush(5000)
      assert.equal(wrong.exporting.targets[0]!.last?.ok, false)
      assert.equal(r.heads.length, 0)
      const right = await start(filledStore(), { otlp: { ...otlp, ca } })
      await right.exporting.flush(5000)
      assert.equal(right.exporting.targets[0]!.last?.message, 'sent')
      assert.ok(r.requests.length > 0)
    })

    it('a collector that hangs holds up neither the flush nor the end', async () => {
      const r = await startReceiver(protocol)
      r.manner = 'hangs'
      const { exporting } = await start(filledStore(), { otlp: { endpoint: r.url, protocol, timeout: 2500 } })
      const began = performance.now()
      await exporting.flush(50)
      await exporting.close(50)
      assert.ok(performance.now() - began < 10_000)
    })
  })
}

test('the signal’s own URL is used as it is', async () => {
  const r = await startReceiver('http/protobuf')
  const otlp = { endpoint: 'http://127.0.0.1:1', url: `${r.url}/v1/metrics`, protocol: 'http/protobuf' } as const
  const { exporting } = await start(filledStore(), { otlp })
  await exporting.flush(5000)
  assert.equal(r.heads[0]!.url, '/v1/metrics')
  assert.equal(exporting.targets[0]!.last?.ok, true)
})

test('the console exporter writes a line a metric, beside OTLP', async () => {
  const r = await startReceiver('grpc')
  const store = filledStore()
  const { exporting, lines } = await start(store, { exporters: ['console', 'otlp'], otlp: { endpoint: r.url } })
  await exporting.flush(5000)
  const written = lines.filter(({ message }) => message === 'metric')
  const gauge = written.find(({ fields }) => fields.metric === 'a.gauge')!
  assert.deepEqual(gauge.fields.points, [
    { attributes: { 'http.request.method': 'GET', 'error.type': 'x' }, value: -1.25 },
  ])
  assert.deepEqual(exporting.targets.map(({ exporter }) => exporter).sort(), ['console', 'otlp'])
  assertEqualToStore(store, gathered(r.requests))
})

test('no exporter named means otlp if a collector is named, and nothing otherwise', async () => {
  const off = await start(new SeriesStore(), { exporters: undefined })
  assert.deepEqual(off.exporting.targets, [])
  for (const exporters of [['none' as const], ['prometheus' as const]]) {
    const none = await start(new SeriesStore(), { exporters, otlp: { endpoint: 'http://127.0.0.1:1' } })
    assert.deepEqual(none.exporting.targets, [])
  }
  const on = await start(new SeriesStore(), { exporters: undefined, otlp: { endpoint: 'http://127.0.0.1:1' } })
  assert.deepEqual(
    on.exporting.targets.map(({ exporter }) => exporter),
    ['otlp'],
  )
})
