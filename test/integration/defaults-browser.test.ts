/** What a page in a browser may read: the upstream's answers by the upstream's CORS headers, our errors by our own. */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { gateway, type Settings, type TestGateway } from '../support/gateway.ts'
import type { HeaderList } from '../support/http-head.ts'
import { type RawResponse, type RequestParts, rawClient } from '../support/raw-client.ts'
import { type RawOrigin, rawOrigin } from '../support/raw-origin.ts'

/** Where the browser-based inspector is served. */
const INSPECTOR = 'http://localhost:6274'
const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}'

async function ask(g: TestGateway, origin: string | undefined, parts: RequestParts = {}): Promise<RawResponse> {
  const client = await rawClient(g.url)
  const headers: HeaderList = origin === undefined ? [] : [['Origin', origin]]
  const response = await client.ask({ body: PING, ...parts, headers: [...headers, ...(parts.headers ?? [])] })
  client.close()
  return response
}

const cors = ({ headers }: RawResponse) =>
  headers.filter(([name]) => /^(access-control-.*|vary)$/i.test(name)).map(([name, value]) => `${name}: ${value}`)

const READABLE = (origin: string) => [
  `access-control-allow-origin: ${origin}`,
  'vary: Origin',
  'access-control-expose-headers: x-correlation-id, retry-after',
]

describe('a page', () => {
  let upstream: RawOrigin
  before(async () => {
    upstream = await rawOrigin()
  })
  after(() => upstream.close())

  async function front(t: TestContext, listen: Settings = {}, url = `${upstream.url}/mcp`): Promise<TestGateway> {
    const limits = { streams: 1 }
    const g = await gateway({ listen, upstreams: { upstream: { url, limits, probe: { interval: '1h' } } } })
    t.after(() => g.close())
    return g
  }

  async function gone(): Promise<string> {
    const origin = await rawOrigin()
    const url = `${origin.url}/mcp`
    await origin.close()
    return url
  }

  it('of an allowed origin may read why the gateway could not ask the upstream', async (t) => {
    const g = await front(t, {}, await gone())
    const response = await ask(g, INSPECTOR)
    assert.equal(response.status, 502)
    assert.deepEqual(cors(response), READABLE(INSPECTOR))
    assert.match(response.header('x-correlation-id') ?? '', /./)
  })

  it('may read it wherever the gateway listens, if its origin is allowed there', async (t) => {
    const url = await gone()
    const listeners: readonly (readonly [listen: Settings, origin: string])[] = [
      [{ host: '127.0.0.1' }, 'http://127.0.0.1:3000'],
      [{ host: '0.0.0.0' }, INSPECTOR],
      [{ host: '0.0.0.0' }, 'https://app.example.com'],
      [{ host: '0.0.0.0', origins: ['https://app.example.com'] }, 'https://app.example.com'],
      [{ host: '127.0.0.1', origins: ['*'] }, 'null'],
    ]
    for (const [listen, origin] of listeners) {
      const g = await front(t, listen, url)
      const response = await ask({ ...g, url: g.url.replace('localhost', '127.0.0.1') }, origin)
      assert.deepEqual([response.status, cors(response)], [502, READABLE(origin)])
    }
  })

  it('may read refusals: of a path, a body, a limit', async (t) => {
    const g = await front(t)
    const notFound = await ask(g, INSPECTOR, { target: '/nowhere' })
    assert.deepEqual([notFound.status, cors(notFound)], [404, READABLE(INSPECTOR)])
    const notJson = await ask(g, INSPECTOR, { body: '{' })
    assert.deepEqual([notJson.status, cors(notJson)], [400, READABLE(INSPECTOR)])
    upstream.behaviour = async (exchange) => {
      await exchange.openStream()
      await exchange.closed
    }
    const holding = await rawClient(g.url)
    t.after(() => holding.close())
    await holding.send('GET /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n')
    assert.equal((await holding.head('GET')).status, 200)
    const full = await ask(g, INSPECTOR, { method: 'GET', body: '' })
    assert.deepEqual([full.status, full.header('retry-after'), cors(full)], [503, '1', READABLE(INSPECTOR)])
  })

  it('of another origin may read nothing, not even that it was refused', async (t) => {
    const refused: readonly (readonly [listen: Settings, origin: string])[] = [
      [{}, 'https://evil.example'],
      [{}, 'http://localhost.evil.example'],
      [{}, 'null'],
      [{ host: '0.0.0.0', origins: ['https://app.example.com'] }, INSPECTOR],
    ]
    const url = await gone()
    for (const [listen, origin] of refused) {
      const g = await front(t, listen, url)
      for (const target of ['/mcp', '/nowhere']) {
        const response = await ask({ ...g, url: g.url.replace('localhost', '127.0.0.1') }, origin, { target })
        assert.deepEqual([response.status, cors(response)], [403, []])
      }
    }
  })

  it('may not read what is refused before its origin was looked at, unless that is allowed', async (t) => {
    const g = await front(t)
    const hostile = await ask(g, 'https://evil.example', { host: 'evil.example' })
    assert.deepEqual([hostile.status, cors(hostile)], [403, []])
    const headers: HeaderList = [['Expect', 'nothing']]
    const unexpected = await ask(g, 'https://evil.example', { headers })
    assert.deepEqual([unexpected.status, cors(unexpected)], [417, []])
    const allowed = await ask(g, INSPECTOR, { headers })
    assert.deepEqual([allowed.status, cors(allowed)], [417, READABLE(INSPECTOR)])
  })

  it('is told nothing by the gateway beside what the upstream says', async (t) => {
    const g = await front(t)
    upstream.behaviour = (exchange) => exchange.respond({ status: 200, body: '{}' })
    assert.deepEqual(cors(await ask(g, INSPECTOR)), [], 'an upstream without CORS stays closed')
    upstream.behaviour = (exchange) => exchange.respond({ status: 403, body: '{"error":"origin"}' })
    assert.deepEqual(cors(await ask(g, INSPECTOR)), [])
    const said: HeaderList = [
      ['Access-Control-Allow-Origin', '*'],
      ['Access-Control-Expose-Headers', 'Mcp-Session-Id'],
      ['Mcp-Session-Id', 'abc'],
    ]
    upstream.behaviour = (exchange) => exchange.respond({ headers: said, body: '{}' })
    const open = await ask(g, INSPECTOR)
    assert.deepEqual(cors(open), ['Access-Control-Allow-Origin: *', 'Access-Control-Expose-Headers: Mcp-Session-Id'])
    assert.equal(open.header('mcp-session-id'), 'abc')
  })

  it('gets no preflight answered in the place of an upstream that is gone', async (t) => {
    const g = await front(t, {}, await gone())
    const headers: HeaderList = [['Access-Control-Request-Method', 'POST']]
    const response = await ask(g, INSPECTOR, { method: 'OPTIONS', headers, body: '' })
    assert.equal(response.status, 502)
    assert.equal(response.header('access-control-allow-methods'), undefined)
  })

  it('is what CORS headers are for: without an Origin there are none', async (t) => {
    const g = await front(t, {}, await gone())
    assert.deepEqual(cors(await ask(g, undefined)), [])
  })
})
