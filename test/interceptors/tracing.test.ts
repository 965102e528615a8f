/** Tracing in real exchanges: what the upstream is told, and what a real OTLP receiver gets. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { sessionTag } from '../../src/telemetry/access-log.ts'
import { settles } from '../support/measure.ts'
import { type RequestParts, rawClient } from '../support/raw-client.ts'
import { type Behaviour, rawOrigin } from '../support/raw-origin.ts'
import { sdkClient } from '../support/sdk-client.ts'
import { sdkServer } from '../support/sdk-server.ts'
import type { ReceivedSpan } from '../telemetry/tracing/receiver.ts'
import { type TracedOptions, traced } from './traced-gateway.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'
const OTHER = '0af7651916cd43dd8448eb211c80319c'
const PARENT = `00-${TRACE}-${SPAN}-01`
const UNSAMPLED = `00-${TRACE}-${SPAN}-00`
const SERVER = 2
const CLIENT = 3
const ERROR = 2

const call = (tool: string, meta: object = {}, id = 7): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: tool, arguments: {}, _meta: meta } })

async function stage(t: TestContext, options: TracedOptions = {}, behaviour?: Behaviour) {
  const origin = await rawOrigin(behaviour && { behaviour })
  t.after(() => origin.close())
  const staged = await traced(t, `${origin.url}/mcp`, options)
  const client = await rawClient(staged.g.url)
  t.after(() => client.close())
  const ask = async (body: string, headers: RequestParts['headers'] = []) => {
    const { length } = staged.g.exchanges
    const response = await client.ask({ body, headers })
    await settles(() => staged.g.exchanges.length > length)
    return response
  }
  const told = () => origin.requests.filter(({ body }) => !body.includes('sidelight')).at(-1)
  return { ...staged, ask, told, origin }
}

function pair(spans: readonly ReceivedSpan[]): readonly [ReceivedSpan, ReceivedSpan] {
  const server = spans.find(({ kind }) => kind === SERVER)
  const client = spans.find(({ kind }) => kind === CLIENT)
  assert.ok(server !== undefined && client !== undefined, JSON.stringify(spans.map(({ name }) => name)))
  return [server, client]
}

for (const protocol of ['grpc', 'http/protobuf'] as const)
  it(`a call becomes a server span and a client span below it, over ${protocol}`, async (t) => {
    const { ask, told, spans, origin } = await stage(t, { protocol })
    // The clock of the spans is set by `Date.now`, which may be a millisecond behind.
    const before = BigInt(Date.now() - 1) * 1_000_000n
    await ask(call('echo'), [['Mcp-Protocol-Version', '2025-11-25']])
    const after = BigInt(Date.now() + 1) * 1_000_000n
    const [server, client] = pair(await spans(2))
    assert.equal(told()?.header('traceparent'), `00-${server.traceId}-${client.spanId}-01`)
    assert.equal(told()?.header('tracestate'), undefined)
    assert.deepEqual([server.name, client.name], ['tools/call echo', 'tools/call echo'])
    assert.deepEqual([server.parentSpanId, client.parentSpanId], ['', server.spanId])
    assert.equal(client.traceId, server.traceId)
    assert.ok(before <= server.start && server.start <= client.start && client.end <= server.end && server.end <= after)
    assert.deepEqual([server.status, client.status], [0, 0])
    assert.deepEqual(server.resource, { 'service.name': 'sidelight-test' })
    assert.equal(server.scope, 'sidelight')
    const own = { ...server.attributes }
    assert.match(String(own.correlation_id), /^[\da-f-]{36}$/)
    assert.ok(Number(own['http.request.body.size']) > 0 && Number(own['http.response.body.size']) > 0)
    assert.equal(own['mcp.tool.input.size'], own['http.request.body.size'])
    for (const key of ['correlation_id', 'http.request.body.size', 'http.response.body.size']) delete own[key]
    assert.deepEqual(own, {
      'client.address': '127.0.0.1',
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'echo',
      'http.request.method': 'POST',
      'http.response.status_code': 200,
      'http.route': '/mcp',
      'jsonrpc.request.id': '7',
      'mcp.method.name': 'tools/call',
      'mcp.protocol.version': '2025-11-25',
      'mcp.tool.input.size': call('echo').length,
      'mcp.tool.result.size': server.attributes['http.response.body.size'],
      'mcp.tool.result.success': true,
      'network.protocol.name': 'http',
      'network.transport': 'tcp',
      outcome: 'ok',
      upstream: 'upstream',
    })
    assert.deepEqual(client.attributes, {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'echo',
      'http.request.method': 'POST',
      'http.response.status_code': 200,
      'jsonrpc.request.id': '7',
      'mcp.method.name': 'tools/call',
      'mcp.protocol.version': '2025-11-25',
      'network.protocol.name': 'http',
      'network.protocol.version': '1.1',
      'network.transport': 'tcp',
      outcome: 'ok',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(origin.url).port),
      upstream: 'upstream',
    })
  })

describe('the trace', () => {
  it('of the message is the parent, and that of the headers is linked', async (t) => {
    const { ask, told, spans } = await stage(t)
    const meta = { traceparent: `00-${OTHER}-${SPAN}-01`, tracestate: 'own=1' }
    await ask(call('echo', meta), [
      ['traceparent', PARENT],
      ['tracestate', 'carrier=1'],
      ['baggage', 'user=alice'],
    ])
    const [server, client] = pair(await spans(2))
    assert.deepEqual([server.traceId, server.parentSpanId, server.tracestate], [OTHER, SPAN, 'own=1'])
    assert.deepEqual(server.links, [{ traceId: TRACE, spanId: SPAN }])
    assert.equal(told()?.header('traceparent'), `00-${OTHER}-${client.spanId}-01`)
    assert.deepEqual(told()?.values('tracestate'), ['own=1'])
    assert.equal(told()?.header('baggage'), 'user=alice')
    assert.ok(told()?.body.includes(JSON.stringify(meta).slice(1, -1)), 'the message passes unchanged')
  })

  it('of the headers is the parent otherwise, and its state passes', async (t) => {
    const { ask, told, spans } = await stage(t)
    await ask(call('echo'), [
      ['traceparent', PARENT],
      ['tracestate', 'a=1,b=2'],
    ])
    const [server] = pair(await spans(2))
    assert.deepEqual([server.traceId, server.parentSpanId, server.tracestate], [TRACE, SPAN, 'a=1,b=2'])
    assert.deepEqual(told()?.values('tracestate'), ['a=1,b=2'])
  })

  it('is a new one where a broken one is sent, and no message can break the header', async (t) => {
    const { ask, told, spans } = await stage(t)
    const meta = { traceparent: `00-${OTHER}-${SPAN}-01`, tracestate: 'a=1\r\nx-evil: 1' }
    assert.equal((await ask(call('echo', meta))).status, 200)
    assert.equal(told()?.header('x-evil'), undefined)
    assert.equal(told()?.header('tracestate'), undefined)
    await ask(call('echo'), [
      ['traceparent', 'nonsense'],
      ['tracestate', 'a=1'],
    ])
    const roots = (await spans(4)).filter(({ parentSpanId }) => parentSpanId === '')
    assert.equal(roots.length, 1)
    assert.equal(told()?.header('tracestate'), '')
  })
})

describe('what was not sampled', () => {
  it('is not sent, and the upstream is told so', async (t) => {
    const { ask, told, spans } = await stage(t)
    await ask(call('echo'), [['traceparent', UNSAMPLED]])
    assert.match(told()?.header('traceparent') ?? '', new RegExp(`^00-${TRACE}-(?!${SPAN})[0-9a-f]{16}-00$`))
    await ask(call('late'))
    assert.deepEqual(new Set((await spans(2)).map(({ name }) => name)), new Set(['tools/call late']))
  })

  it('is kept when it failed, and says why', async (t) => {
    const failing: Behaviour = async (exchange) => {
      await exchange.body()
      await exchange.respond({
        body: '{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"no such city: SECRET"}}',
      })
    }
    const { ask, spans, receiver } = await stage(t, {}, failing)
    await ask(call('echo'), [['traceparent', UNSAMPLED]])
    const [server, client] = pair(await spans(2))
    for (const span of [server, client]) {
      assert.equal(span.traceId, TRACE)
      assert.equal(span.flags & 1, 1)
      assert.equal(span.status, ERROR)
      assert.equal(span.attributes['error.type'], '-32602')
      assert.equal(span.attributes['rpc.response.status_code'], '-32602')
      assert.equal(span.attributes.outcome, 'jsonrpc_error')
    }
    assert.equal(server.attributes['sidelight.kept'], 'error')
    assert.equal(server.attributes['mcp.tool.result.success'], false)
    assert.ok(!receiver.bytes().includes('SECRET'), 'what upstreams say in words may quote arguments')
  })

  it('is kept when it was slow', async (t) => {
    const { ask, spans } = await stage(t, { traces: { keep: { slow: '30ms' } } }, async (exchange) => {
      const body = (await exchange.body()).toString()
      if (body.includes('sleepy')) await new Promise((resolve) => setTimeout(resolve, 50))
      await exchange.respond({ body: '{"jsonrpc":"2.0","id":7,"result":{}}' })
    })
    await ask(call('sleepy'), [['traceparent', UNSAMPLED]])
    const [server] = pair(await spans(2))
    assert.deepEqual([server.name, server.attributes['sidelight.kept']], ['tools/call sleepy', 'slow'])
    assert.equal(server.status, 0)
  })

  it('by the rate of its tool', async (t) => {
    const { ask, told, spans } = await stage(t, { traces: { sampling: { tools: { noisy: 0 } } } })
    await ask(call('noisy'))
    assert.match(told()?.header('traceparent') ?? '', /-00$/)
    await ask(call('echo'))
    assert.equal((await spans(2)).length, 2)
  })
})

describe('a failure', () => {
  it('of the upstream stands on both spans, with an exception on the one of the call', async (t) => {
    const { ask, spans } = await stage(t, {}, (exchange) => exchange.reset())
    assert.equal((await ask(call('echo'))).status, 502)
    const [server, client] = pair(await spans(2))
    for (const span of [server, client]) {
      assert.equal(span.status, ERROR)
      assert.equal(span.attributes['error.type'], 'upstream_reset')
      assert.equal(span.message, 'The upstream closed the connection before it had answered')
    }
    assert.equal(server.attributes['http.response.status_code'], 502)
    assert.equal(client.attributes['http.response.status_code'], undefined)
    assert.deepEqual(server.events, [])
    assert.deepEqual(
      client.events.map(({ name, attributes }) => [name, attributes['exception.type']]),
      [['exception', 'upstream_reset']],
    )
  })

  it('of the gateway to let it in has no client span, and an event', async (t) => {
    const { ask, spans } = await stage(t)
    assert.equal((await ask('{"jsonrpc":"2.0","id":7,"method":"ping"')).status, 400)
    const [server, ...more] = await spans(1)
    assert.deepEqual(more, [])
    assert.equal(server?.name, 'POST /mcp')
    assert.equal(server?.attributes['error.type'], 'parse_error')
    assert.deepEqual(server?.events, [{ name: 'refused', attributes: { 'error.type': 'parse_error' } }])
  })
})

it('a batch has a span for each of its operations, below the one of its exchange', async (t) => {
  const { ask, spans } = await stage(t, {}, async (exchange) => {
    await exchange.body()
    await exchange.respond({
      body: '[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"result":{"isError":true}}]',
    })
  })
  await ask(`[${call('one', { traceparent: PARENT }, 1)},${call('two', {}, 2)}]`)
  const received = await spans(4)
  const exchange = received.find(({ name, kind }) => name === 'POST /mcp' && kind === SERVER)
  assert.equal(exchange?.attributes['mcp.batch.size'], 2)
  assert.deepEqual(exchange?.links, [{ traceId: TRACE, spanId: SPAN }])
  const operations = received.filter(({ name }) => name.startsWith('tools/call'))
  assert.deepEqual(
    operations.map(({ name, status, parentSpanId, attributes }) => [
      name,
      status,
      parentSpanId,
      attributes['error.type'],
    ]),
    [
      ['tools/call one', 0, exchange?.spanId, undefined],
      ['tools/call two', ERROR, exchange?.spanId, 'tool_error'],
    ],
  )
  assert.equal(new Set(received.map(({ spanId }) => spanId)).size, 4)
})

it('a session of a real client is told by its hash, with who the client is, and none of its secrets', async (t) => {
  const server = await sdkServer()
  t.after(() => server.close())
  const { g, spans, receiver } = await traced(t, server.url)
  const client = await sdkClient(`${g.url}/mcp`)
  const { session = '' } = client
  await client.call('echo', { text: 'canary-argument', token: 'canary-token' })
  await client.end()
  await settles(() => g.exchanges.some((line) => line['http.request.method'] === 'DELETE'))
  const received = await spans(8)
  const initialize = received.find(({ name, kind }) => name === 'initialize' && kind === SERVER)
  assert.deepEqual(initialize?.events.find(({ name }) => name === 'session.created')?.attributes, {
    'mcp.session.id': sessionTag(session),
  })
  assert.equal(initialize?.attributes['mcp.client.name'], 'test')
  const called = received.find(({ name, kind }) => name === 'tools/call echo' && kind === SERVER)
  assert.equal(called?.attributes['mcp.session.id'], sessionTag(session))
  assert.equal(called?.attributes['mcp.client.version'], '1')
  assert.ok(called?.events.some(({ name }) => name === 'first_event'))
  assert.ok(session.length > 0)
  for (const secret of [session, 'canary-argument', 'canary-token'])
    assert.ok(!receiver.bytes().includes(secret), secret)
})

it('no header, query or argument stands on a span', async (t) => {
  const { ask, spans, receiver, g } = await stage(t)
  await ask(
    call('echo', { 'io.example/key': 'canary-meta' }).replace('"arguments":{}', '"arguments":{"k":"canary-arg"}'),
    [
      ['Authorization', 'Bearer canary-auth'],
      ['Cookie', 'sid=canary-cookie'],
      ['X-Api-Key', 'canary-key'],
      ['baggage', 'k=canary-baggage'],
    ],
  )
  const response = await fetch(`${g.url}/mcp?key=canary-query`, { method: 'POST', body: call('canary') })
  await response.text()
  await spans(4)
  const bytes = receiver.bytes().toString('latin1')
  assert.ok(bytes.includes('tools/call canary'), 'the receiver sees what is there')
  assert.deepEqual(bytes.match(/canary-\w+/g), null)
})

describe('a collector', () => {
  for (const manner of ['refuses', 'hangs'] as const)
    it(`that ${manner} is never felt, what it misses is counted, and it is found again`, async (t) => {
      const { ask, receiver, counts, changes, spans } = await stage(t, {
        traces: { otlp: { timeout: '50ms' } },
      })
      receiver.manner = manner
      for (let i = 0; i < 5; i++) assert.equal((await ask(call('echo'))).status, 200)
      await settles(() => counts.export_failed === 5 * 2)
      assert.deepEqual(changes, ['export failed'])
      receiver.manner = 'takes'
      await ask(call('late'))
      await settles(() => changes.length === 2)
      assert.equal(changes[1], 'export works again')
      const [server] = pair(await spans(2))
      assert.equal(server.name, 'tools/call late')
    })

  it('that is away for a moment gets what it missed', async (t) => {
    const { ask, receiver, counts, spans } = await stage(t, { traces: { otlp: { timeout: '10s' } } })
    receiver.manner = 'refuses'
    await ask(call('echo'))
    await settles(() => receiver.heads.length > 0)
    receiver.manner = 'takes'
    await spans(2)
    await settles(() => counts.exported === 2)
    assert.equal(counts.export_failed, 0)
  })

  it('that is down is never felt, and holds no close up', async (t) => {
    const { ask, receiver, counts, tracing } = await stage(t, {
      traces: { queue: 3, delay: '1h', otlp: { timeout: '1h' } },
    })
    await receiver.close()
    for (let i = 0; i < 5; i++) assert.equal((await ask(call('echo'))).status, 200)
    assert.equal(counts.queue_full, 2 * 2)
    await tracing.close(60_000)
    assert.equal(counts.export_failed, 3 * 2)
  })

  it('gets what waits when tracing closes', async (t) => {
    const { ask, receiver, tracing } = await stage(t, { traces: { delay: '1h' } })
    await ask(call('echo'))
    assert.equal(receiver.spans.length, 0)
    await tracing.close(5_000)
    assert.equal(receiver.spans.length, 2)
  })

  for (const protocol of ['grpc', 'http/protobuf'] as const)
    it(`gets headers and compressed bodies as configured, over ${protocol}`, async (t) => {
      const headers = { authorization: 'Bearer of-the-collector' }
      const { ask, receiver, spans } = await stage(t, { protocol, traces: { otlp: { headers, gzip: true } } })
      await ask(call('echo'))
      await spans(2)
      const [head] = receiver.heads
      assert.equal(head?.authorization, 'Bearer of-the-collector')
      assert.equal(head?.[protocol === 'grpc' ? 'grpc-encoding' : 'content-encoding'], 'gzip')
    })
})

it('the console prints a line for each span', async (t) => {
  const { ask, printed } = await stage(t, { traces: { exporters: ['console'] } })
  await ask(call('echo'), [['traceparent', PARENT]])
  await settles(() => printed.length === 2)
  assert.deepEqual(
    printed.map(({ name, kind, trace_id, status }) => ({ name, kind, trace_id, status })),
    ['server', 'client'].map((kind) => ({ name: 'tools/call echo', kind, trace_id: TRACE, status: 'unset' })),
  )
})

it('a span that an interceptor makes through the API stands below that of its exchange', async (t) => {
  const own = `
    import { context, trace } from '${import.meta.resolve('@opentelemetry/api')}'
    const tracer = trace.getTracer('own')
    export default () => ({
      name: 'own',
      onRequest(x) {
        const parent = trace.setSpanContext(context.active(), x.trace)
        tracer.startActiveSpan('look up', {}, parent, (outer) => {
          tracer.startSpan('inner').end()
          outer.end()
        })
      },
    })`
  const { ask, receiver, tracing } = await stage(t, { own })
  await ask(call('echo'))
  await ask(call('echo'), [['traceparent', UNSAMPLED]])
  await tracing.close(5_000)
  const named = (name: string) => receiver.spans.filter((span) => span.name === name)
  const server = named('tools/call echo').find(({ kind }) => kind === SERVER)
  const [outer, ...more] = named('look up')
  assert.deepEqual([outer?.traceId, outer?.parentSpanId, more.length], [server?.traceId, server?.spanId, 0])
  assert.equal(named('inner')[0]?.parentSpanId, outer?.spanId)
  assert.equal(outer?.resource['service.name'], 'sidelight-test')
})
