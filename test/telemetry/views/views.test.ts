/** The views: the names, labels and buckets of other systems, from our rows. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { expose } from '../../../src/telemetry/exposition.ts'
import type { FamilySource } from '../../../src/telemetry/family.ts'
import { Instruments } from '../../../src/telemetry/instruments.ts'
import { SeriesStore } from '../../../src/telemetry/series.ts'
import { VIEW_NAMES } from '../../../src/telemetry/views/names.ts'
import { VIEWS, Views } from '../../../src/telemetry/views/views.ts'
import { type Family, parsePrometheus } from '../prometheus-text.ts'

function stage() {
  const store = new SeriesStore()
  const instruments = new Instruments(store)
  return { store, instruments, views: new Views(store) }
}

async function families(source: FamilySource): Promise<Map<string, Family>> {
  let text = ''
  for await (const chunk of expose(source, 'text')) text += chunk
  return parsePrometheus(text)
}

/** Every sample as `name{label=value,…}` to its value. */
function samples(pages: Map<string, Family>): Record<string, number> {
  const all = [...pages.values()].flatMap((family) => family.samples)
  return Object.fromEntries(
    all.map(({ name, labels, value }) => [
      `${name}{${Object.entries(labels)
        .map(([key, text]) => `${key}=${text}`)
        .join(',')}}`,
      value,
    ]),
  )
}

interface Call {
  readonly upstream?: string
  readonly method?: string
  readonly tool?: string
  readonly outcome?: string
}

function operation(
  { operations }: Instruments,
  { upstream = 'one', method = 'tools/call', tool = '', outcome = 'ok' }: Call,
) {
  return operations.serverDuration.bind([upstream, method, tool, '', '2025-11-25', outcome, '', ''])
}

describe('pforge', () => {
  test('counts the calls of each tool, its errors and its time, across upstreams', async () => {
    const { views, instruments } = stage()
    operation(instruments, { tool: 'echo' }).record(0.5)
    operation(instruments, { tool: 'echo', upstream: 'two' }).record(0.25)
    operation(instruments, { tool: 'echo', outcome: 'tool_error' }).record(1)
    operation(instruments, { tool: 'slow', outcome: 'timeout' }).record(2)
    operation(instruments, { method: 'tools/list' }).record(9)
    instruments.uptime.bind([]).set(12)
    const page = await families(views.only(['pforge']))
    assert.deepEqual(
      [...page].map(([name, { type }]) => [name, type]),
      [
        ['pforge_requests_total', 'counter'],
        ['pforge_errors_total', 'counter'],
        ['pforge_latency_microseconds_sum', 'counter'],
        ['pforge_uptime_seconds', 'gauge'],
      ],
    )
    assert.deepEqual(samples(page), {
      'pforge_requests_total{tool=echo}': 3,
      'pforge_requests_total{tool=slow}': 1,
      'pforge_errors_total{tool=echo}': 1,
      'pforge_errors_total{tool=slow}': 1,
      'pforge_latency_microseconds_sum{tool=echo}': 1_750_000,
      'pforge_latency_microseconds_sum{tool=slow}': 2_000_000,
      'pforge_uptime_seconds{}': 12,
    })
  })
})

describe('tfo', () => {
  test('has the names, labels and buckets of its document', async () => {
    const { views, instruments } = stage()
    const { sessions } = instruments
    for (const upstream of ['one', 'two']) {
      sessions.active.bind([upstream]).set(2)
      sessions.created.bind([upstream]).add(5)
    }
    for (const seconds of [0.5, 59, 61, 7200]) sessions.duration.bind(['one', 'delete']).record(seconds)
    for (const seconds of [0.01, 0.3, 40]) operation(instruments, { tool: 'echo' }).record(seconds)
    operation(instruments, { tool: 'echo', outcome: 'jsonrpc_error' }).record(0.05)
    operation(instruments, { method: 'ping' }).record(0.001)
    instruments.requestSize.bind(['one']).record(100)
    instruments.responseSize.bind(['one']).record(2000)
    const page = await families(views.only(['tfo']))
    assert.deepEqual(
      [...page].map(([name, { type }]) => [name, type]),
      [
        ['mcp_sessions_active', 'gauge'],
        ['mcp_sessions_total', 'counter'],
        ['mcp_session_duration_seconds', 'histogram'],
        ['mcp_tool_calls_total', 'counter'],
        ['mcp_tool_call_duration_seconds', 'histogram'],
        ['mcp_messages_total', 'counter'],
        ['mcp_message_size_bytes', 'histogram'],
      ],
    )
    const found = samples(page)
    const expected = {
      'mcp_sessions_active{}': 4,
      'mcp_sessions_total{}': 10,
      'mcp_tool_calls_total{tool_name=echo,status=success}': 3,
      'mcp_tool_calls_total{tool_name=echo,status=error}': 1,
      'mcp_messages_total{method=tools/call,status=success}': 3,
      'mcp_messages_total{method=tools/call,status=error}': 1,
      'mcp_messages_total{method=ping,status=success}': 1,
      'mcp_tool_call_duration_seconds_count{tool_name=echo}': 4,
      'mcp_message_size_bytes_sum{direction=request}': 100,
      'mcp_message_size_bytes_sum{direction=response}': 2000,
    }
    for (const [sample, value] of Object.entries(expected)) assert.equal(found[sample], value, sample)
    const buckets = (name: string) =>
      page
        .get(name)!
        .samples.filter((sample) => sample.name.endsWith('_bucket'))
        .map(({ labels, value }) => [labels.le, value])
    assert.deepEqual(buckets('mcp_session_duration_seconds'), [
      ['1', 1],
      ['5', 1],
      ['10', 1],
      ['30', 1],
      ['60', 2],
      ['300', 3],
      ['600', 3],
      ['1800', 3],
      ['3600', 3],
      ['+Inf', 4],
    ])
    assert.deepEqual(buckets('mcp_tool_call_duration_seconds'), [
      ['0.01', 1],
      ['0.05', 2],
      ['0.1', 2],
      ['0.5', 3],
      ['1', 3],
      ['5', 3],
      ['10', 3],
      ['30', 3],
      ['+Inf', 4],
    ])
  })
})

describe('metamcp', () => {
  test('has its names, and vector searches once rules say what one is', async () => {
    const store = new SeriesStore()
    const instruments = new Instruments(store)
    const own = { unit: '', help: 'Ours.', labels: ['tool'], cap: 9 }
    store
      .counter({ ...own, name: 'vector.searches', kind: 'counter' })
      .bind(['find'])
      .add(2)
    const time = store.histogram({ ...own, name: 'vector.search.duration', kind: 'histogram', buckets: [1, 2] })
    time.bind(['find']).record(1.5)
    instruments.requests.bind(['one', 'POST', 'ok']).add(3)
    instruments.requests.bind(['two', 'POST', 'timeout']).add(1)
    instruments.exchangeDuration.bind(['one', 'ok']).record(0.2)
    operation(instruments, { tool: 'find' }).record(1.5)
    operation(instruments, { tool: 'find', outcome: 'tool_error' }).record(1.5)
    const found = samples(await families(new Views(store).only(['metamcp'])))
    const expected = {
      'metamcp_requests_total{method=POST}': 4,
      'metamcp_request_duration_seconds_count{}': 1,
      'metamcp_tool_executions_total{tool_name=find,success=true}': 1,
      'metamcp_tool_executions_total{tool_name=find,success=false}': 1,
      'metamcp_tool_execution_duration_seconds_count{tool_name=find}': 2,
      'metamcp_vector_searches_total{}': 2,
      'metamcp_vector_search_duration_seconds_sum{}': 1.5,
      'metamcp_vector_search_duration_seconds_bucket{le=2}': 1,
    }
    for (const [sample, value] of Object.entries(expected)) assert.equal(found[sample], value, sample)
    const without = await families(stage().views.only(['metamcp']))
    assert.ok(![...without.keys()].some((name) => name.includes('vector')))
  })
})

describe('shadowcat', () => {
  test('has its names', async () => {
    const { views, instruments } = stage()
    operation(instruments, { tool: 'echo' }).record(0.5)
    operation(instruments, { method: 'notifications/initialized' }).record(0.5)
    instruments.connections.bind([]).add(7)
    instruments.connectionDuration.bind([]).record(3)
    instruments.pools.poolWaitDuration.bind(['one']).record(0.1)
    instruments.interceptorErrors.bind(['own', 'TypeError']).add(1)
    instruments.process.memoryUsage.bind([]).set(1000)
    instruments.interceptorActions.bind(['own', 'refuse']).add(2)
    instruments.interceptorDuration.bind(['own', 'request']).record(0.001)
    const page = await families(views.only(['shadowcat']))
    const documented = [
      'mcp_connections_total',
      'mcp_connections_active',
      'mcp_connection_duration_seconds',
      'mcp_connection_errors_total',
      'mcp_sessions_created_total',
      'mcp_sessions_active',
      'mcp_sessions_evicted_total',
      'mcp_session_duration_seconds',
      'mcp_session_heartbeat_checks_total',
      'mcp_session_dead_detected_total',
      'mcp_requests_total',
      'mcp_request_duration_seconds',
      'mcp_request_size_bytes',
      'mcp_response_size_bytes',
      'mcp_interceptor_duration_seconds',
      'mcp_interceptor_errors_total',
      'mcp_interceptor_actions_total',
      'mcp_pool_connections_created_total',
      'mcp_pool_connections_reused_total',
      'mcp_pool_connections_idle',
      'mcp_pool_wait_duration_seconds',
      'mcp_memory_usage_bytes',
      'mcp_task_spawns_total',
    ]
    assert.deepEqual([...page.keys()], documented)
    const found = samples(page)
    const expected = {
      'mcp_connections_total{}': 7,
      'mcp_connection_duration_seconds_count{status=closed}': 1,
      'mcp_requests_total{}': 1,
      'mcp_request_duration_seconds_sum{}': 0.5,
      'mcp_pool_wait_duration_seconds_count{pool=one}': 1,
      'mcp_interceptor_errors_total{interceptor=own,error_type=TypeError}': 1,
      'mcp_interceptor_actions_total{interceptor=own,action=refuse}': 2,
      'mcp_interceptor_duration_seconds_count{interceptor=own,phase=request}': 1,
      'mcp_memory_usage_bytes{}': 1000,
    }
    for (const [sample, value] of Object.entries(expected)) assert.equal(found[sample], value, sample)
  })
})

/** What rules bring. */
const OPTIONAL = ['vector.searches', 'vector.search.duration']

test('every view is named as it is called, and shows instruments that exist', () => {
  const { store } = stage()
  const known = new Set([...store.instruments].map(({ def }) => def.name))
  for (const name of VIEW_NAMES) {
    assert.equal(VIEWS[name].name, name)
    for (const { parts } of VIEWS[name].families)
      for (const { source } of parts) assert.ok(known.has(source) || OPTIONAL.includes(source), source)
  }
})

describe('on the main page', () => {
  test('a view takes the place of families of its names, and leaves all others', async () => {
    const { store, views, instruments } = stage()
    instruments.sessions.active.bind(['one']).set(3)
    instruments.requests.bind(['one', 'POST', 'ok']).add(1)
    const native = await families(store)
    const both = await families(views.beside(store, ['tfo']))
    assert.deepEqual(native.get('mcp_sessions_active')!.samples[0]!.labels, { upstream: 'one' })
    assert.deepEqual(both.get('mcp_sessions_active')!.samples, [{ name: 'mcp_sessions_active', labels: {}, value: 3 }])
    assert.deepEqual(both.get('mcp_requests_total'), native.get('mcp_requests_total'))
    for (const name of native.keys()) assert.ok(both.has(name), name)
    assert.ok(both.has('mcp_sessions_total'))
  })

  test('every view at once is still a page without a name twice', async () => {
    const { store, views, instruments } = stage()
    for (const instrument of store.instruments) instrument.bind(instrument.def.labels.map((label) => `some ${label}`))
    operation(instruments, { tool: 'echo' }).record(1)
    // The parser refuses a name that comes twice.
    const page = await families(views.beside(store, VIEW_NAMES))
    for (const name of [
      'pforge_requests_total',
      'metamcp_requests_total',
      'mcp_tool_calls_total',
      'mcp_memory_usage_bytes',
    ])
      assert.ok(page.has(name), name)
  })

  test('without a view it is the store itself', () => {
    const { store, views } = stage()
    assert.equal(views.beside(store, []), store)
  })
})

describe('when series are freed', () => {
  test('totals never fall', async () => {
    const { views, instruments } = stage()
    const { serverDuration } = instruments.operations
    operation(instruments, { tool: 'old' }).record(3)
    operation(instruments, { tool: 'kept' }).record(0.5)
    const before = samples(await families(views.only(['shadowcat', 'tfo'])))
    assert.equal(serverDuration.unbindWhere([undefined, undefined, 'old']), 1)
    const after = samples(await families(views.only(['shadowcat', 'tfo'])))
    const totals = Object.keys(before).filter((name) =>
      /^mcp_(requests_total|request_duration|messages_total)/.test(name),
    )
    assert.ok(totals.length > 10)
    for (const name of totals) assert.equal(after[name], before[name], name)
    operation(instruments, { tool: 'new' }).record(3)
    assert.equal(samples(await families(views.only(['shadowcat'])))['mcp_requests_total{}'], 3)
  })

  test('also of series that nobody had seen', async () => {
    const { views, instruments } = stage()
    operation(instruments, { tool: 'old' }).record(3)
    instruments.operations.serverDuration.unbindWhere([undefined, undefined, 'old'])
    assert.equal(samples(await families(views.only(['shadowcat'])))['mcp_requests_total{}'], 1)
  })

  test('names that are forgotten leave no rows', async () => {
    const { views, instruments } = stage()
    for (let i = 0; i < 2000; i++) {
      operation(instruments, { tool: `tool${i}` }).record(1)
      if (i % 100 === 0) await families(views.only(['pforge', 'tfo']))
      instruments.operations.serverDuration.unbindWhere([undefined, undefined, `tool${i}`])
    }
    const page = await families(views.only(['pforge', 'tfo']))
    assert.equal(page.get('pforge_requests_total'), undefined)
    assert.equal(page.get('mcp_tool_calls_total'), undefined)
  })
})

test('a view as OpenMetrics says of a counter that its format has no name for that it knows no type', async () => {
  const { views, instruments } = stage()
  operation(instruments, { tool: 'echo' }).record(0.5)
  let text = ''
  for await (const chunk of expose(views.only(['pforge']), 'openmetrics')) text += chunk
  assert.match(text, /^# TYPE pforge_requests counter$/m)
  assert.match(text, /^pforge_requests_total\{tool="echo"\} 1$/m)
  assert.match(text, /^# TYPE pforge_latency_microseconds_sum unknown$/m)
})
