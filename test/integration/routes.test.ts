/** Routes: which upstream a request reaches by its path and its Host, and what of the request line reaches it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { gateway, type TestGateway } from '../support/gateway.ts'
import { type RawClient, type RawResponse, type RequestParts, rawClient } from '../support/raw-client.ts'
import { type RawOrigin, rawOrigin } from '../support/raw-origin.ts'

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
const upstream = (origin: RawOrigin, path = '/mcp') => ({ url: origin.url + path, probe: { interval: '1h' } })

async function asked(g: TestGateway, parts: RequestParts): Promise<RawResponse> {
  const client: RawClient = await rawClient(g.url)
  try {
    return await client.ask({ body: PING, ...parts })
  } finally {
    client.close()
  }
}

function naming(name: string): Promise<RawOrigin> {
  return rawOrigin({ behaviour: (exchange) => exchange.respond({ body: JSON.stringify(name) }) })
}

/** Targets that the origin got, without the probe's. */
function targets(origin: RawOrigin): string[] {
  return origin.requests.filter((r) => r.header('user-agent') === 'test').map((r) => `${r.method} ${r.target}`)
}
const TEST = [['User-Agent', 'test']] as const

describe('several routes', () => {
  let files: RawOrigin
  let mail: RawOrigin
  let other: RawOrigin
  let g: TestGateway
  before(async () => {
    ;[files, mail, other] = await Promise.all([naming('files'), naming('mail'), naming('other')])
    g = await gateway({
      listen: { hosts: ['*'], origins: ['https://app.example.com'] },
      upstreams: { files: upstream(files, '/deep/mcp'), mail: upstream(mail), other: upstream(other, '/') },
      routes: [
        { path: '/files', upstream: 'files', passthrough: [] },
        { path: '/mcp', hostnames: ['Mail.Example.com', 'post.example.com'], upstream: 'mail', passthrough: [] },
        { path: '/mcp', hostnames: ['files.example.com'], upstream: 'files', passthrough: [] },
        { path: '/any', hostnames: ['mail.example.com'], upstream: 'mail', passthrough: [] },
        { path: '/any', upstream: 'other', passthrough: [] },
        { path: '/a:b/c', upstream: 'other', passthrough: [] },
      ],
    })
  })
  after(async () => {
    await g.close()
    await Promise.all([files.close(), mail.close(), other.close()])
  })

  const cases: readonly (readonly [host: string, target: string, answer: string])[] = [
    ['gateway', '/files', 'files'],
    ['mail.example.com', '/files', 'files'],
    ['mail.example.com', '/mcp', 'mail'],
    ['post.example.com', '/mcp', 'mail'],
    ['files.example.com', '/mcp', 'files'],
    ['MAIL.example.COM', '/mcp', 'mail'],
    ['mail.example.com:8080', '/mcp', 'mail'],
    ['files.example.com:1', '/mcp', 'files'],
    ['mail.example.com', '/any', 'mail'],
    ['elsewhere.example.com', '/any', 'other'],
    ['gateway', '/a:b/c', 'other'],
  ]
  for (const [host, target, answer] of cases) {
    it(`leads ${host}${target} to ${answer}`, async () => {
      const { status, body } = await asked(g, { host, target })
      assert.deepEqual([status, body.toString()], [200, JSON.stringify(answer)])
    })
  }

  const unknown: readonly (readonly [host: string, target: string])[] = [
    ['elsewhere.example.com', '/mcp'],
    ['example.com', '/mcp'],
    ['mail.example.com.evil.example', '/mcp'],
    ['gateway', '/mcp'],
    ['gateway', '/files/'],
    ['gateway', '/files/more'],
    ['gateway', '/FILES'],
    ['gateway', '/a:x/c'],
    ['gateway', '/'],
  ]
  for (const [host, target] of unknown) {
    it(`answers ${host}${target} with 404 in JSON-RPC`, async () => {
      const { status, body, header } = await asked(g, { host, target })
      assert.equal(status, 404)
      assert.equal(header('content-type'), 'application/json')
      const { error, id } = JSON.parse(body.toString()) as { error: { code: number; data: unknown }; id: unknown }
      assert.deepEqual([error.code, error.data, id], [-31020, { type: 'route_not_found', source: 'downstream' }, null])
    })
  }

  it('never answers 404 to a session that only asked at the wrong place', async () => {
    const { status } = await asked(g, { target: '/nowhere', headers: [['Mcp-Session-Id', 'abc']] })
    assert.equal(status, 400)
  })

  it("asks for the upstream's path, and keeps the query as it was written", async () => {
    const queries = ['?a=b', '?', '?a=%2F%2f+&', '?x=1&x=2&x', '?q=a?b', '?url=http://h/p?q=/..']
    for (const query of queries) await asked(g, { target: `/files${query}`, headers: TEST })
    await asked(g, { target: '/files', headers: TEST })
    assert.deepEqual(
      targets(files),
      [...queries, ''].map((query) => `POST /deep/mcp${query}`),
    )
  })

  it('passes a preflight to the upstream and its answer back', async () => {
    const preflight = [
      ['Origin', 'https://app.example.com'],
      ['Access-Control-Request-Method', 'POST'],
      ['Access-Control-Request-Headers', 'content-type,mcp-protocol-version,mcp-session-id'],
    ] as const
    const allowed = [
      ['Access-Control-Allow-Origin', 'https://app.example.com'],
      ['access-control-allow-methods', 'GET, POST, DELETE'],
      ['Access-Control-Allow-Headers', 'Content-Type, Mcp-Session-Id'],
      ['Access-Control-Max-Age', '600'],
      ['Vary', 'Origin'],
    ] as const
    mail.next((exchange) => exchange.respond({ status: 204, headers: allowed }))
    const client = await rawClient(g.url)
    const answer = await client.ask({ method: 'OPTIONS', host: 'mail.example.com', headers: preflight })
    client.close()
    assert.equal(answer.status, 204)
    assert.deepEqual(answer.headers.slice(0, allowed.length), allowed)
    const request = mail.requests.findLast(({ method }) => method === 'OPTIONS')
    assert.equal(request?.target, '/mcp')
    for (const [name, value] of preflight) assert.deepEqual(request?.values(name), [value])
    assert.equal(request?.body.length, 0)
  })
})

it('a listener on loopback accepts the host names of its routes, and no others', async (t) => {
  const origin = await naming('files')
  t.after(() => origin.close())
  const g = await gateway({
    upstreams: { files: upstream(origin) },
    routes: [{ path: '/mcp', hostnames: ['files.example.com'], upstream: 'files' }],
  })
  t.after(() => g.close())
  const statuses = []
  for (const host of ['files.example.com', 'files.example.com:8080', 'evil.example.com', 'localhost']) {
    statuses.push((await asked(g, { host })).status)
  }
  assert.deepEqual(statuses, [200, 200, 403, 404])
})
