/** OAuth discovery through the gateway: each route's metadata from its own upstream, and the public URL named in it. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { gateway, type Settings, type TestGateway } from '../support/gateway.ts'
import type { HeaderList } from '../support/http-head.ts'
import { listenerWarnings, settles } from '../support/measure.ts'
import { type RawResponse, type RequestParts, rawClient } from '../support/raw-client.ts'
import type { RawAnswer } from '../support/raw-exchange.ts'
import { type RawOrigin, rawOrigin } from '../support/raw-origin.ts'

const ROOT = '/.well-known/oauth-protected-resource'
const PUBLIC = 'https://gw.example.com/tools/mcp'
const JSON_TYPE = ['Content-Type', 'application/json'] as const

interface Pair {
  readonly g: TestGateway
  readonly origin: RawOrigin
  ask(target: string, parts?: RequestParts): Promise<RawResponse>
  /** The next answer of the origin to anything that is not the probe. */
  answers(answer: RawAnswer): void
  /** The last request that was not the probe's. */
  last(): { readonly target: string; header(name: string): string | undefined } | undefined
}

async function behind(t: TestContext, route: Settings): Promise<Pair> {
  const origin = await rawOrigin()
  t.after(() => origin.close())
  const g = await gateway({
    upstreams: { upstream: { url: `${origin.url}/deep/mcp`, probe: { interval: '1h' } } },
    routes: [{ path: '/mcp', ...route }],
  })
  t.after(() => g.close())
  const others = () => origin.requests.filter(({ target, method }) => !(target === '/deep/mcp' && method === 'POST'))
  return {
    g,
    origin,
    ask: async (target, parts) => {
      const client = await rawClient(g.url)
      const response = await client.ask({ method: 'GET', target, ...parts })
      client.close()
      return response
    },
    answers: (answer) => {
      origin.behaviour = (exchange) => exchange.respond(answer)
    },
    last: () => others().at(-1),
  }
}

const document = (resource: string) => JSON.stringify({ resource, authorization_servers: ['https://as.example.com'] })

describe('with a public URL', () => {
  it('the metadata that clients of any revision ask for names it, from where the upstream has it', async (t) => {
    const pair = await behind(t, { publicUrl: PUBLIC })
    pair.answers({
      headers: [JSON_TYPE, ['ETag', '"1"'], ['Last-Modified', 'x'], ['Cache-Control', 'max-age=9'], ['Vary', 'Origin']],
      body: document('http://10.0.0.7/deep/mcp'),
    })
    const places = [
      [`${ROOT}/mcp`, `${ROOT}/deep/mcp`],
      [`${ROOT}/tools/mcp?x=1`, `${ROOT}/deep/mcp?x=1`],
      [ROOT, ROOT],
    ] as const
    for (const [asked, got] of places) {
      const response = await pair.ask(asked)
      assert.equal(response.status, 200)
      assert.equal(response.body.toString(), document(PUBLIC))
      assert.equal(response.header('content-length'), String(response.body.length))
      assert.equal(response.values('content-length').length, 1)
      assert.equal(pair.last()?.target, got)
      for (const name of ['etag', 'last-modified']) assert.equal(response.header(name), undefined)
      assert.deepEqual([response.header('cache-control'), response.header('vary')], ['max-age=9', 'Origin'])
    }
  })

  it('the upstream is asked for the whole document as it is', async (t) => {
    const pair = await behind(t, { publicUrl: PUBLIC })
    pair.answers({ body: document('x') })
    const headers: HeaderList = [
      ['Accept-Encoding', 'gzip, br'],
      ['If-None-Match', '"1"'],
      ['If-Modified-Since', 'Sat, 1 Jan 2000 00:00:00 GMT'],
      ['Range', 'bytes=0-1'],
      ['Accept', 'application/json'],
    ]
    await pair.ask(`${ROOT}/mcp`, { headers })
    const request = pair.last()
    assert.equal(request?.header('accept-encoding'), 'identity')
    for (const name of ['if-none-match', 'if-modified-since', 'range']) assert.equal(request?.header(name), undefined)
    assert.equal(request?.header('accept'), 'application/json')
  })

  it('HEAD has nothing that speaks of other bytes', async (t) => {
    const pair = await behind(t, { publicUrl: PUBLIC })
    pair.answers({ headers: [JSON_TYPE, ['ETag', '"1"']], body: document('x') })
    const response = await pair.ask(`${ROOT}/mcp`, { method: 'HEAD' })
    assert.deepEqual(
      [response.status, response.header('etag'), response.header('content-length')],
      [200, undefined, undefined],
    )
    assert.equal(response.header('content-type'), 'application/json')
  })

  const untouched: Readonly<Record<string, RawAnswer & { readonly logged?: string }>> = {
    'a document without a resource': { body: '{"issuer": "x"}', logged: 'no_resource' },
    'what is no JSON': { headers: [JSON_TYPE], body: '{"resource": ', logged: 'no_resource' },
    'an encoded document': {
      headers: [JSON_TYPE, ['Content-Encoding', 'gzip']],
      body: gzipSync(document('x')),
      logged: 'encoded',
    },
    'a document beyond 1 MiB': {
      body: JSON.stringify({ resource: 'x', more: 'y'.repeat(3 * 1024 * 1024) }),
      logged: 'too_large',
    },
    'another type': { headers: [['Content-Type', 'text/html']], body: document('x') },
    'another status': { status: 404, headers: [JSON_TYPE, ['ETag', '"1"']], body: document('x') },
  }
  for (const [name, { logged, ...answer }] of Object.entries(untouched)) {
    it(`${name} passes as it came`, async (t) => {
      const pair = await behind(t, { publicUrl: PUBLIC })
      const { headers = [JSON_TYPE], body = '' } = answer
      const warned = listenerWarnings()
      pair.answers({ ...answer, headers: [...headers, ['ETag', '"1"']] })
      const response = await pair.ask(`${ROOT}/mcp`)
      assert.equal(response.status, answer.status ?? 200)
      assert.ok(response.body.equals(Buffer.from(body)))
      assert.equal(response.header('etag'), '"1"')
      const why = pair.g.log.filter(({ msg }) => msg === 'metadata not rewritten to publicUrl').map((line) => line.why)
      assert.deepEqual(why, logged === undefined ? [] : [logged])
      warned.stop()
      assert.deepEqual(warned.warnings, [])
    })
  }

  it('a document that breaks off is an error, and half of it is never sent', async (t) => {
    const pair = await behind(t, { publicUrl: PUBLIC })
    pair.origin.behaviour = async (exchange) => {
      await exchange.head(200, [JSON_TYPE, ['Content-Length', '1000']])
      await exchange.write('{"resource"')
      await exchange.pause(20)
      exchange.reset()
    }
    const response = await pair.ask(`${ROOT}/mcp`)
    assert.equal(response.status, 502)
    await settles(async () => (await pair.g.metric('mcp_pool_connections_active')) === 0)
    assert.equal(await pair.g.metric('mcp_requests_active'), 0)
  })

  it('other metadata and other paths pass as they are', async (t) => {
    const pair = await behind(t, { publicUrl: PUBLIC })
    pair.answers({ headers: [JSON_TYPE, ['ETag', '"1"']], body: document('x') })
    for (const target of ['/.well-known/oauth-authorization-server/mcp', `${ROOT}/another`, '/.well-known/jwks.json']) {
      const response = await pair.ask(target, { headers: [['Accept-Encoding', 'br']] })
      assert.equal(response.body.toString(), document('x'))
      assert.equal(response.header('etag'), '"1"')
      assert.equal(pair.last()?.header('accept-encoding'), 'br')
    }
  })

  it('a challenge leads, on MCP paths and others, to metadata of this upstream at this gateway', async (t) => {
    const pair = await behind(t, { publicUrl: PUBLIC, passthrough: ['/.well-known/*', '/sse'] })
    const challenge = ['WWW-Authenticate', `Bearer resource_metadata="${pair.origin.url}${ROOT}/deep/mcp"`] as const
    pair.answers({ status: 401, headers: [['WWW-Authenticate', 'Basic realm="x"'], challenge] })
    for (const target of ['/mcp', '/sse']) {
      const response = await pair.ask(target)
      assert.equal(response.status, 401)
      const [basic, bearer = ''] = response.values('www-authenticate')
      assert.equal(basic, 'Basic realm="x"')
      const metadata = new URL(/resource_metadata="([^"]*)"/.exec(bearer)?.[1] ?? '')
      assert.equal(metadata.href, `https://gw.example.com${ROOT}/tools/mcp`)
      await pair.ask(metadata.pathname)
      assert.equal(pair.last()?.target, `${ROOT}/deep/mcp`)
    }
  })
})

describe('without a public URL', () => {
  it('metadata and challenge pass as they are', async (t) => {
    const pair = await behind(t, {})
    const challenge = 'Bearer resource_metadata="http://10.0.0.7/x"'
    pair.answers({ headers: [JSON_TYPE, ['ETag', '"1"'], ['WWW-Authenticate', challenge]], body: `${document('x')} ` })
    for (const target of [`${ROOT}/mcp`, ROOT, '/mcp']) {
      const response = await pair.ask(target, { headers: [['If-None-Match', '"1"']] })
      assert.equal(response.body.toString(), `${document('x')} `)
      assert.deepEqual([response.header('etag'), response.header('www-authenticate')], ['"1"', challenge])
      assert.equal(pair.last()?.header('if-none-match'), '"1"')
    }
  })
})

it('several routes of one host name each have their own metadata, and the first has the rest', async (t) => {
  const [a, b] = await Promise.all(
    ['a', 'b'].map((name) => rawOrigin({ behaviour: (exchange) => exchange.respond({ body: JSON.stringify(name) }) })),
  )
  assert.ok(a !== undefined && b !== undefined)
  t.after(() => Promise.all([a.close(), b.close()]))
  const upstream = (origin: RawOrigin, path: string) => ({ url: origin.url + path, probe: { interval: '1h' } })
  const g = await gateway({
    listen: { hosts: ['*'] },
    upstreams: { a: upstream(a, '/mcp'), b: upstream(b, '/b') },
    routes: [
      { path: '/a', upstream: 'a' },
      { path: '/b', upstream: 'b' },
      { path: '/mcp', hostnames: ['b.example.com'], upstream: 'b' },
    ],
  })
  t.after(() => g.close())
  const cases = [
    ['localhost', `${ROOT}/a`, '"a"', `${ROOT}/mcp`],
    ['localhost', `${ROOT}/b`, '"b"', `${ROOT}/b`],
    ['localhost', '/.well-known/openid-configuration/b', '"b"', '/.well-known/openid-configuration/b'],
    ['localhost', `${ROOT}/c`, '"a"', `${ROOT}/c`],
    ['localhost', ROOT, '"a"', ROOT],
    ['localhost', '/.well-known/jwks.json', '"a"', '/.well-known/jwks.json'],
    ['b.example.com', `${ROOT}/mcp`, '"b"', `${ROOT}/b`],
    ['b.example.com', `${ROOT}/a`, '"a"', `${ROOT}/mcp`],
    ['B.example.com:8080', '/.well-known/jwks.json', '"b"', '/.well-known/jwks.json'],
    ['b.example.com', ROOT, '"b"', ROOT],
  ] as const
  for (const [host, target, answer, got] of cases) {
    const client = await rawClient(g.url)
    const response = await client.ask({ method: 'GET', host, target })
    client.close()
    assert.deepEqual([host, target, response.body.toString()], [host, target, answer])
    assert.equal((answer === '"a"' ? a : b).requests.at(-1)?.target, got)
  }
})
