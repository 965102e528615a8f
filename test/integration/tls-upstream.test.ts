/** TLS towards upstreams: whom the gateway believes, what it shows, and that no downstream can change either. */
import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it, type TestContext } from 'node:test'
import { type CertificateAuthority, certificateAuthority, type PemFolder, pemFolder } from '../support/certificates.ts'
import { gateway, type Settings, type TestGateway } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { type RawResponse, rawClient } from '../support/raw-client.ts'
import { type OriginTls, type RawOrigin, rawOrigin } from '../support/raw-origin.ts'

const PING = '{"jsonrpc":"2.0","id":"seven","method":"ping"}'
const DAY = 86_400_000

describe('an https upstream', { timeout: 60_000 }, () => {
  let authority: CertificateAuthority
  let stranger: CertificateAuthority
  let pem: PemFolder
  let ca: string
  before(async () => {
    ;[authority, stranger, pem] = await Promise.all([
      certificateAuthority(),
      certificateAuthority('Stranger'),
      pemFolder(),
    ])
    ca = await pem.write('ca.crt', authority.cert)
  })
  after(() => pem.remove())

  async function origin(t: TestContext, tls: OriginTls): Promise<RawOrigin> {
    const started = await rawOrigin({ tls })
    t.after(() => started.close())
    return started
  }

  async function front(t: TestContext, url: string, tls: Settings, route: Settings = {}): Promise<TestGateway> {
    const g = await gateway({
      listen: { hosts: ['*'] },
      upstreams: { upstream: { url, tls, probe: { interval: '1h' } } },
      routes: [{ path: '/mcp', upstream: 'upstream', passthrough: [], ...route }],
    })
    t.after(() => g.close())
    return g
  }

  async function ask(g: TestGateway, host = 'gateway'): Promise<RawResponse> {
    const client = await rawClient(g.url)
    try {
      return await client.ask({ host, body: PING })
    } finally {
      client.close()
    }
  }

  /** Requests of downstreams, not the probe's. */
  const asked = (o: RawOrigin) => o.requests.filter(({ body }) => body.toString() === PING)

  it("is verified by its own authority under the URL's host, and told that name", async (t) => {
    const o = await origin(t, await authority.issue({ name: 'localhost' }))
    const g = await front(t, `https://localhost:${o.port}/mcp`, { ca })
    assert.equal((await ask(g)).status, 200)
    assert.deepEqual([...new Set(o.connections.map(({ servername }) => servername))], ['localhost'])
    assert.equal(asked(o)[0]?.header('host'), `localhost:${o.port}`)
  })

  it('is verified under the configured name, whatever its address', async (t) => {
    const o = await origin(t, await authority.issue({ name: 'mcp.internal' }))
    const g = await front(t, `${o.url}/mcp`, { ca, servername: 'mcp.internal' })
    assert.equal((await ask(g)).status, 200)
    assert.deepEqual([...new Set(o.connections.map(({ servername }) => servername))], ['mcp.internal'])
    assert.equal(asked(o)[0]?.header('host'), `127.0.0.1:${o.port}`)
  })

  it('is verified by its IP address, and no name is sent', async (t) => {
    const o = await origin(t, await authority.issue({ name: 'x', ip: ['127.0.0.1'] }))
    const g = await front(t, `${o.url}/mcp`, { ca })
    assert.equal((await ask(g)).status, 200)
    assert.deepEqual([...new Set(o.connections.map(({ servername }) => servername))], [undefined])
  })

  it('is verified by its IPv6 address as well', async (t) => {
    const tls = await authority.issue({ name: 'x', ip: ['::1'] })
    const server = createServer(tls, (_req, res) => res.end('{"ok":true}'))
    const listening = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(0, '::1', () => resolve(true))
    })
    if (!listening) return t.skip('no IPv6 here')
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    assert.equal((await ask(await front(t, `https://[::1]:${port}/mcp`, { ca }))).status, 200)
  })

  const unbelieved: readonly (readonly [what: string, url: (o: RawOrigin) => string, tls: () => Promise<OriginTls>])[] =
    [
      ['signed by another authority', local, () => stranger.issue({ name: 'localhost' })],
      ['for another name', local, () => authority.issue({ name: 'elsewhere.example.com' })],
      ['for another address', (o) => o.url, () => authority.issue({ name: 'localhost', ip: ['127.0.0.2'] })],
      [
        'that has expired',
        local,
        () =>
          authority.issue({
            name: 'localhost',
            notBefore: new Date(Date.now() - 2 * DAY),
            notAfter: new Date(Date.now() - DAY),
          }),
      ],
      [
        'that is not yet valid',
        local,
        () =>
          authority.issue({
            name: 'localhost',
            notBefore: new Date(Date.now() + DAY / 2),
            notAfter: new Date(Date.now() + DAY),
          }),
      ],
    ]
  for (const [what, url, tls] of unbelieved) {
    it(`with a certificate ${what} gets nothing, and the downstream a 502`, async (t) => {
      const o = await origin(t, await tls())
      const g = await front(t, `${url(o)}/mcp`, { ca })
      await settles(() => fetch(`${g.url}/health/ready`).then(({ status }) => status === 503))
      const before = o.handshakeFailures.length + o.connections.length
      refusedByTls(await ask(g))
      assert.equal(o.hits, 0)
      // One for this request, and at most one of the probe's: it was not tried again.
      assert.ok(o.handshakeFailures.length + o.connections.length - before <= 2)
      assert.equal(await g.metric('mcp_upstream_retries_total'), 0)
      assert.equal(await g.metric('mcp_requests_total', { outcome: 'upstream_unreachable' }), 1)
    })
  }

  it('without an authority of ours is held against the public ones', async (t) => {
    const o = await origin(t, await authority.issue({ name: 'localhost' }))
    refusedByTls(await ask(await front(t, `https://localhost:${o.port}/mcp`, {})))
    assert.equal(o.hits, 0)
  })

  it('that speaks no TLS is a 502 as well', async (t) => {
    const o = await rawOrigin({
      // What an HTTP server says to a TLS hello.
      onConnection: ({ wire }) => void wire.write('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'),
    })
    t.after(() => o.close())
    refusedByTls(await ask(await front(t, `https://localhost:${o.port}/mcp`, { ca })))
    assert.equal(o.hits, 0)
  })

  it('sees the client certificate, and refuses the gateway without one', async (t) => {
    const tls = { ...(await authority.issue({ name: 'localhost' })), ca: authority.cert, requestCert: true }
    const o = await origin(t, tls)
    const identity = await pem.writePair('client', await authority.issue({ name: 'sidelight', purpose: 'client' }))
    const g = await front(t, `https://localhost:${o.port}/mcp`, { ca, ...identity })
    assert.equal((await ask(g)).status, 200)
    assert.deepEqual([...new Set(o.connections.map(({ peerName }) => peerName))], ['sidelight'])

    const wrong = await pem.writePair('wrong', await stranger.issue({ name: 'sidelight', purpose: 'client' }))
    for (const shown of [{}, wrong]) {
      const hits = o.hits
      const { status, body } = await ask(await front(t, `https://localhost:${o.port}/mcp`, { ca, ...shown }))
      // A server on Node closes the connection without a TLS alert: all that can be seen is that it closed.
      assert.match(body.toString(), /"type":"upstream_(tls|reset)"/)
      assert.equal(status, 502)
      assert.equal(o.hits, hits)
    }
  })

  it('keeps its name and its connections when downstreams name foreign hosts that are preserved', async (t) => {
    const o = await origin(t, await authority.issue({ name: 'localhost' }))
    const g = await front(t, `https://localhost:${o.port}/mcp`, { ca }, { host: 'preserve' })
    const hosts = ['evil.example.com', 'localhost', `localhost:${o.port}`, '127.0.0.1', '[::1]:99', 'evil.example.com']
    const probes = await settles(() => o.connections.length, { what: "the probe's connection" })
    for (const host of hosts) {
      assert.equal((await ask(g, host)).status, 200, host)
      assert.equal(asked(o).at(-1)?.header('host'), host)
    }
    assert.deepEqual([...new Set(o.connections.map(({ servername }) => servername))], ['localhost'])
    assert.deepEqual(o.handshakeFailures, [])
    const connections = new Set(asked(o).map(({ incoming }) => incoming))
    assert.equal(connections.size, hosts.length)
    assert.equal(await g.metric('mcp_pool_connections_created_total'), 1)
    assert.ok(o.connections.length <= probes + 2)
  })
})

function local({ port }: RawOrigin): string {
  return `https://localhost:${port}`
}

function refusedByTls({ status, body, rawHead }: RawResponse): void {
  assert.equal(status, 502)
  const text = body.toString()
  const { id, error } = JSON.parse(text) as { id: unknown; error: { code: number; data: unknown } }
  assert.equal(id, 'seven')
  assert.equal(error.code, -31042)
  assert.deepEqual(error.data, { type: 'upstream_tls', source: 'upstream' })
  assert.doesNotMatch(text + rawHead, /127\.0\.0\.1|localhost|certificate|CERT|example/)
}
