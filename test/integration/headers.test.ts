/** Each rule on headers by its name: what ends at the gateway, what is written anew, what passes. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { HeaderList } from '../support/http-head.ts'
import { settles } from '../support/measure.ts'
import type { RawResponse, rawClient } from '../support/raw-client.ts'
import type { RawRequest } from '../support/raw-exchange.ts'
import { between } from './bytes-between.ts'

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

interface Sent {
  readonly request?: HeaderList
  readonly response?: HeaderList
  readonly target?: string
  readonly host?: string
  readonly method?: string
  readonly settings?: Readonly<Record<string, unknown>>
}

interface Passed {
  readonly up: RawRequest
  readonly down: RawResponse
  readonly log: Readonly<Record<string, unknown>>
  readonly upstreamHost: string
}

/** One exchange with these headers on its two ways. */
async function pass(t: TestContext, sent: Sent): Promise<Passed> {
  const { connect, requests, gateway, origin } = await between(
    t,
    (exchange) => exchange.respond({ headers: sent.response ?? [], body: PING }),
    sent.settings,
  )
  const client = await connect()
  const { target = '/mcp', host = 'localhost', method = 'POST' } = sent
  const down = await client.ask({ method, target, host, headers: sent.request ?? [], body: PING })
  assert.equal(down.status, 200, down.body.toString())
  assert.equal(requests.length, 1)
  await settles(() => gateway.exchanges.length === 1)
  return {
    up: requests[0] as RawRequest,
    down,
    log: gateway.exchanges[0] as Passed['log'],
    upstreamHost: `127.0.0.1:${origin.port}`,
  }
}

const names = ({ headers }: { readonly headers: HeaderList }): string[] => headers.map(([name]) => name.toLowerCase())

test('hop-by-hop headers of a request end at the gateway', async (t) => {
  const { up } = await pass(t, {
    request: [
      ['Keep-Alive', 'timeout=9'],
      ['Proxy-Connection', 'keep-alive'],
      ['Proxy-Authorization', 'Basic eA=='],
      ['Proxy-Authenticate', 'Basic'],
      ['TE', 'trailers'],
      ['Trailer', 'X-Sum'],
      ['Upgrade', 'h2c'],
      ['X-Stays', 'yes'],
    ],
  })
  for (const gone of [
    'keep-alive',
    'proxy-connection',
    'proxy-authorization',
    'proxy-authenticate',
    'te',
    'trailer',
    'upgrade',
  ])
    assert.ok(!names(up).includes(gone), gone)
  assert.equal(up.header('x-stays'), 'yes')
})

test('what the Connection headers of a request name ends at the gateway', async (t) => {
  const { up } = await pass(t, {
    request: [
      ['Connection', 'X-One , keep-alive'],
      ['X-One', '1'],
      ['x-two', '2'],
      ['connection', 'X-TWO'],
      ['X-Three', '3'],
    ],
  })
  assert.deepEqual(up.values('connection'), ['keep-alive'])
  assert.deepEqual([up.values('x-one'), up.values('x-two'), up.values('x-three')], [[], [], ['3']])
})

test('hop-by-hop headers of a response end at the gateway', async (t) => {
  const { down } = await pass(t, {
    response: [
      ['Keep-Alive', 'timeout=999'],
      ['Proxy-Connection', 'keep-alive'],
      ['Proxy-Authenticate', 'Basic'],
      ['Trailer', 'X-Sum'],
      ['Upgrade', 'h2c'],
      ['X-Stays', 'yes'],
    ],
  })
  for (const gone of ['proxy-connection', 'proxy-authenticate', 'trailer', 'upgrade'])
    assert.ok(!names(down).includes(gone), gone)
  assert.ok(!down.values('keep-alive').includes('timeout=999'))
  assert.equal(down.header('x-stays'), 'yes')
})

test('what the Connection headers of a response name ends at the gateway', async (t) => {
  const { down } = await pass(t, {
    response: [
      ['X-One', '1'],
      ['Connection', 'x-one'],
      ['X-Two', '2'],
      ['connection', 'keep-alive, X-TWO'],
      ['X-Three', '3'],
    ],
  })
  assert.deepEqual([down.values('x-one'), down.values('x-two'), down.values('x-three')], [[], [], ['3']])
  assert.deepEqual(down.values('connection'), ['keep-alive'])
})

test('a trailer section of a response ends at the gateway', async (t) => {
  const { connect } = await between(t, async (exchange) => {
    await exchange.head(200, [
      ['Trailer', 'X-Sum'],
      ['Transfer-Encoding', 'chunked'],
    ])
    await exchange.chunk(PING)
    await exchange.lastChunk([['X-Sum', '1']])
  })
  const response = await (await connect()).ask({ body: PING })
  assert.equal(response.body.toString(), PING)
  assert.deepEqual([response.clean, response.trailers, response.header('trailer')], [true, [], undefined])
})

test('Host is the upstream’s own by default', async (t) => {
  const { up, upstreamHost } = await pass(t, { host: 'localhost:9' })
  assert.deepEqual(up.values('host'), [upstreamHost])
  assert.equal(up.header('x-forwarded-host'), 'localhost:9')
})

test('Host is the downstream’s with `host: preserve`', async (t) => {
  const { up } = await pass(t, {
    host: 'LocalHost:9',
    settings: { routes: [{ path: '/mcp', upstream: 'upstream', host: 'preserve' }] },
  })
  assert.deepEqual(up.values('host'), ['LocalHost:9'])
})

const SPOOFED: HeaderList = [
  ['X-Forwarded-For', '203.0.113.7'],
  ['x-forwarded-for', '198.51.100.1'],
  ['X-Forwarded-Proto', 'https'],
  ['X-Forwarded-Host', 'public.example.com'],
  ['X-Forwarded-Port', '443'],
  ['Forwarded', 'for=203.0.113.7;proto=https'],
]

test('X-Forwarded-* of an untrusted peer are replaced, Forwarded is dropped', async (t) => {
  const { up } = await pass(t, { request: SPOOFED, host: 'localhost:77' })
  assert.deepEqual(up.values('x-forwarded-for'), ['127.0.0.1'])
  assert.deepEqual(up.values('x-forwarded-proto'), ['http'])
  assert.deepEqual(up.values('x-forwarded-host'), ['localhost:77'])
  assert.deepEqual(up.values('x-forwarded-port'), [])
  assert.deepEqual(up.values('forwarded'), [])
})

test('X-Forwarded-* of a trusted network are carried on', async (t) => {
  const { up, log } = await pass(t, {
    request: SPOOFED,
    settings: { listen: { trustedProxies: ['127.0.0.0/8'] } },
  })
  assert.deepEqual(up.values('x-forwarded-for'), ['203.0.113.7, 198.51.100.1, 127.0.0.1'])
  assert.deepEqual(up.values('x-forwarded-proto'), ['https'])
  assert.deepEqual(up.values('x-forwarded-host'), ['public.example.com'])
  assert.deepEqual(up.values('x-forwarded-port'), ['443'])
  assert.deepEqual(up.values('forwarded'), ['for=203.0.113.7;proto=https'])
  assert.equal(log['client.address'], '127.0.0.1')
})

test('X-Forwarded-* are written for a trusted peer that sent none, and for one outside the networks', async (t) => {
  const trusted = await pass(t, { settings: { listen: { trustedProxies: ['127.0.0.1'] } } })
  assert.deepEqual(trusted.up.values('x-forwarded-for'), ['127.0.0.1'])
  assert.deepEqual(trusted.up.values('x-forwarded-proto'), ['http'])
  assert.deepEqual(trusted.up.values('x-forwarded-host'), ['localhost'])
  const foreign = await pass(t, { request: SPOOFED, settings: { listen: { trustedProxies: ['10.0.0.0/8', '::1'] } } })
  assert.deepEqual(foreign.up.values('x-forwarded-for'), ['127.0.0.1'])
})

const TRACE: HeaderList = [
  ['Traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
  ['tracestate', 'a=1,b=2'],
  ['TraceState', 'c=3'],
  ['Baggage', 'user=caf%C3%A9;p=1'],
]

test('trace headers pass unchanged', async (t) => {
  const { up } = await pass(t, { request: TRACE })
  assert.deepEqual(
    up.headers.filter(([name]) => /^(trace|baggage)/i.test(name)),
    TRACE,
  )
})

test('no trace headers are added', async (t) => {
  const { up, down } = await pass(t, {})
  for (const side of [up, down]) assert.ok(!names(side).some((name) => /^(trace|baggage)/.test(name)))
})

test('a well-formed X-Correlation-ID goes up, back and into the log', async (t) => {
  const { up, down, log } = await pass(t, {
    request: [
      ['x-CORRELATION-id', 'abc-1.2:3'],
      ['X-Request-ID', 'other'],
    ],
  })
  assert.deepEqual(up.values('x-correlation-id'), ['abc-1.2:3'])
  assert.deepEqual(up.values('x-request-id'), ['other'])
  assert.deepEqual(down.values('x-correlation-id'), ['abc-1.2:3'])
  assert.equal(log.correlation_id, 'abc-1.2:3')
})

test('a correlation id is taken from X-Request-ID, which passes', async (t) => {
  const { up, down, log } = await pass(t, { request: [['X-Request-ID', 'req/7']] })
  assert.deepEqual(up.values('x-request-id'), ['req/7'])
  for (const id of [up.header('x-correlation-id'), down.header('x-correlation-id'), log.correlation_id])
    assert.equal(id, 'req/7')
})

test('a well-formed X-Request-ID stands in for a malformed X-Correlation-ID', async (t) => {
  const { up } = await pass(t, {
    request: [
      ['X-Correlation-ID', 'with blank'],
      ['X-Request-ID', 'good'],
    ],
  })
  assert.deepEqual(up.values('x-correlation-id'), ['good'])
})

const MALFORMED = ['', 'with blank', 'caf\u00e9', '"quoted"', 'x'.repeat(129), '<script>']

for (const given of [undefined, ...MALFORMED]) {
  const what = given === undefined ? 'is missing' : `is ${JSON.stringify(given.slice(0, 12))}`
  test(`a correlation id is created where X-Correlation-ID ${what}`, async (t) => {
    const { up, down, log } = await pass(t, { request: given === undefined ? [] : [['X-Correlation-ID', given]] })
    const [id, ...more] = up.values('x-correlation-id')
    assert.match(id ?? '', UUID)
    assert.deepEqual(more, [])
    assert.deepEqual(down.values('x-correlation-id'), [id])
    assert.equal(log.correlation_id, id)
  })
}

test('an upstream’s own X-Correlation-ID is replaced, so that there is one', async (t) => {
  const { down, up } = await pass(t, {
    response: [
      ['x-correlation-id', 'theirs'],
      ['X-Correlation-Id', 'again'],
    ],
  })
  assert.deepEqual(down.values('x-correlation-id'), up.values('x-correlation-id'))
})

test('answers of the gateway itself carry the correlation id', async (t) => {
  const { connect, origin, gateway } = await between(t, (exchange) => exchange.respond())
  const id: HeaderList = [['X-Correlation-ID', 'mine']]
  const refused: [number, Parameters<Awaited<ReturnType<typeof rawClient>>['ask']>[0]][] = [
    [404, { target: '/nowhere', headers: id, body: PING }],
    [405, { method: 'PUT', headers: id, body: PING }],
    [403, { host: 'evil.example.com', headers: id, body: PING }],
    [400, { headers: [...id, ['Origin', 'http://localhost'], ['Origin', 'http://localhost']], body: PING }],
    [413, { headers: id, body: Buffer.alloc(5_000_000) }],
  ]
  for (const [status, request] of refused) {
    const response = await (await connect()).ask(request)
    assert.deepEqual([response.status, response.values('x-correlation-id')], [status, ['mine']])
  }
  await origin.close()
  const unreachable = await (await connect()).ask({ headers: id, body: PING })
  assert.deepEqual([unreachable.status, unreachable.values('x-correlation-id')], [502, ['mine']])
  await settles(() => gateway.exchanges.length === refused.length + 1)
  assert.ok(gateway.exchanges.every(({ correlation_id }) => correlation_id === 'mine'))
})

test('Origin, cookies, cache headers, Accept-Encoding and the like pass in their order and spelling', async (t) => {
  const request: HeaderList = [
    ['ORIGIN', 'http://localhost:5173'],
    ['Cookie', 'a=1'],
    ['cookie', 'b=2'],
    ['If-None-Match', 'W/"x"'],
    ['Cache-Control', 'no-cache'],
    ['Pragma', 'no-cache'],
    ['Accept', 'application/json, text/event-stream'],
    ['Accept-Encoding', 'gzip;q=0.5, br, zstd'],
    ['Range', 'bytes=0-1'],
    ['User-Agent', ''],
    ['Via', '1.1 someone'],
    ['Authorization', 'Bearer x'],
    ['MCP-Protocol-Version', '2025-11-25'],
    ['Mcp-Method', 'tools/call'],
    ['mcp-NAME', '=?base64?xaFlxJllcsOocw==?='],
    ['Mcp-Param-Region', '=?base64?4pyT?='],
    ['Mcp-Param-region', 'plain \u00e9'],
    ['X-Empty', ''],
  ]
  const { up } = await pass(t, { request, target: '/mcp?q=%41&q=b%20c&&=;' })
  const own = new Set(['host', 'connection', 'content-length', 'x-correlation-id'])
  assert.deepEqual(
    up.headers.filter(([name]) => !own.has(name.toLowerCase()) && !/^x-forwarded-/i.test(name)),
    request,
  )
  assert.equal(up.target, '/mcp?q=%41&q=b%20c&&=;')
})

test('Date, Server, ETag, Vary, CORS and repeated headers of a response pass in their order and spelling', async (t) => {
  const response: HeaderList = [
    ['DATE', 'Thu, 01 Jan 1970 00:00:00 GMT'],
    ['Server', 'their own'],
    ['Set-Cookie', 'a=1; Path=/'],
    ['etag', '"x"'],
    ['SET-COOKIE', 'b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT'],
    ['Vary', 'Origin'],
    ['Vary', 'Accept'],
    ['Access-Control-Allow-Origin', '*'],
    ['Cache-Control', 'max-age=60'],
    ['Via', '1.1 upstream'],
    ['X-Empty', ''],
    ['X-Latin', 'caf\u00e9'],
    ['WWW-Authenticate', 'Bearer resource_metadata="https://elsewhere.example.com/.well-known/x"'],
    ['Mcp-Session-Id', 'S-1'],
  ]
  const { down } = await pass(t, { response })
  const own = new Set(['connection', 'keep-alive', 'content-length', 'x-correlation-id'])
  assert.deepEqual(
    down.headers.filter(([name]) => !own.has(name.toLowerCase())),
    response,
  )
})

test('no Date and no Server are made up where the upstream sent none', async (t) => {
  const { down } = await pass(t, {})
  assert.deepEqual([down.header('date'), down.header('server'), down.header('via')], [undefined, undefined, undefined])
})
