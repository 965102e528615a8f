/** Our page and the OpenTelemetry SDK's serializer say the same of the same rows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import fc from 'fast-check'
import type { InstrumentDef } from '../../src/telemetry/definition.ts'
import { expose } from '../../src/telemetry/exposition.ts'
import { Instruments } from '../../src/telemetry/instruments.ts'
import { SeriesProducer } from '../../src/telemetry/otlp/producer.ts'
import { prometheusName } from '../../src/telemetry/prometheus-names.ts'
import { SeriesStore } from '../../src/telemetry/series.ts'
import { type Family, parsePrometheus } from './prometheus-text.ts'

async function ours(store: SeriesStore): Promise<Map<string, Family>> {
  let text = ''
  for await (const chunk of expose(store, 'text')) text += chunk
  return parsePrometheus(text)
}

async function theirs(store: SeriesStore): Promise<Map<string, Family>> {
  const { resourceMetrics } = await new SeriesProducer(store, '0').collect()
  // No prefix, no timestamps, no labels of the resource, no target_info, no scope labels.
  const serializer = new PrometheusSerializer('', false, undefined, true, true)
  return parsePrometheus(serializer.serialize(resourceMetrics).replace(/^# no registered metrics\n?/, ''))
}

/** The name that the SDK gives: its serializer appends no unit. */
const theirName = ({ name, kind }: InstrumentDef): string =>
  `${name.replace(/[^a-zA-Z0-9_]/g, '_')}${kind === 'counter' ? '_total' : ''}`

/** What a family says, whatever its order and names: an absent label is an empty one. */
function meaning(family: Family | undefined, name: string): unknown[] {
  assert.ok(family !== undefined, name)
  return family.samples
    .map(({ name: sample, labels, value }) => {
      const said = Object.entries(labels).filter(([key, text]) => text !== '' && key !== 'le')
      const le = labels.le === undefined ? '' : Number(labels.le.replace('+Inf', 'Infinity'))
      return JSON.stringify([sample.slice(name.length), said.sort(), le, String(value)])
    })
    .sort()
}

async function hold(store: SeriesStore): Promise<number> {
  const [own, other] = [await ours(store), await theirs(store)]
  let compared = 0
  for (const { def, series } of store.instruments) {
    if (series.size === 0) continue
    const { sample } = prometheusName(def)
    assert.deepEqual(meaning(own.get(sample), sample), meaning(other.get(theirName(def)), theirName(def)), def.name)
    assert.equal(own.get(sample)?.type, other.get(theirName(def))?.type, def.name)
    compared += series.size
  }
  return compared
}

test('of the whole catalogue in use', async () => {
  const store = new SeriesStore()
  new Instruments(store)
  let n = 1
  for (const instrument of store.instruments) {
    for (const set of ['one', 'two', '']) {
      const series = instrument.bind(instrument.def.labels.map((label) => (set === '' ? '' : `${set} "${label}"\\\n`)))
      n = (n * 7919) % 10007
      if ('record' in series) for (const value of [n / 1e4, n / 100, n * 1e6]) series.record(value)
      else series.add(n / 8)
    }
  }
  assert.ok((await hold(store)) > 100)
})

test('of any values and labels', async () => {
  const label = fc.string({ unit: fc.constantFrom('a', 'b', '"', '\\', '\n', ' ', 'é', '{', '}', ',', '=') })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(label, fc.double({ noNaN: true })), { maxLength: 12 }), async (records) => {
      const store = new SeriesStore(2000)
      const own = { unit: '', help: 'Any "help"\\\n.', labels: ['v'], cap: 20 }
      const counter = store.counter({ ...own, name: 'a.count', kind: 'counter' })
      const gauge = store.gauge({ ...own, name: 'a.level', kind: 'gauge' })
      const histogram = store.histogram({ ...own, name: 'a.time', kind: 'histogram', buckets: [-1, 0, 0.5, 1e9] })
      for (const [value, amount] of records) {
        counter.bind([value]).add(amount)
        gauge.bind([value]).set(amount)
        histogram.bind([value]).record(amount)
      }
      await hold(store)
    }),
  )
})
