/** What an upstream is told of the trace beside the headers, and what passes as it came, through the real configuration. */
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { gateway, type Settings } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { type RequestParts, rawClient } from '../support/raw-client.ts'
import { rawOrigin } from '../support/raw-origin.ts'
import { receiver } from '../telemetry/tracing/receiver.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = `00-${TRACE}-00f067aa0ba902b7-01`
const JSON_TYPE = ['content-type', 'application/json'] as const

/** Both members of a baggage header may hold nearly anything; this is legal, and easily spoilt. */
const BAGGAGE = [' userId=Am%C3%A9lie ;p=1;  q , empty=,  a=b=c, k=%22%2C%3B\t', 'second=%E2%82%AC;meta']

async function stage(t: TestContext, { traceMeta, tracing = true }: { traceMeta: boolean; tracing?: boolean }) {
  const origin = await rawOrigin()
  const collector = await receiver('http/protobuf')
  const otlp = { endpoint: collector.url, protocol: 'http/protobuf' }
  const settings: Settings = {
    upstreams: { upstream: { url: `${origin.url}/mcp`, probe: { enabled: false } } },
    routes: [
      { path: '/mcp', upstream: 'upstream', traceMeta },
      { path: '/other', upstream: 'upstream' },
    ],
    telemetry: { traces: { exporters: [tracing ? 'otlp' : 'none'], otlp, delay: '20ms' } },
  }
  const g = await gateway(settings)
  const client = await rawClient(g.url)
  t.after(async () => {
    // First the gateway, which would otherwise wait for its collector.
    for (const each of [client, g, collector, origin]) await each.close()
  })
  const send = async (body: string | Buffer, headers: RequestParts['headers'] = [], target = '/mcp') => {
    const before = origin.requests.length
    const response = await client.ask({ target, body, headers: [JSON_TYPE, ...headers] })
    assert.equal(response.status, 200, response.body.toString())
    const request = origin.requests[before] ?? assert.fail('the upstream heard nothing')
    await settles(() => request.body.length > 0)
    return request
  }
  const counted = (result: string) => g.metric('sidelight_trace_meta_bodies_total', { result })
  return { g, origin, collector, send, counted }
}

const call = (meta: object, id = '1') =>
  `{"jsonrpc": "2.0", "id": ${id}, "method":"tools/call","params":{"name":"echo","arguments":{"n":1.50,"n2":123456789012345678901234567890},"_meta":${JSON.stringify(meta)}}}`

describe('on a route with traceMeta', () => {
  test('a message tells the span of the call of the upstream, and everything else stays as it was written', async (t) => {
    const { send, collector, counted } = await stage(t, { traceMeta: true })
    const given = call({ progressToken: 7, traceparent: PARENT, tracestate: 'a=1' }, '9007199254740993')
    const told = await send(given)
    await settles(() => collector.spans.length >= 2)
    const client = collector.spans.find(({ kind }) => kind === 3)
    assert.equal(client?.traceId, TRACE)
    const context = `00-${TRACE}-${client?.spanId}-01`
    assert.equal(told.body.toString(), given.replace(PARENT, context))
    assert.equal(told.header('traceparent'), context)
    assert.equal(told.header('tracestate'), 'a=1')
    assert.equal(told.header('content-length'), String(told.body.length))
    assert.equal(await counted('written'), 1)
  })

  test('a message that is longer for it is framed by its new length', async (t) => {
    const { send } = await stage(t, { traceMeta: true })
    const told = await send('{"jsonrpc":"2.0","id":1,"method":"ping"}', [['tracestate', 'of=nothing']])
    const { params } = JSON.parse(told.body.toString())
    assert.deepEqual(params, { _meta: { traceparent: told.header('traceparent') } })
    assert.equal(told.header('content-length'), String(told.body.length))
  })

  test('each request of a batch tells it, and a response does not', async (t) => {
    const { send, counted } = await stage(t, { traceMeta: true })
    const response = '{"jsonrpc":"2.0","id":8,"result":{}}'
    const told = await send(`[${call({}, '1')}, ${response}, ${call({ x: 1 }, '2')}]`, [['traceparent', PARENT]])
    const context = told.header('traceparent') ?? ''
    assert.ok(context.startsWith(`00-${TRACE}-`) && context !== PARENT)
    assert.equal(
      told.body.toString(),
      `[${call({ traceparent: context }, '1')}, ${response}, ${call({ x: 1, traceparent: context }, '2')}]`,
    )
    assert.equal((await send(response)).body.toString(), response)
    assert.equal(await counted('left'), 1)
  })

  for (const [result, body, header] of [
    ['compressed', gzipSync(call({ traceparent: PARENT })), ['content-encoding', 'gzip']],
    ['signed', Buffer.from(call({ traceparent: PARENT })), ['content-digest', 'sha-256=:AAAA:']],
  ] as const)
    test(`a body that is ${result} passes as it came, is counted, and the headers tell the context`, async (t) => {
      const { send, counted } = await stage(t, { traceMeta: true })
      const told = await send(body, [header])
      assert.ok(told.body.equals(body))
      assert.match(told.header('traceparent') ?? '', new RegExp(`^00-${TRACE}-(?!00f067aa0ba902b7)`))
      assert.equal(await counted(result), 1)
    })

  test('with tracing off nothing is written', async (t) => {
    const { send } = await stage(t, { traceMeta: true, tracing: false })
    const given = call({ traceparent: PARENT })
    assert.equal((await send(given)).body.toString(), given)
  })
})

test('without traceMeta a message passes byte for byte, also beside a route that has it', async (t) => {
  const { send, counted } = await stage(t, { traceMeta: true })
  const given = call({ traceparent: PARENT })
  const told = await send(given, [], '/other')
  assert.equal(told.body.toString(), given)
  assert.match(told.header('traceparent') ?? '', /-01$/)
  assert.equal(await counted('written'), 0)
})

for (const tracing of [true, false])
  test(`baggage passes byte for byte with tracing ${tracing ? 'on' : 'off'}`, async (t) => {
    const { send } = await stage(t, { traceMeta: false, tracing })
    const meta = { baggage: ' k = %22 ;p, z=\u00e9' }
    const [first = '', second = ''] = BAGGAGE
    const told = await send(call(meta), [
      ['baggage', first],
      ['Baggage', second],
    ])
    const sent = BAGGAGE.map((value) => value.replace(/^[ \t]+|[ \t]+$/g, ''))
    // Several lines of a list are the same as one, and so is the white space around a value (RFC 9110, 5.3 and 5.5).
    assert.deepEqual(told.values('baggage').join(), sent.join())
    assert.equal(told.body.toString(), call(meta))
  })
