/** Metric rules: what they match, what they read, and that they stay bounded. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { Instruments } from '../../../src/telemetry/instruments.ts'
import { RULES_SERIES } from '../../../src/telemetry/rules/rule-definition.ts'
import { SeriesStore } from '../../../src/telemetry/series.ts'
import { request, result, rule, stage } from './stage.ts'

describe('a rule counts', () => {
  test('every call that it matches, and no other', () => {
    const { pass, recorded } = stage(
      rule({ name: 'all' }),
      rule({ name: 'found', match: { tool: '*search*' } }),
      rule({ name: 'two', match: { upstream: 'two', method: 'tools/call' } }),
      rule({ name: 'bad', match: { tool: 'search', outcome: ['tool_error', 'timeout'] } }),
    )
    pass({ body: request('search') })
    pass({ body: request('web_search_fast'), upstream: 'two' })
    pass({ body: request('echo') })
    pass({ body: request('search'), outcome: 'timeout' })
    pass({ body: { jsonrpc: '2.0', id: 1, method: 'prompts/get', params: { name: 'search' } } })
    pass({ body: { jsonrpc: '2.0', method: 'notifications/initialized' } })
    assert.deepEqual(recorded(), { 'all{}': 6, 'found{}': 3, 'two{}': 1, 'bad{}': 1 })
  })

  test('not what is only asked back', () => {
    const { pass, recorded } = stage(rule({}))
    pass({ body: request('search'), resultType: 'input_required' })
    assert.deepEqual(recorded(), {})
  })

  test('each call of a batch', () => {
    const { pass, recorded } = stage(
      rule({ kind: 'histogram', match: { tool: 'search' }, value: { from: 'arguments', pointer: '/n' }, buckets: [5] }),
    )
    const batch = [
      request('search', { n: 1 }, 1),
      { jsonrpc: '2.0', id: 9, result: {} },
      request('echo', { n: 100 }, 2),
    ]
    pass({ body: [...batch, request('search', { n: 2 }, 3)] })
    assert.deepEqual(recorded(), { 'own{}': [2, 3] })
  })
})

describe('a rule records', () => {
  test('duration and sizes', () => {
    const { pass, recorded } = stage(
      rule({ name: 'time', kind: 'histogram', value: 'duration' }),
      rule({ name: 'sent', kind: 'histogram', value: 'requestBytes' }),
      rule({ name: 'got', kind: 'histogram', value: 'responseBytes' }),
    )
    const body = request('search')
    pass({ body, seconds: 2.5, responseBytes: 70_000 })
    pass({ body, seconds: 0.5, outcome: 'timeout' })
    assert.deepEqual(recorded(), {
      'time{}': [2, 3],
      'sent{}': [2, 2 * JSON.stringify(body).length],
      'got{}': [1, 70_000],
    })
  })

  test('a number as itself, a text by its characters, a list by its length', () => {
    const { pass, recorded } = stage(
      rule({ name: 'limit', kind: 'histogram', value: { from: 'arguments', pointer: '/limit' } }),
      rule({ name: 'query', kind: 'histogram', value: { from: 'arguments', pointer: '/query' } }),
      rule({ name: 'filters', kind: 'histogram', value: { from: 'arguments', pointer: '/deep/filters' } }),
      rule({ name: 'spent', value: { from: 'meta', pointer: '/org.example~1cost' } }),
    )
    const args = { limit: 12.5, query: 'größe 🎉', deep: { filters: [1, 2] } }
    pass({ body: request('search', args, 1, { 'org.example/cost': 3 }) })
    assert.deepEqual(recorded(), { 'limit{}': [1, 12.5], 'query{}': [1, 7], 'filters{}': [1, 2], 'spent{}': 3 })
  })

  test('nothing where nothing is found, and says so for calls that ended well', () => {
    const { pass, recorded } = stage(rule({ value: { from: 'arguments', pointer: '/n' } }))
    for (const n of [undefined, null, true, {}]) pass({ body: request('search', { n }) })
    pass({ body: request('search', 'no object') })
    pass({ body: request('search', {}), outcome: 'timeout' })
    pass({ body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":{"n":1e999}}}' })
    assert.deepEqual(recorded(), { 'sidelight.rules.unrecorded{own,missing}': 6 })
  })

  test('nothing of what is too large or compressed to be parsed', () => {
    const { pass, recorded } = stage(rule({ value: { from: 'arguments', pointer: '/n' } }))
    pass({ body: request('search', { n: 1, more: 'x'.repeat(300_000) }) })
    pass({ body: request('search', { n: 1 }), requestHeaders: { 'content-encoding': 'gzip' } })
    assert.deepEqual(recorded(), {
      'sidelight.rules.unrecorded{own,too_large}': 1,
      'sidelight.rules.unrecorded{own,encoded}': 1,
    })
  })
})

describe('labels', () => {
  test('are what is built in, or of a closed list', () => {
    const { pass, recorded } = stage(
      rule({
        labels: {
          upstream: { from: 'upstream' },
          tool: { from: 'tool' },
          method: { from: 'method' },
          outcome: { from: 'outcome' },
          mode: { from: 'arguments', pointer: '/mode', values: ['fast', '2', 'true'] },
        },
      }),
    )
    for (const mode of ['fast', 2, true, 'slow', { a: 1 }, undefined]) pass({ body: request('search', { mode }) })
    pass({ body: { jsonrpc: '2.0', id: 1, method: 'made/up' }, outcome: 'jsonrpc_error' })
    pass({ body: request('x'.repeat(30)) })
    assert.deepEqual(recorded(), {
      'own{up,search,tools/call,ok,fast}': 1,
      'own{up,search,tools/call,ok,2}': 1,
      'own{up,search,tools/call,ok,true}': 1,
      'own{up,search,tools/call,ok,_other}': 2,
      'own{up,search,tools/call,ok,}': 1,
      'own{up,,_other,jsonrpc_error,}': 1,
      'own{up,_other,tools/call,ok,}': 1,
    })
  })

  test('never make more than 100 series of a rule, whatever is called', () => {
    const { pass, recorded } = stage(rule({ labels: { upstream: { from: 'upstream' }, tool: { from: 'tool' } } }))
    for (let i = 0; i < 1000; i++) pass({ body: request(`tool${i}`) })
    const counts = Object.entries(recorded())
    assert.equal(counts.length, 100)
    assert.equal(
      counts.reduce((sum, [, count]) => sum + (count as number), 0),
      1000,
    )
    assert.equal(recorded()['own{_other,_other}'], 901)
  })
})

test('the catalogue and all rules together stay within 10,000 series', () => {
  const store = new SeriesStore()
  new Instruments(store)
  const caps = [...store.instruments].map(({ def }) => def.cap)
  assert.ok(caps.reduce((sum, cap) => sum + cap, RULES_SERIES) <= 10_000)
})

describe('what a response holds', () => {
  const count = rule({ kind: 'histogram', value: { from: 'structuredContent', pointer: '/results' } })

  test('is read from JSON, in whatever pieces it comes', () => {
    const { pass, recorded, seen } = stage(count)
    const text = result({ results: [1, 2, 3] })
    pass({ body: request('search'), response: [text] })
    pass({ body: request('search'), response: [...text] })
    assert.deepEqual(recorded(), { 'own{}': [2, 6] })
    assert.deepEqual(seen, ['head 200', text, 'end', 'done', 'head 200', ...text, 'end', 'done'])
  })

  test('is read from an event stream, beside what else passes there', () => {
    const { pass, recorded, seen } = stage(count)
    const progress = '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1}}'
    const asked = '{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage"}'
    const own = result({ results: [1, 2] })
    const stream = `id: 1\ndata:\n\n: hello\n\ndata: ${progress}\n\ndata: ${asked}\n\ndata: not json\n\ndata: ${own.slice(0, 10)}\ndata: ${own.slice(10)}\n\n`
    for (let cut = 0; cut <= stream.length; cut += 7) {
      const response = [stream.slice(0, cut), stream.slice(cut)]
      pass({ body: request('search'), response, responseHeaders: { 'content-type': 'text/event-stream' } })
    }
    const times = Math.floor(stream.length / 7) + 1
    assert.deepEqual(recorded(), { 'own{}': [times, 2 * times] })
    assert.equal(seen.filter((each) => each === 'end').length, times)
  })

  test('is matched by id in a batch', () => {
    const { pass, recorded } = stage(
      rule({
        kind: 'histogram',
        value: { from: 'structuredContent', pointer: '/results' },
        labels: { mode: { from: 'arguments', pointer: '/mode', values: ['a', 'b'] } },
      }),
    )
    const body = [request('search', { mode: 'a' }, 1), request('search', { mode: 'b' }, 'x')]
    pass({ body, response: [`[${result({ results: [1] }, 'x')},${result({ results: [1, 2, 3] }, 1)}]`] })
    assert.deepEqual(recorded(), { 'own{a}': [1, 3], 'own{b}': [1, 1] })
  })

  test('may be a label', () => {
    const { pass, recorded } = stage(
      rule({ labels: { cached: { from: 'result', pointer: '/_meta/cached', values: ['true', 'false'] } } }),
    )
    pass({ body: request('search'), response: ['{"jsonrpc":"2.0","id":1,"result":{"_meta":{"cached":true}}}'] })
    pass({ body: request('search'), response: ['{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}'] })
    assert.deepEqual(recorded(), { 'own{true}': 1, 'own{}': 1 })
  })

  test('that cannot be read is counted as that', () => {
    const { pass, recorded } = stage(count)
    const text = result({ results: [1] })
    pass({ body: request('search'), response: [gzipSync(text)], responseHeaders: { 'content-encoding': 'gzip' } })
    pass({ body: request('search'), response: [result({ results: ['x'.repeat(300_000)] })] })
    pass({ body: request('search'), response: [text.slice(0, -5)] })
    pass({ body: request('search'), response: [result({ other: 1 })] })
    pass({ body: request('search'), response: ['{"jsonrpc":"2.0","id":7,"result":{}}'] })
    pass({ body: request('search'), response: [], adrift: true })
    pass({ body: request('search'), outcome: 'upstream_unreachable' })
    assert.deepEqual(recorded(), {
      'sidelight.rules.unrecorded{own,encoded}': 1,
      'sidelight.rules.unrecorded{own,too_large}': 1,
      'sidelight.rules.unrecorded{own,missing}': 3,
      'sidelight.rules.unrecorded{own,elsewhere}': 1,
    })
  })

  test('does not matter to calls that no rule matches: their observer is left alone', () => {
    const { pass, recorded, seen } = stage({ ...count, match: { tool: 'search' } })
    pass({ body: request('echo'), response: [result({ results: [1] })] })
    assert.deepEqual(recorded(), {})
    assert.deepEqual(seen.at(-1), 'done')
  })
})
