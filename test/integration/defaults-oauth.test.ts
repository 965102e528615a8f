/** A server that requires OAuth behind the gateway: which settings let a real SDK client discover, register and get in. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { gateway, type Settings, type TestGateway } from '../support/gateway.ts'
import { type OAuthServer, oauthServer } from '../support/oauth-server.ts'
import { converse } from '../support/reference/client.ts'

/** What an authorization server serves beside its metadata, in this SDK as by the defaults of 2025-03-26. */
const ENDPOINTS = ['/authorize', '/token', '/register']

interface Pair {
  readonly server: OAuthServer
  readonly g: TestGateway
}

async function pair(t: TestContext, route: (g: string) => Settings = () => ({})): Promise<Pair> {
  const server = await oauthServer()
  t.after(() => server.close())
  const start = (listen: Settings, more: Settings) =>
    gateway({
      listen,
      upstreams: { upstream: { url: `${server.origin}/mcp`, probe: { enabled: false } } },
      routes: [{ path: '/mcp', ...more }],
    })
  // A route has to name its own port: the first gateway only finds a free one.
  const first = await start({}, {})
  await first.close()
  const g = await start({ port: Number(new URL(first.url).port) }, route(first.url))
  t.after(() => g.close())
  return { server, g }
}

/** The origins that the client asked, in their order; it may ask no other than these. */
async function getsIn(g: TestGateway, ...reachable: readonly string[]): Promise<readonly string[]> {
  const asked = new Set<string>()
  await converse({
    url: `${g.url}/mcp`,
    revision: '2025-11-25',
    given: {},
    fetch: (url, init) => {
      const { origin } = new URL(url)
      if (!reachable.includes(origin)) throw new Error(`${origin} is out of reach`)
      asked.add(origin)
      return fetch(url, init)
    },
  })
  return [...asked]
}

describe('a client', { timeout: 60_000 }, () => {
  it('gets in with publicUrl where the server names itself, its authorization server being elsewhere', async (t) => {
    const { server, g } = await pair(t, (url) => ({ publicUrl: `${url}/mcp` }))
    server.serve({ origin: server.origin })
    assert.deepEqual(await getsIn(g, g.url, server.origin), [g.url, server.origin])
    const calls = g.exchanges.filter((line) => line['mcp.method.name'] === 'tools/call')
    assert.deepEqual(
      calls.map(({ outcome }) => outcome),
      ['ok'],
    )
  })

  it('does not get in without it: the resource is another than it asked for', async (t) => {
    const { server, g } = await pair(t)
    server.serve({ origin: server.origin })
    await assert.rejects(getsIn(g, g.url, server.origin), /resource/i)
  })

  it('does not get in with publicUrl where the server insists on tokens for its own URL', async (t) => {
    const { server, g } = await pair(t, (url) => ({ publicUrl: `${url}/mcp` }))
    server.serve({ origin: server.origin, audience: `${server.origin}/mcp` })
    await assert.rejects(getsIn(g, g.url, server.origin))
    server.serve({ origin: server.origin, audience: `${g.url}/mcp` })
    await getsIn(g, g.url, server.origin)
  })

  it('gets in by the gateway alone where the server knows the public URL and its endpoints are passed', async (t) => {
    const { server, g } = await pair(t, () => ({ passthrough: ['/.well-known/*', ...ENDPOINTS] }))
    server.serve({ origin: g.url, audience: `${g.url}/mcp` })
    assert.deepEqual(await getsIn(g, g.url), [g.url])
    const paths = new Set(server.requests.map((line) => line.split(' ')[1] ?? ''))
    assert.deepEqual(
      ENDPOINTS.filter((path) => !paths.has(path)),
      [],
    )
  })

  it('gets in at a server of 2025-03-26, once the endpoints of its authorization server are passed', async (t) => {
    const metadata = 'authorization-server'
    const { server, g } = await pair(t, () => ({ passthrough: ['/.well-known/*', ...ENDPOINTS] }))
    server.serve({ origin: g.url, metadata })
    assert.deepEqual(await getsIn(g, g.url), [g.url])
    const closed = await pair(t)
    closed.server.serve({ origin: closed.g.url, metadata })
    await assert.rejects(getsIn(closed.g, closed.g.url))
    const refused = closed.g.exchanges.find((line) => line['url.path'] === '/register')
    assert.equal(refused?.['error.type'], 'route_not_found')
  })
})
