/** When the series of an upstream that was removed end, and what must not end with them. */
import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { Instruments } from '../../src/telemetry/instruments.ts'
import { SeriesStore } from '../../src/telemetry/series.ts'
import { UpstreamSeries } from '../../src/telemetry/upstream-series.ts'

let instruments: Instruments
let series: UpstreamSeries
let ended: string[]

beforeEach(() => {
  const store = new SeriesStore()
  instruments = new Instruments(store)
  ended = []
  series = new UpstreamSeries([...store.instruments], (upstream) => ended.push(upstream))
})

const force = (...upstreams: string[]) => {
  series.expect(upstreams)
  for (const upstream of upstreams) instruments.pools.poolConnectionsCreated.bind([upstream])
  series.follow()
}
const counted = () => [...instruments.requests.series].map(({ labelValues: [upstream] }) => upstream)
const count = (upstream: string, outcome = 'ok') => instruments.requests.bind([upstream, 'POST', outcome]).add(1)

describe('series of upstreams', () => {
  it('that are in force, or stand for none, stay', () => {
    force('files')
    for (const upstream of ['files', '_none']) count(upstream)
    instruments.requests.bind(['_other', '_other', '_other']).add(1)
    for (let i = 0; i < 3; i++) series.collected()
    assert.deepEqual(counted(), ['files', '_none', '_other'])
    assert.deepEqual(ended, [])
  })

  it('that are removed are shown once more and then end, all of them, in every instrument', () => {
    force('files', 'notes')
    count('files')
    count('notes', 'timeout')
    count('notes')
    force('files')
    series.collected()
    assert.deepEqual(counted(), ['files', 'notes', 'notes'])
    series.collected()
    assert.deepEqual([counted(), ended], [['files'], ['notes']])
    assert.deepEqual(
      [...instruments.pools.poolConnectionsCreated.series].map(({ labelValues }) => labelValues),
      [['files']],
    )
  })

  it('that are removed end before others come, so that these find room without anybody asking for metrics', () => {
    for (let i = 0; i < 200; i++) force('files', `notes-${i}`)
    assert.equal(instruments.pools.poolConnectionsCreated.overflowed, 0)
    // The one before may still have been in use when the last one came.
    assert.equal(instruments.pools.poolConnectionsCreated.series.size, 3)
    assert.equal(ended.length, 198)
  })

  it('that are removed stay while something of them will count down', () => {
    force('files', 'notes')
    const streams = instruments.operations.streamsActive.bind(['notes', 'get'])
    streams.add(2)
    count('notes')
    force('files')
    streams.add(-1)
    for (let i = 0; i < 3; i++) series.collected()
    force('files')
    assert.deepEqual(counted(), ['notes'])
    streams.add(-1)
    for (let i = 0; i < 2; i++) series.collected()
    assert.deepEqual([counted(), ended], [[], ['notes']])
  })

  it('that are expected stay, also when what expects them is never in force', () => {
    force('files', 'notes')
    count('notes')
    force('files')
    series.expect(['files', 'notes', 'third'])
    instruments.pools.poolPending.bind(['third'])
    for (let i = 0; i < 3; i++) series.collected()
    assert.deepEqual(counted(), ['notes'])
    series.expect(['files'])
    assert.deepEqual(ended.toSorted(), ['notes', 'third'])
  })

  it('that were recorded after the end land on none of another upstream, and end too', () => {
    force('files', 'notes')
    const late = instruments.requests.bind(['notes', 'POST', 'ok'])
    force('files')
    force('files')
    count('files')
    late.add(7)
    count('notes')
    assert.equal(instruments.requests.bind(['files', 'POST', 'ok']).value, 1)
    assert.equal(instruments.requests.bind(['notes', 'POST', 'ok']).value, 1)
    for (let i = 0; i < 2; i++) series.collected()
    assert.deepEqual(counted(), ['files'])
  })
})
