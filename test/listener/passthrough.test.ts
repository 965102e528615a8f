/** Passthrough: what is not MCP reaches the same upstream, byte for byte, once, by the rules of MCP routes. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { assertDiscreet, assertRpcError, type Stage, type StageOptions, stage } from '../integration/faults-stage.ts'
import { settles } from '../support/measure.ts'
import type { RawResponse, RequestParts } from '../support/raw-client.ts'

const PATH = '/pass/thing'

function passing(t: TestContext, { deadlines, settings, ...options }: StageOptions = {}): Promise<Stage> {
  const route = { path: '/mcp', passthrough: ['/pass/*', '/exact'], deadlines: { responseHead: '5s', ...deadlines } }
  return stage(t, { ...options, settings: { routes: [route], ...settings } })
}

/** Asks, and holds that nothing stays behind. */
async function asked(s: Stage, tag: string, parts: RequestParts = {}): Promise<RawResponse> {
  const response = await s.ask(tag, { target: PATH, ...parts })
  await s.settled()
  return response
}

describe('a request', () => {
  const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'QUERY', 'REPORT']
  const TYPES = [
    undefined,
    '',
    ';;',
    'application/json',
    'text/plain; charset="',
    'multipart/form-data',
    'APPLICATION/JSON',
  ]
  const BODY = Buffer.from('{"a":1.0,"a":1e400,\xff"\u2028}', 'latin1')

  it('of every method and any content type arrives once, with its bytes', async (t) => {
    const s = await passing(t)
    for (const method of METHODS) {
      for (const type of TYPES) {
        const tag = `${method} as <${type}>`
        const headers = [['X-Tag', tag], ...(type === undefined ? [] : [['Content-Type', type]])] as [string, string][]
        const client = await s.client()
        const response = await client.ask({ method, target: PATH, headers, body: BODY })
        client.close()
        assert.equal(response.status, 200, tag)
        const [request, ...more] = s.hits(tag)
        assert.deepEqual(more, [])
        assert.equal(request?.method, method)
        assert.deepEqual(request?.body, BODY, tag)
        assert.deepEqual(request?.values('content-type'), type === undefined ? [] : [type])
        assert.equal(request?.header('content-length'), String(BODY.length))
      }
    }
    await s.settled()
  })

  it('without a body gets none', async (t) => {
    const s = await passing(t)
    for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      const response = await asked(s, method, { method })
      assert.equal(response.status, 200)
      assert.deepEqual([s.hits(method).length, s.hits(method)[0]?.body.length], [1, 0])
    }
  })

  it('in chunks arrives in chunks, also one of GET', async (t) => {
    const s = await passing(t)
    for (const method of ['POST', 'GET', 'DELETE']) {
      const client = await s.client()
      await client.send(
        `${method} ${PATH} HTTP/1.1\r\nHost: localhost\r\nX-Tag: ${method}\r\nTransfer-Encoding: chunked\r\n`,
      )
      await client.send('\r\n5\r\nhello\r\n')
      await s.arrived(method)
      await client.send('6\r\n world\r\n0\r\n\r\n')
      assert.equal((await client.response(method)).status, 200)
      assert.equal(s.hits(method)[0]?.body.toString(), 'hello world')
      assert.equal(s.hits(method)[0]?.header('transfer-encoding'), 'chunked')
    }
    await s.settled()
  })

  it('keeps path and query as they were written, and the spelling, order and repetition of its headers', async (t) => {
    const s = await passing(t)
    const targets = [
      '/pass/',
      '/pass/%41%2fb//c;d=e',
      '/pass/x?',
      '/pass/x?a=%2F&a=+&b=c?d',
      '/exact?q=/../',
      '/pass/...',
    ]
    for (const target of targets) await asked(s, target, { method: 'GET', target })
    assert.deepEqual(
      targets.map((target) => s.hits(target)[0]?.target),
      targets,
    )
    const headers = [
      ['x-Zebra', '1'],
      ['X-Many', 'a'],
      ['cookie', 'k=v'],
      ['x-many', 'b'],
      ['X-Latin', 'caf\xe9'],
      ['X-Empty', ''],
    ] as const
    await asked(s, 'headers', { method: 'GET', headers })
    const got = s.hits('headers')[0]?.headers ?? []
    assert.deepEqual(
      got.filter(([name]) => headers.some(([each]) => each === name)),
      headers,
    )
  })

  it('larger than limits.requestBytes passes, at the pace of the upstream', async (t) => {
    const s = await passing(t, {
      settings: { routes: [{ path: '/mcp', passthrough: ['/pass/*'] }], limits: { requestBytes: '1KiB' } },
    })
    s.origin.next(async (exchange) => {
      exchange.hold()
      await exchange.pause(150)
      exchange.release()
      await exchange.respond({ body: 'done' })
    })
    const body = Buffer.alloc(48 * 1024 * 1024, 'abcdefghijk')
    const client = await s.client()
    let sent = false
    const sending = client.send(s.bytes('large', { target: PATH, body })).then(() => {
      sent = true
    })
    await s.arrived('large')
    await new Promise((resolve) => setTimeout(resolve, 75))
    assert.equal(sent, false, 'a body that the upstream does not take yet was read whole')
    await sending
    assert.equal((await client.response()).body.toString(), 'done')
    assert.ok(s.hits('large')[0]?.body.equals(body))
    await s.settled()
    const [line] = await s.endedAll(1)
    assert.equal(line?.['http.request.body.size'] ?? line?.request_bytes, body.length)
  })

  it('with a path that would leave what is passed is refused', async (t) => {
    const s = await passing(t)
    for (const target of ['/pass/../mcp', '/pass/%2e%2e/mcp', '/pass/..%2fmcp', '/pass/..', '/pass/..%5cmcp']) {
      assertRpcError(await asked(s, target, { target }), 'bad_request', null)
      assert.equal(s.hits(target).length, 0)
    }
    for (const target of ['/pass', '/exact/more', '/Exact']) {
      assertRpcError(await asked(s, target, { target }), 'route_not_found', null)
    }
  })

  it('is refused by the guard like any other', async (t) => {
    const s = await passing(t)
    const cases = [
      ['origin_forbidden', ['Origin', 'https://evil.example']],
      ['connection_header', ['Connection', 'authorization, close']],
      ['connection_header', ['Connection', 'Mcp-Session-Id']],
    ] as const
    for (const [code, header] of cases) {
      assertRpcError(await asked(s, code, { headers: [header] }), code, null)
      assert.equal(s.hits(code).length, 0)
    }
    for (const name of ['Mcp-Session-Id', 'Origin', 'Authorization', 'Host']) {
      const value = name === 'Origin' ? 'http://localhost' : 'localhost'
      const headers = [...(name === 'Host' ? [] : [[name, value] as const]), [name, value] as const]
      const response = await asked(s, name, { headers })
      assert.equal(response.status, 400, name)
      assert.equal(s.hits(name).length, 0)
    }
  })

  it('loses what belongs to its connection, and nothing else for it (Expect, Keep-Alive, Upgrade, TE)', async (t) => {
    const s = await passing(t)
    const client = await s.client()
    const headers = [
      ['Expect', '100-continue'],
      ['Keep-Alive', 'timeout=5'],
      ['Upgrade', 'h2c'],
      ['TE', 'trailers'],
      ['Connection', 'keep-alive, X-Mine'],
      ['X-Mine', '1'],
      ['Authorization', 'Bearer x'],
    ] as const
    await client.send(s.bytes('hop', { target: PATH, headers }))
    const response = await client.response()
    assert.equal(response.status, 200)
    assert.equal(response.interim.length, 1)
    const [request, ...more] = s.hits('hop')
    assert.deepEqual(more, [])
    for (const name of ['expect', 'keep-alive', 'upgrade', 'te', 'x-mine'])
      assert.equal(request?.header(name), undefined)
    assert.equal(request?.header('authorization'), 'Bearer x')
    await s.settled()
  })

  it('cut off half-way ends the request to the upstream, broken', async (t) => {
    const s = await passing(t)
    for (const how of ['reset', 'close', 'fin'] as const) {
      const client = await s.client()
      const whole = s.bytes(how, { target: PATH, body: 'x'.repeat(1000) })
      await client.send(whole.subarray(0, whole.length - 500))
      const request = await s.arrived(how)
      await settles(() => request.body.length === 500)
      client[how]()
      await request.finished
      assert.equal(request.complete, false)
      await s.settled()
    }
  })
})

describe('a response', () => {
  it('passes with its reason, the spelling, order and repetition of its headers, and its bytes', async (t) => {
    const s = await passing(t)
    const body = gzipSync('{"a":1.0}')
    const headers = [
      ['x-B', '1'],
      ['Set-Cookie', 'a=1'],
      ['X-A', '2'],
      ['set-cookie', 'b=2'],
      ['CONTENT-TYPE', 'application/json'],
      ['Content-Encoding', 'gzip'],
      ['ETag', '"x"'],
      ['Location', '/else/where'],
    ] as const
    s.origin.next((exchange) => exchange.respond({ status: 201, reason: 'Made Up', headers, body }))
    const response = await asked(s, 'response')
    assert.deepEqual([response.status, response.reason], [201, 'Made Up'])
    assert.deepEqual(response.headers.slice(0, headers.length), headers)
    assert.deepEqual(response.values('content-length'), [String(body.length)])
    assert.deepEqual(response.body, body)
  })

  it('loses what belongs to the upstream connection', async (t) => {
    const s = await passing(t)
    const headers = [
      ['Connection', 'X-Secret, close'],
      ['X-Secret', '1'],
      ['Keep-Alive', 'timeout=99'],
      ['Upgrade', 'h2c'],
      ['Proxy-Authenticate', 'Basic'],
      ['Trailer', 'X-T'],
      ['X-Kept', '1'],
    ] as const
    s.origin.next((exchange) => exchange.respond({ headers, body: 'x' }))
    const response = await asked(s, 'hop')
    for (const name of ['x-secret', 'upgrade', 'proxy-authenticate', 'trailer'])
      assert.equal(response.header(name), undefined)
    assert.equal(response.header('x-kept'), '1')
    assert.doesNotMatch(response.header('keep-alive') ?? '', /99/)
  })

  it('with a Trailer beside a length or on a 204 does not end the process', async (t) => {
    const s = await passing(t)
    for (const status of [200, 204]) {
      s.origin.next((exchange) => exchange.respond({ status, headers: [['Trailer', 'X-T']] }))
      assert.equal((await asked(s, `trailer ${status}`)).status, status)
    }
  })

  it('to HEAD, of 204 and of 304 has no body and keeps its head', async (t) => {
    const s = await passing(t)
    const cases = [
      { method: 'HEAD', status: 200 },
      { method: 'GET', status: 204 },
      { method: 'GET', status: 304 },
    ]
    for (const { method, status } of cases) {
      s.origin.next(
        (exchange) =>
          exchange.head(
            status,
            status === 200 ? [['Content-Length', '77']] : [['ETag', '"e"']],
          ) as Promise<unknown> as Promise<void>,
      )
      const response = await asked(s, `${method} ${status}`, { method })
      assert.deepEqual([response.status, response.body.length, response.clean], [status, 0, true])
      if (status === 200) assert.equal(response.header('content-length'), '77')
      assert.equal(response.header('transfer-encoding'), undefined)
    }
  })

  it('of 503 passes as it is, after one request', async (t) => {
    const s = await passing(t)
    s.origin.behaviour = (exchange) => exchange.respond({ status: 503, headers: [['Retry-After', '1']], body: 'busy' })
    const response = await asked(s, 'busy', { method: 'GET' })
    assert.deepEqual([response.status, response.header('retry-after'), response.body.toString()], [503, '1', 'busy'])
    assert.equal(s.hits('busy').length, 1)
  })

  it('before the request is whole passes whole, and the connection closes after it', async (t) => {
    const s = await passing(t, { permits: { calls: 1 } })
    s.origin.next(async (exchange) => {
      await exchange.head(413, [['Content-Length', '5']])
      await exchange.write('large')
    })
    const client = await s.client()
    const whole = s.bytes('early', { target: PATH, body: Buffer.alloc(200_000, 'x') })
    await client.send(whole.subarray(0, 100_000))
    // Waits for the only permit, and must not meet the connection of the one before.
    const next = s.ask('next', { target: PATH })
    const response = await client.response()
    assert.deepEqual([response.status, response.body.toString(), response.clean], [413, 'large', true])
    assert.equal(response.header('connection'), 'close')
    assert.equal((await next).status, 200)
    await s.settled()
  })

  it('before the request is whole is not lost to who goes on sending', async (t) => {
    const s = await passing(t)
    s.origin.next(async (exchange) => {
      await exchange.head(413, [['Content-Length', '5']])
      await exchange.write('large')
    })
    const client = await s.client()
    const whole = s.bytes('early', { target: PATH, body: Buffer.alloc(1_000_000, 'x') })
    client.hold()
    await client.send(whole.subarray(0, 1_000))
    await s.arrived('early')
    await settles(async () => (await s.gateway.metric('mcp_pool_connections_active')) === 0)
    assert.equal(await client.send(whole.subarray(1_000)), true)
    client.release()
    assert.equal((await client.response()).body.toString(), 'large')
    assert.equal(await client.closed, 'fin')
    await s.settled()
  })

  it('sends its head at once, and its bytes as they come', async (t) => {
    const s = await passing(t)
    s.origin.next(async (exchange) => {
      await exchange.head(200, [['Transfer-Encoding', 'chunked']])
      await exchange.nextBytes()
    })
    const client = await s.client()
    await client.send(s.bytes('flush', { method: 'GET', target: PATH }))
    assert.equal((await client.head('GET')).status, 200)
    client.close()
    await s.settled()
  })
})

describe('an upstream', () => {
  it('that refuses connections is a 502 without its address', async (t) => {
    const s = await passing(t)
    await s.origin.refuse()
    const response = await asked(s, 'refused', { method: 'GET' })
    assertRpcError(response, 'upstream_unreachable', null)
    assertDiscreet(response.rawHead.toString())
  })

  it('is asked over the pool of MCP routes, whose connections it keeps', async (t) => {
    const s = await passing(t)
    for (let i = 0; i < 3; i++) {
      assert.equal((await asked(s, `pass ${i}`)).status, 200)
      assert.equal((await asked(s, `mcp ${i}`, { target: '/mcp' })).status, 200)
    }
    const ports = new Set(
      s.origin.connections.filter(({ requests }) => requests.some((r) => r.header('x-tag') !== undefined)),
    )
    assert.equal(ports.size, 1)
  })

  it('that is full answers 503 with Retry-After, and who leaves the queue leaves room', async (t) => {
    const s = await passing(t, { permits: { calls: 1, queue: 1 } })
    let release = (): void => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    s.origin.next(async (exchange) => {
      await released
      await exchange.respond({ body: 'first' })
    })
    const first = s.ask('first', { target: PATH })
    await s.arrived('first')
    const waiting = await s.client()
    await waiting.send(s.bytes('waiting', { target: PATH, body: 'x'.repeat(100_000) }))
    await settles(async () => (await s.gateway.metric('mcp_pool_pending')) === 1)
    const full = await s.ask('full', { target: PATH })
    assertRpcError(full, 'queue_full', null)
    assert.ok(Number(full.header('retry-after')) > 0)
    waiting.close()
    await settles(async () => (await s.gateway.metric('mcp_pool_pending')) === 0)
    const second = s.ask('second', { target: PATH })
    await settles(async () => (await s.gateway.metric('mcp_pool_pending')) === 1)
    release()
    assert.equal((await first).body.toString(), 'first')
    assert.equal((await second).status, 200)
    assert.deepEqual([s.hits('waiting').length, s.hits('full').length], [0, 0])
    await s.settled()
  })
})

describe('http-proxy', () => {
  it('is awaited by all who come while it loads, and those who left are forgotten', async (t) => {
    const s = await passing(t)
    const left = await s.client()
    await left.send(s.bytes('left', { target: PATH }))
    left.reset()
    const responses = await Promise.all(Array.from({ length: 20 }, (_, i) => s.ask(`first ${i}`, { target: PATH })))
    assert.deepEqual([...new Set(responses.map(({ status }) => status))], [200])
    assert.equal(s.hits('first 7').length, 1)
    await s.settled()
    await s.countedOnce()
  })

  it('serves every path and every host name if told so', async (t) => {
    for (const hostnames of [[], ['localhost', 'other.example.com']]) {
      const s = await passing(t, { settings: { routes: [{ path: '/mcp', hostnames, passthrough: ['/*'] }] } })
      for (const target of ['/', '/a/b', '/.well-known/x', `/${'long/'.repeat(500)}`]) {
        assert.equal((await asked(s, target, { target })).status, 200)
      }
      assert.equal((await fetch(`${s.gateway.url}/health`)).status, 200)
      assert.equal(s.hits('/')[0]?.target, '/')
    }
  })
})
