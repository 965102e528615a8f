/** The names of every upstream: each learns from its own lists, tools and prompts apart, and frees the rows of those it forgets. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Envelope } from '../../src/mcp/message.ts'
import { Names } from '../../src/telemetry/names.ts'
import { SeriesStore } from '../../src/telemetry/series.ts'

function stage() {
  let at = 0
  let overflows = 0
  const store = new SeriesStore()
  const calls = store.counter({
    name: 'calls',
    kind: 'counter',
    unit: '',
    help: 'x',
    labels: ['gen_ai.tool.name', 'upstream', 'gen_ai.prompt.name'],
    cap: 1000,
  })
  const names = new Names(['a', 'b'], { store, ttlMs: 1000, now: () => at, onOverflow: () => overflows++ })
  const call = (upstream: string, tool: string) =>
    calls.bind([names.label(upstream, 'tool', tool), upstream, '']).add(1)
  const page = (tools: readonly string[], nextCursor?: string): Envelope =>
    Object.assign(new Envelope(), { tools: tools.map((name) => ({ name, bytes: 1, hash: 1 })), nextCursor })
  const series = () => [...calls.series].map(({ labelValues: [tool, upstream] }) => `${upstream} ${tool}`).sort()
  const pass = (ms: number) => {
    at += ms
  }
  return { names, call, page, series, pass, overflows: () => overflows }
}

test('a name is one of its upstream and its kind', () => {
  const { names, page } = stage()
  names.listed('a', undefined, undefined, page(['echo']))
  assert.equal(names.label('a', 'tool', 'echo'), 'echo')
  assert.equal(names.label('a', 'tool', 'other'), '_other')
  // Nothing was listed there.
  assert.equal(names.label('a', 'prompt', 'other'), 'other')
  assert.equal(names.label('b', 'tool', 'other'), 'other')
})

test('no name, and no upstream of that name, is no label', () => {
  const { names, page } = stage()
  assert.equal(names.label('a', 'tool', undefined), '')
  assert.equal(names.label('nowhere', 'tool', 'echo'), '')
  names.listed('nowhere', undefined, undefined, page(['echo']))
})

test('pages of one session do not end the list of another', () => {
  const { names, page } = stage()
  names.listed('a', 's', undefined, page(['one'], 'next'))
  names.listed('a', 't', 'next', page(['two']))
  assert.equal(names.label('a', 'tool', 'unlisted'), 'unlisted')
  names.listed('a', 's', 'next', page(['three']))
  assert.equal(names.label('a', 'tool', 'unlisted'), '_other')
  assert.deepEqual(
    ['one', 'two', 'three'].map((name) => names.label('a', 'tool', name)),
    ['one', 'two', 'three'],
  )
})

test('rows of names that a list does not have are freed, of that upstream alone', () => {
  const { names, call, page, series } = stage()
  for (const upstream of ['a', 'b']) for (const tool of ['kept', 'gone']) call(upstream, tool)
  names.listed('a', undefined, undefined, page(['kept']))
  assert.deepEqual(series(), ['a kept', 'b gone', 'b kept'])
})

test('rows of names that nobody lists or calls any more are freed in time', () => {
  const { names, call, page, series, pass } = stage()
  names.listed('a', undefined, undefined, page(['called', 'forgotten']))
  call('a', 'called')
  call('a', 'forgotten')
  names.expire()
  for (let minute = 0; minute < 3; minute++) {
    pass(600)
    call('a', 'called')
    names.expire()
  }
  assert.deepEqual(series(), ['a called'])
})

test('a hundred thousand names are fifty rows and one', () => {
  const { call, series, overflows } = stage()
  for (let i = 0; i < 100_000; i++) call('a', `tool-${i}`)
  assert.deepEqual([series().length, overflows()], [51, 100_000 - 50])
})

test('other upstreams join, and another time to live holds for names that are known', () => {
  const { names, call, page, series, pass } = stage()
  names.listed('a', undefined, undefined, page(['echo']))
  call('a', 'echo')
  names.follow(['a', 'c'], 5000)
  names.listed('c', undefined, undefined, page(['sum']))
  call('c', 'sum')
  // Calls count as signs of life once.
  names.expire()
  pass(2000)
  names.expire()
  assert.deepEqual(series(), ['a echo', 'c sum'])
  pass(3000)
  names.expire()
  assert.deepEqual(series(), [])
})
