/** Statuses, reason phrases, responses without a body, and very large bodies pass as they came. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { chunkBytes, type HeaderList, headBytes, lastChunkBytes } from '../support/http-head.ts'
import { settles } from '../support/measure.ts'
import { type RawClient, requestBytes } from '../support/raw-client.ts'
import { between } from './bytes-between.ts'

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
const JSON_TYPE: HeaderList = [['Content-Type', 'application/json']]
const hash = (bytes: Buffer): string => `${bytes.length}:${createHash('sha256').update(bytes).digest('hex')}`

const STATUSES: ReadonlyArray<readonly [status: number, reason: string]> = [
  [200, 'OK'],
  [200, 'As the upstream says'],
  [201, 'Created'],
  [202, 'Accepted'],
  [203, ''],
  [205, 'Reset Content'],
  [206, 'Partial Content'],
  [299, 'Unknown to everybody'],
  [300, 'Multiple Choices'],
  [301, 'Moved Permanently'],
  [307, 'Temporary Redirect'],
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [405, 'Method Not Allowed'],
  [406, 'Not Acceptable'],
  [409, 'Conflict'],
  [418, 'caf\u00e9 \u00ff'],
  [429, 'Too Many Requests'],
  [500, 'Internal Server Error'],
  [502, 'Bad Gateway'],
  [503, 'Service Unavailable'],
  [504, 'Gateway Timeout'],
  [599, 'Last'],
]

interface Body {
  readonly what: string
  readonly type: string
  readonly body: string
  /** Outcome and detail of the exchange that brings it with this status. */
  readonly seen: (status: number) => readonly [string, string]
}

const BODIES: readonly Body[] = [
  {
    what: 'a JSON-RPC error',
    type: 'application/json',
    body: '{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"no"}}',
    seen: () => ['jsonrpc_error', '-32600'],
  },
  {
    what: 'other JSON',
    type: 'application/json',
    body: '{"error":"no"}',
    seen: (status) => (status >= 300 ? ['http_error', String(status)] : ['unknown', 'no_response']),
  },
  {
    what: 'text',
    type: 'text/plain',
    body: 'no',
    seen: (status) => (status >= 300 ? ['http_error', String(status)] : ['unknown', 'content_type']),
  },
]

for (const { what, type, body, seen } of BODIES) {
  test(`every status passes with its reason phrase and ${what}, and is asked for once`, async (t) => {
    const { connect, origin, requests, gateway } = await between(t, (exchange) => {
      const [status, reason] = STATUSES[Number(exchange.request.header('x-row'))] as readonly [number, string]
      const headers: HeaderList = [
        ['Content-Type', type],
        ['Retry-After', '7'],
        ['Location', '/elsewhere'],
      ]
      return exchange.respond({ status, reason, headers, body })
    })
    const client = await connect()
    for (const [row, [status, reason]] of STATUSES.entries()) {
      const response = await client.ask({ headers: [['X-Row', String(row)]], body: PING })
      assert.deepEqual([response.status, response.reason], [status, reason])
      assert.equal(response.body.toString(), body)
      assert.equal(response.header('retry-after'), '7')
      assert.equal(response.header('location'), '/elsewhere')
    }
    assert.equal(requests.length, STATUSES.length)
    assert.deepEqual(origin.failures, [])
    await settles(() => gateway.exchanges.length === STATUSES.length)
    for (const [row, line] of gateway.exchanges.entries()) {
      const [status] = STATUSES[row] as readonly [number, string]
      assert.deepEqual([line.outcome, line['error.type']], seen(status), `outcome of ${status}`)
    }
  })
}

interface Bodiless {
  readonly name: string
  readonly method: string
  readonly status: number
  readonly headers: HeaderList
}

const BODILESS: readonly Bodiless[] = [
  { name: '202 without a length', method: 'POST', status: 202, headers: [['Connection', 'close']] },
  { name: '202 of length 0', method: 'POST', status: 202, headers: [['Content-Length', '0']] },
  { name: '204', method: 'POST', status: 204, headers: [] },
  { name: '204 of length 0', method: 'POST', status: 204, headers: [['Content-Length', '0']] },
  { name: '204 of length 5', method: 'DELETE', status: 204, headers: [['Content-Length', '5']] },
  { name: '204 said to be chunked', method: 'POST', status: 204, headers: [['Transfer-Encoding', 'chunked']] },
  { name: '304 of length 0', method: 'GET', status: 304, headers: [['Content-Length', '0']] },
  {
    name: '304 of length 1234',
    method: 'GET',
    status: 304,
    headers: [
      ['Content-Length', '1234'],
      ['ETag', '"x"'],
    ],
  },
  { name: 'HEAD of length 1234', method: 'HEAD', status: 200, headers: [['Content-Length', '1234'], ...JSON_TYPE] },
  { name: 'HEAD without a length', method: 'HEAD', status: 200, headers: JSON_TYPE },
  { name: 'HEAD of something chunked', method: 'HEAD', status: 200, headers: [['Transfer-Encoding', 'chunked']] },
  { name: 'HEAD of a stream', method: 'HEAD', status: 200, headers: [['Content-Type', 'text/event-stream']] },
  { name: 'HEAD answered 404', method: 'HEAD', status: 404, headers: [['Content-Length', '20']] },
  { name: 'OPTIONS answered 204', method: 'OPTIONS', status: 204, headers: [['Allow', 'GET, POST']] },
]

for (const { name, method, status, headers } of BODILESS) {
  test(`a response without a body ends at its head: ${name}`, async (t) => {
    const { connect, requests, gateway } = await between(t, async (exchange) => {
      await exchange.body()
      if (exchange.request.header('x-next') !== undefined) return exchange.respond({ body: PING })
      await exchange.head(status, headers, 'Such')
      if (headers.some(([, value]) => value === 'close')) exchange.fin()
    })
    const client = await connect()
    const response = await client.ask({ method, ...(method === 'POST' && { body: PING }) })
    assert.deepEqual([response.status, response.reason, response.body.length], [status, 'Such', 0])
    const length = headers.find(([header]) => header === 'Content-Length')?.[1]
    if (length !== undefined) assert.equal(response.header('content-length'), length)
    // What follows on the same connection would be misread if a body had been made up, or one were awaited.
    const again = response.header('connection') === 'close' ? await connect() : client
    const next = await again.ask({ headers: [['X-Next', '1']], body: PING })
    assert.deepEqual([next.status, next.body.toString()], [200, PING])
    assert.equal(requests.length, 2)
    await settles(() => gateway.exchanges.length === 2)
    assert.equal(await gateway.metric('mcp_requests_active'), 0)
  })
}

test('a DELETE and a GET go up without a body of our own making', async (t) => {
  const { connect, requests } = await between(t, (exchange) => exchange.respond())
  const client = await connect()
  for (const method of ['GET', 'DELETE', 'OPTIONS', 'HEAD']) await client.ask({ method })
  assert.deepEqual(
    requests.map(({ method, body }) => [method, body.length]),
    [
      ['GET', 0],
      ['DELETE', 0],
      ['OPTIONS', 0],
      ['HEAD', 0],
    ],
  )
  for (const request of requests) {
    assert.equal(request.header('content-length'), undefined)
    assert.equal(request.header('transfer-encoding'), undefined)
  }
})

/** A message of 4 MiB, of which nearly all is one string of every byte that a string may hold, UTF-8 or not. */
const LARGE = Buffer.alloc(4 * 1024 * 1024)
for (let i = 0; i < LARGE.length; i += 4) LARGE.writeUInt32LE(Math.imul(i, 0x9e3779b1) >>> 0, i)
for (const [i, byte] of LARGE.entries()) if (byte < 0x20 || byte === 0x22 || byte === 0x5c) LARGE[i] = byte | 0x80
LARGE.write('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"')
LARGE.write('"}}', LARGE.length - 3)

const askLarge = async (client: RawClient, chunked: boolean): Promise<void> => {
  if (!chunked) await client.send(requestBytes({ headers: JSON_TYPE, body: LARGE }))
  else {
    await client.send(
      headBytes('POST /mcp HTTP/1.1', [
        ['Host', 'localhost'],
        ['Transfer-Encoding', 'chunked'],
      ]),
    )
    for (let at = 0; at < LARGE.length; at += 1_000_003)
      await client.send(chunkBytes(LARGE.subarray(at, at + 1_000_003)))
    await client.send(lastChunkBytes())
  }
}

for (const chunked of [false, true]) {
  test(`4 MiB pass both ways, ${chunked ? 'in chunks' : 'with a length'}`, async (t) => {
    const { connect, requests } = await between(t, async (exchange) => {
      await exchange.body()
      if (!chunked) return exchange.respond({ body: LARGE })
      await exchange.head(200, [...JSON_TYPE, ['Transfer-Encoding', 'chunked']])
      for (let at = 0; at < LARGE.length; at += 777_777) await exchange.chunk(LARGE.subarray(at, at + 777_777))
      await exchange.lastChunk()
    })
    const client = await connect()
    await askLarge(client, chunked)
    const response = await client.response()
    assert.equal(hash(response.body), hash(LARGE))
    assert.equal(response.framing, chunked ? 'chunked' : 'length')
    assert.deepEqual(
      requests.map(({ body }) => hash(body)),
      [hash(LARGE)],
    )
  })
}
