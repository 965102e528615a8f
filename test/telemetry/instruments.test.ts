/** The catalogue as a whole: its bounds, and that its names work in Prometheus. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Instruments } from '../../src/telemetry/instruments.ts'
import { methodLabel } from '../../src/telemetry/labels.ts'
import { prometheusLabel, prometheusName } from '../../src/telemetry/prometheus-names.ts'
import { SeriesStore } from '../../src/telemetry/series.ts'

const catalogue = () => {
  const store = new SeriesStore()
  return { store, instruments: new Instruments(store) }
}

test('all caps together stay within 10,000 series', () => {
  const caps = [...catalogue().store.instruments].map(({ def }) => def.cap)
  assert.ok(caps.length > 30)
  assert.ok(caps.reduce((sum, cap) => sum + cap, 0) <= 10_000)
})

test('whatever is thrown at it, no instrument exceeds its cap and the overflow says which did', () => {
  const { store, instruments } = catalogue()
  for (const instrument of store.instruments) {
    if (instrument.def.labels.length === 0) continue
    for (let i = 0; i < 2000; i++) instrument.bind(instrument.def.labels.map((label) => `${label}${i}`))
  }
  let series = 0
  for (const instrument of store.collect()) {
    assert.ok(instrument.series.size <= instrument.def.cap, instrument.def.name)
    series += instrument.series.size
  }
  assert.ok(series <= 10_000)
  assert.ok(instruments.metricsOverflow.bind(['mcp.requests']).value > 1000)
})

test('the overflow has room for every instrument', () => {
  const { store, instruments } = catalogue()
  assert.ok([...store.instruments].length < instruments.metricsOverflow.def.cap)
})

test('no two instruments share a name in Prometheus, nor does one end like the sample of another kind', () => {
  const names = [...catalogue().store.instruments].map(({ def }) => prometheusName(def))
  assert.equal(new Set(names.map(({ family }) => family)).size, names.length)
  assert.equal(new Set(names.map(({ sample }) => sample)).size, names.length)
  for (const { sample, type } of names) {
    assert.match(sample, /^[a-z][a-z0-9_]*$/)
    assert.doesNotMatch(sample, /__|_(bucket|sum|count|created)$/)
    if (type !== 'counter') assert.doesNotMatch(sample, /_total$/)
  }
})

test('label names stay apart in Prometheus and none is reserved', () => {
  for (const { def } of catalogue().store.instruments) {
    const labels = def.labels.map(prometheusLabel)
    assert.equal(new Set(labels).size, labels.length, def.name)
    for (const label of labels) assert.match(label, /^(?!le$|quantile$|__)[a-z][a-z0-9_]*$/)
  }
})

test('every help is one sentence', () => {
  for (const { def } of catalogue().store.instruments) assert.match(def.help, /^[A-Z0-9][^\n]*\.$/, def.name)
})

test('methods from the network come from a closed set', () => {
  assert.deepEqual(['POST', 'DELETE', 'post', 'BREW', undefined].map(methodLabel), [
    'POST',
    'DELETE',
    '_other',
    '_other',
    '_other',
  ])
})
