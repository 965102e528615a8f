/** Requests that are slow, too large, malformed or odd: what is refused never reaches the upstream, the rest passes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { FAILURES } from '../../src/errors.ts'
import { answerChunk, JSON_TYPE, OK_BODY, sseHead } from '../support/fault-parts.ts'
import { chunkBytes, type HeaderList } from '../support/http-head.ts'
import { settles } from '../support/measure.ts'
import { SMUGGLED, smugglingShapes } from '../support/smuggling.ts'
import { assertDiscreet, assertRpcError, CALL, DEADLINES, stage } from './faults-stage.ts'

const SLOW = { limits: { headTimeout: '150ms', bodyTimeout: '300ms' } }

test('a request head that stops is answered with 408 and its connection closed', async (t) => {
  const s = await stage(t, { settings: SLOW })
  const client = await s.client()
  await client.send('POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-Ta')
  assertRpcError(await client.response(), 'request_timeout', null)
  await client.closed
  await s.settled()
  assert.equal(await s.gateway.metric('mcp_connection_errors_total', { error_type: 'request_timeout' }), 1)
  await s.serves()
})

test('a connection that never says anything is closed by the time for a head', async (t) => {
  const s = await stage(t, { settings: { limits: { headTimeout: '150ms', bodyTimeout: '300ms', keepAlive: '200ms' } } })
  const client = await s.client()
  await client.closed
  await s.settled()
})

test('a request body that stops is answered with 408 and never reaches the upstream', async (t) => {
  const s = await stage(t, { settings: SLOW })
  const client = await s.client()
  const whole = s.bytes('half')
  await client.send(whole.subarray(0, whole.length - 5))
  assertRpcError(await client.response(), 'request_timeout', null)
  await client.closed
  const line = await s.ended()
  assert.equal(line.outcome, 'refused')
  assert.equal(line['error.type'], 'request_timeout')
  assert.equal(s.hits('half').length, 0)
  await s.settled()
  await s.serves()
  await s.countedOnce()
})

test('a request body that goes on behind its 408 never reaches the upstream either', async (t) => {
  const s = await stage(t, { settings: SLOW })
  const client = await s.client()
  const whole = s.bytes('late')
  await client.send(whole.subarray(0, whole.length - 5))
  assertRpcError(await client.response(), 'request_timeout', null)
  await client.send(whole.subarray(whole.length - 5)).catch(() => {})
  assert.equal((await s.ended())['error.type'], 'request_timeout')
  await s.settled()
  await s.serves()
  assert.equal(s.hits('late').length, 0)
  await s.countedOnce()
})

test('what is pipelined behind an answer that closes the connection is not served', async (t) => {
  const s = await stage(t, { settings: { limits: { requestBytes: '1KiB' } } })
  // A warm connection takes a request at once.
  await s.serves()
  const client = await s.client()
  const big = `POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n${'x'.repeat(2000)}\r\n0\r\n\r\n`
  await client.send(Buffer.concat([Buffer.from(big), s.bytes('behind')]))
  assertRpcError(await client.response(), 'request_too_large', null)
  await client.closed
  assert.equal((await s.ended())['error.type'], 'request_too_large')
  await s.settled()
  assert.equal(s.hits('behind').length, 0)
  await s.serves()
})

test('the time for a request bounds no response', async (t) => {
  const s = await stage(t, {
    settings: SLOW,
    origin: {
      named: {
        stream: async (x) => {
          await x.write(sseHead)
          await x.pause(700)
          await x.write(answerChunk)
          await x.lastChunk()
        },
      },
    },
  })
  assert.ok((await s.ask('stream', { behaviour: 'stream' })).clean)
  assert.equal((await s.ended()).outcome, 'ok')
})

test('a request that drips in time passes', async (t) => {
  const s = await stage(t, { settings: SLOW })
  const client = await s.client()
  const whole = s.bytes('drip')
  await client.sendCut(whole, [5, 20, whole.length - 20, whole.length - 1], 10)
  assert.equal((await client.response()).body.toString(), OK_BODY)
  assert.equal(s.hits('drip')[0]?.body.toString(), CALL)
})

test('a request that is too large is answered with 413, also while it is still being sent', async (t) => {
  const s = await stage(t, { settings: { limits: { requestBytes: '64KiB' } } })
  const large = Buffer.alloc(3_000_000, 'x')
  const head = 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-Tag: large\r\n'
  const shapes: readonly (readonly [string, Buffer])[] = [
    [`Content-Length: ${large.length}\r\n\r\n`, large],
    [`Content-Length: ${large.length}\r\n\r\n`, Buffer.alloc(0)],
    [`Content-Length: ${large.length}\r\nExpect: 100-continue\r\n\r\n`, Buffer.alloc(0)],
    ['Transfer-Encoding: chunked\r\n\r\n', Buffer.concat([chunkBytes(large), Buffer.from('0\r\n\r\n')])],
    ['Transfer-Encoding: chunked\r\n\r\n', chunkBytes(large)],
  ]
  for (const [rest, body] of shapes) {
    const client = await s.client()
    await client.send(head + rest)
    void client.send(body)
    assertRpcError(await client.response(), 'request_too_large', null)
    await client.closed
    const line = await s.ended()
    assert.equal(line.outcome, 'refused')
    assert.equal(line['error.type'], 'request_too_large')
  }
  assert.equal(s.hits('large').length, 0)
  await s.settled()
  await s.serves()
  await s.countedOnce()
})

test('a request of exactly the largest size passes', async (t) => {
  const s = await stage(t, { settings: { limits: { requestBytes: CALL.length } } })
  assert.equal((await s.ask('exact')).status, 200)
  assertRpcError(await s.ask('beyond', { body: `${CALL} ` }), 'request_too_large', null)
})

test('a request head that is too large is answered with 431', async (t) => {
  const s = await stage(t)
  const client = await s.client()
  void client.send(s.bytes('head', { headers: [['X-Large', 'h'.repeat(40_000)]] }))
  assertRpcError(await client.response(), 'head_too_large', null)
  await client.closed
  assert.equal(s.hits('head').length, 0)
  await s.settled()
  await s.serves()
})

test('every smuggling shape is one refused request or one that hides nothing', async (t) => {
  // So that it is never the body that is refused.
  const routes = [{ path: '/mcp', deadlines: DEADLINES, invalidRequests: 'count' }]
  const s = await stage(t, { settings: { routes } })
  for (const shape of smugglingShapes) {
    await t.test(shape.name, async () => {
      await s.catchUp()
      const before = s.origin.hits
      const client = await s.client()
      await client.send(shape.bytes('/mcp'))
      const response = await client.response(shape.name === 'body-on-get' ? 'GET' : 'POST')
      assert.ok(shape.statuses.includes(response.status), `status ${response.status}, expected ${shape.statuses}`)
      assertDiscreet(response.body.toString())
      // Time for whatever hides behind it.
      await delay(30)
      const reached = s.origin.requests.slice(before)
      assert.ok(reached.length <= shape.hits, `${reached.length} requests reached the upstream`)
      for (const request of reached) {
        assert.ok(!request.target.includes(SMUGGLED))
        assert.equal(request.header('authorization'), undefined)
        assert.equal(request.values('host').length, 1)
        assert.equal(request.header('transfer-encoding'), undefined)
      }
      for (const connection of s.origin.connections) assert.equal(connection.stray.length, 0)
      await s.settled()
    })
  }
  await s.catchUp()
  await s.serves()
  await s.countedOnce()
})

interface Refusal {
  readonly name: string
  readonly headers: HeaderList
  readonly code: keyof typeof FAILURES
}

const REFUSALS: readonly Refusal[] = [
  { name: 'two Host', headers: [['Host', 'localhost']], code: 'duplicate_header' },
  {
    name: 'two Origin',
    headers: [
      ['Origin', 'http://localhost'],
      ['origin', 'http://localhost'],
    ],
    code: 'duplicate_header',
  },
  {
    name: 'two Mcp-Session-Id',
    headers: [
      ['Mcp-Session-Id', 'a'],
      ['mcp-session-id', 'a'],
    ],
    code: 'duplicate_header',
  },
  {
    name: 'two Authorization',
    headers: [
      ['Authorization', 'Bearer a'],
      ['AUTHORIZATION', 'Bearer b'],
    ],
    code: 'duplicate_header',
  },
  { name: 'Connection: authorization', headers: [['Connection', 'Authorization']], code: 'connection_header' },
  {
    name: 'Connection: …, mcp-session-id',
    headers: [['Connection', 'keep-alive, mcp-session-id']],
    code: 'connection_header',
  },
  {
    name: 'two Connection lines, the second naming mcp-method',
    headers: [
      ['Connection', 'keep-alive'],
      ['Connection', 'Mcp-Method'],
    ],
    code: 'connection_header',
  },
  { name: 'an empty Mcp-Session-Id', headers: [['Mcp-Session-Id', '']], code: 'session_id_invalid' },
  { name: 'a blank in Mcp-Session-Id', headers: [['Mcp-Session-Id', 'a b']], code: 'session_id_invalid' },
  { name: 'latin-1 in Mcp-Session-Id', headers: [['Mcp-Session-Id', 'caf\u00e9']], code: 'session_id_invalid' },
]

for (const { name, headers, code } of REFUSALS) {
  test(`${name} is refused with 400`, async (t) => {
    const s = await stage(t)
    assertRpcError(await s.ask('refused', { headers }), code)
    assertRpcError(await s.ask('refused', { method: 'GET', headers }), code, null)
    for (const line of await s.endedAll(2)) {
      assert.equal(line.outcome, 'refused')
      assert.equal(line['error.type'], code)
    }
    assert.equal(s.hits('refused').length, 0)
    await s.settled()
    await s.countedOnce()
  })
}

test('methods and paths that are not served are refused as such', async (t) => {
  const s = await stage(t)
  const session: HeaderList = [['Mcp-Session-Id', 'abc']]
  const put = await s.ask('put', { method: 'PUT' })
  assertRpcError(put, 'method_not_allowed', null)
  assert.match(String(put.header('allow')), /POST/)
  assertRpcError(await s.ask('patch', { method: 'PATCH' }), 'method_not_allowed', null)
  assertRpcError(await s.ask('elsewhere', { target: '/elsewhere' }), 'route_not_found', null)
  assertRpcError(await s.ask('elsewhere', { target: '/mcp/' }), 'route_not_found', null)
  assertRpcError(await s.ask('elsewhere', { target: '/elsewhere', headers: session }), 'route_not_found_session', null)
  assertRpcError(await s.ask('odd', { method: 'PROPFIND', target: '/elsewhere' }), 'route_not_found', null)
  for (const { outcome } of await s.endedAll(6)) assert.equal(outcome, 'refused')
  for (const tag of ['put', 'patch', 'elsewhere', 'odd']) assert.equal(s.hits(tag).length, 0)
  await s.settled()
  await s.countedOnce()
})

test('a Content-Type that is missing, empty or malformed passes as it is', async (t) => {
  const s = await stage(t)
  const types: readonly (string | undefined)[] = [undefined, '', 'application/jsonx; =', 'text', 'a/b/c', 'multipart/x']
  for (const [index, type] of types.entries()) {
    const tag = `type-${index}`
    const headers: HeaderList = [['X-Tag', tag], ...(type === undefined ? [] : [['Content-Type', type] as const])]
    const client = await s.client()
    await client.send(Buffer.from(plain(headers, CALL)))
    assert.equal((await client.response()).status, 200)
    assert.equal(s.hits(tag).length, 1)
    assert.equal(s.hits(tag)[0]?.header('content-type'), type)
    assert.equal(s.hits(tag)[0]?.body.toString(), CALL)
  }
  await s.settled()
})

test('Expect: 100-continue is answered here, and the body passes', async (t) => {
  const s = await stage(t)
  const client = await s.client()
  const whole = plain([JSON_TYPE, ['X-Tag', 'expect'], ['Expect', '100-continue']], CALL)
  await client.send(whole.slice(0, -CALL.length))
  await settles(() => client.wire.peek().includes('100 Continue'))
  assert.equal(s.hits('expect').length, 0)
  await client.send(CALL)
  const response = await client.response()
  assert.equal(response.interim.length, 1)
  assert.equal(response.body.toString(), OK_BODY)
  assert.equal(s.hits('expect')[0]?.header('expect'), undefined)
  assert.equal(s.hits('expect')[0]?.body.toString(), CALL)
})

test('any other expectation is 417, wherever it goes, and reaches no upstream', async (t) => {
  const s = await stage(t)
  const expecting: HeaderList = [JSON_TYPE, ['X-Tag', 'other'], ['Expect', '200-maybe']]
  for (const start of ['POST /mcp', 'GET /mcp', 'POST /nowhere', 'PUT /mcp']) {
    const client = await s.client()
    await client.send(plain(expecting, CALL, start))
    assertRpcError(await client.response(), 'expectation_failed', null)
    const line = await s.ended()
    assert.equal(line.outcome, 'refused')
    assert.equal(line['error.type'], 'expectation_failed')
  }
  assert.equal(s.hits('other').length, 0)
  await s.settled()
  await s.countedOnce()
})

test('an expectation of HTTP/1.0 means nothing', async (t) => {
  const s = await stage(t)
  const client = await s.client()
  const whole = plain([JSON_TYPE, ['X-Tag', 'old'], ['Expect', '200-maybe']], CALL)
  await client.send(whole.replace('HTTP/1.1', 'HTTP/1.0'))
  assert.equal((await client.response()).status, 200)
  assert.equal(s.hits('old')[0]?.header('expect'), undefined)
})

for (const listen of [{}, { hosts: ['*'] }]) {
  test(`without Host HTTP/1.1 is 400, with listen ${JSON.stringify(listen)}`, async (t) => {
    const s = await stage(t, { settings: { listen } })
    for (const start of ['POST /mcp', 'POST /nowhere']) {
      const client = await s.client()
      await client.send(plain([JSON_TYPE, ['X-Tag', 'hostless']], CALL, start).replace('Host: localhost\r\n', ''))
      const response = await client.response()
      assertRpcError(response, 'bad_request', null)
      assert.match(JSON.parse(response.body.toString()).error.message, /Host/)
      assert.equal((await s.ended()).outcome, 'refused')
    }
    assert.equal(s.hits('hostless').length, 0)
    await s.settled()
    await s.countedOnce()
  })
}

test('versions that are no HTTP/1, and codings under the chunks, are 400 and reach no upstream', async (t) => {
  const s = await stage(t)
  const whole = plain([JSON_TYPE, ['X-Tag', 'odd']], CALL)
  const chunked = `${CALL.length.toString(16)}\r\n${CALL}\r\n0\r\n\r\n`
  const coded = whole
    .replace(`Content-Length: ${CALL.length}`, 'Transfer-Encoding: gzip, chunked')
    .replace(CALL, chunked)
  for (const bytes of [whole.replace('HTTP/1.1', 'HTTP/2.0'), whole.replace('HTTP/1.1', 'HTTP/0.9'), coded]) {
    const client = await s.client()
    await client.send(bytes)
    assertRpcError(await client.response(), 'bad_request', null)
    assert.equal((await s.ended()).outcome, 'refused')
  }
  assert.equal(s.hits('odd').length, 0)
  const client = await s.client()
  await client.send(coded.replace('gzip, chunked', 'Chunked'))
  assert.equal((await client.response()).status, 200)
  assert.equal(s.hits('odd')[0]?.body.toString(), CALL)
  await s.settled()
})

test('HTTP/1.0 needs no Host, unless Hosts are listed', async (t) => {
  const s = await stage(t, { settings: { listen: { hosts: ['*'] } } })
  const guarded = await stage(t)
  const whole = plain([JSON_TYPE, ['X-Tag', 'old']], CALL).replace('Host: localhost\r\n', '')
  for (const [at, code] of [
    [s, undefined],
    [guarded, 'host_forbidden'],
  ] as const) {
    const client = await at.client()
    await client.send(whole.replace('HTTP/1.1', 'HTTP/1.0'))
    const response = await client.response()
    if (code !== undefined) assertRpcError(response, code)
    else {
      assert.equal(response.status, 200)
      assert.equal(at.hits('old')[0]?.header('host'), new URL(at.origin.url).host)
    }
  }
})

test('a GET with a body reaches the upstream once, with it', async (t) => {
  const s = await stage(t)
  const client = await s.client()
  await client.send(plain([JSON_TYPE, ['X-Tag', 'get']], CALL, 'GET /mcp'))
  assert.equal((await client.response('GET')).status, 200)
  assert.equal(s.hits('get').length, 1)
  assert.equal(s.hits('get')[0]?.body.toString(), CALL)
  await s.settled()
})

test('a target in absolute form is routed by its path, unless it names another host than Host does', async (t) => {
  const s = await stage(t)
  const client = await s.client()
  await client.send(plain([JSON_TYPE, ['X-Tag', 'absolute']], CALL, 'POST http://localhost/mcp?a=b'))
  assert.equal((await client.response()).status, 200)
  assert.equal(s.hits('absolute')[0]?.target, '/mcp?a=b')
  await client.send(plain([JSON_TYPE, ['X-Tag', 'foreign']], CALL, 'POST http://evil.example/mcp'))
  assertRpcError(await client.response(), 'bad_request', null)
  assert.equal(s.hits('foreign').length, 0)
})

test('a malformed request behind a whole one does not reach the upstream', async (t) => {
  const s = await stage(t)
  const client = await s.client()
  await client.send(s.bytes('whole'))
  assert.equal((await client.response()).status, 200)
  await client.send('garbage\r\n\r\n')
  assertRpcError(await client.response(), 'bad_request', null)
  await client.closed
  assert.equal((await s.endedAll(1))[0]?.outcome, 'ok')
  await s.settled()
})

function plain(headers: HeaderList, body: string, start = 'POST /mcp'): string {
  const all: HeaderList = [['Host', 'localhost'], ...headers, ['Content-Length', String(body.length)]]
  return `${start} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
}
