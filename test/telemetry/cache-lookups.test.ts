/** The hit rate of the gateway's own caches. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { observeCaches } from '../../src/telemetry/cache-lookups.ts'
import { Instruments } from '../../src/telemetry/instruments.ts'
import { Names } from '../../src/telemetry/names.ts'
import { SeriesStore } from '../../src/telemetry/series.ts'

function stage() {
  const store = new SeriesStore()
  const instruments = new Instruments(store)
  const names = new Names(['files', 'search'], { store, ttlMs: 1_000, now: () => 0, onOverflow: () => {} })
  observeCaches(store, instruments, names)
  const read = (cache: string) => {
    store.collect()
    const of = (result: string) => instruments.cacheLookups.bind([cache, result]).value
    return { hits: of('hit'), misses: of('miss') }
  }
  return { instruments, names, read }
}

test('a name is missed when it is new, and found from then on, over all upstreams and kinds', () => {
  const { names, read } = stage()
  assert.deepEqual(read('names'), { hits: 0, misses: 0 })
  for (const upstream of ['files', 'search']) for (let i = 0; i < 3; i++) names.label(upstream, 'tool', 'find')
  names.label('files', 'prompt', 'find')
  names.label('files', 'tool', undefined)
  assert.deepEqual(read('names'), { hits: 4, misses: 3 })
})

test('series are missed when they are made, and when there is no room for them', () => {
  const { instruments, read } = stage()
  const { slowOperations } = instruments
  // Reading looks up too.
  read('series')
  const before = read('series')
  const own = read('series').hits - before.hits
  for (let i = 0; i < 5; i++) slowOperations.bind(['files', 'tools/call'])
  const after = read('series')
  assert.deepEqual(after, { hits: before.hits + 2 * own + 4, misses: before.misses + 1 })
  const { cap } = slowOperations.def
  for (let i = 0; i < cap + 10; i++) slowOperations.bind(['files', `m${i}`])
  // One more for the series that tells of the overflow.
  assert.equal(read('series').misses, after.misses + cap + 10 + 1)
})
