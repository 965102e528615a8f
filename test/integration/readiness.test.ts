/** Readiness: what counts as an upstream that is alive, on both listeners, and what a probe leaves behind: nothing. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { gateway, type Settings, type TestGateway } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { type Behaviour, type RawOrigin, type RawOriginOptions, rawOrigin } from '../support/raw-origin.ts'
import { sdkServer } from '../support/sdk-server.ts'

interface Report {
  readonly status: string
  readonly version: string
  readonly uptime: number
  readonly components: Readonly<Record<string, { readonly status: string; readonly message: string }>>
}

const EVENTS = [['Content-Type', 'text/event-stream']] as const
const rpc = (more: object) => JSON.stringify({ jsonrpc: '2.0', id: 'sidelight-probe', ...more })
const probe = (more: object = {}) => ({ interval: '100ms', timeout: '1s', ...more })

describe('readiness', { concurrency: true, timeout: 60_000 }, () => {
  async function origin(t: TestContext, options: RawOriginOptions = {}): Promise<RawOrigin> {
    const started = await rawOrigin(options)
    t.after(() => started.close())
    return started
  }

  async function front(t: TestContext, upstreams: Settings): Promise<TestGateway> {
    const routes = Object.keys(upstreams).map((upstream) => ({ path: `/${upstream}`, upstream, passthrough: [] }))
    const g = await gateway({ upstreams, routes })
    t.after(() => g.close())
    return g
  }

  /** Status of both listeners, which must agree, and the report. Liveness must hold whatever they say. */
  async function ready(g: TestGateway): Promise<{ readonly code: number; readonly report: Report }> {
    const answers = await Promise.all([fetch(`${g.url}/health/ready`), fetch(`${g.adminUrl}/health/ready`)])
    const reports = await Promise.all(answers.map((answer) => answer.json() as Promise<Report>))
    for (const base of [g.url, g.adminUrl]) assert.equal((await fetch(`${base}/health`)).status, 200)
    const [first, second] = answers.map(({ status }) => status)
    // A probe may have ended between the two.
    if (first !== second) return ready(g)
    return { code: first as number, report: reports[0] as Report }
  }

  const becomes = (g: TestGateway, code: number) => settles(async () => (await ready(g)).code === code)

  it('is not given before the first probe is answered', async (t) => {
    let answer = () => {}
    const held = new Promise<void>((resolve) => {
      answer = resolve
    })
    const o = await origin(t, {
      behaviour: async (exchange) => {
        await held
        await exchange.respond({ body: rpc({ result: {} }) })
      },
    })
    const g = await front(t, { mcp: { url: `${o.url}/mcp`, probe: probe({ timeout: '20s' }) } })
    await o.request()
    const { code, report } = await ready(g)
    assert.deepEqual([code, report.status], [503, 'unhealthy'])
    const { status, message } = report.components['upstream:mcp'] ?? assert.fail('no component')
    assert.deepEqual([status, message], ['unhealthy', 'not probed yet'])
    assert.equal(report.components.gateway?.status, 'healthy')
    answer()
    await becomes(g, 200)
  })

  const alive: readonly (readonly [what: string, behaviour: Behaviour])[] = [
    ['a result of server/discover', (e) => e.respond({ body: rpc({ result: { serverInfo: {} } }) })],
    [
      'a result as an event of a stream that stays open',
      async (e) => {
        await e.openStream()
        await e.chunk(`: hello\n\ndata: ${rpc({ result: {} })}\n\n`)
        await e.closed
      },
    ],
    ['401', (e) => e.respond({ status: 401, body: 'who are you?', headers: [['WWW-Authenticate', 'Bearer']] })],
    ['401 without a body', (e) => e.respond({ status: 401, headers: [] })],
    ['403', (e) => e.respond({ status: 403, body: '{"error":"forbidden"}' })],
    ['a JSON-RPC error', (e) => e.respond({ status: 400, body: rpc({ error: { code: -32600, message: 'no' } }) })],
    [
      'a JSON-RPC error to server/discover and a stream to initialize',
      async (e) => {
        if (/server\/discover/.test(String(await e.body()))) {
          return e.respond({ status: 400, body: 'Bad Request', headers: [] })
        }
        return e.respond({ headers: EVENTS, body: `event: message\r\ndata: ${rpc({ result: {} })}\r\n\r\n` })
      },
    ],
  ]
  for (const [what, behaviour] of alive) {
    it(`is given for ${what}`, async (t) => {
      const o = await origin(t, { behaviour })
      const g = await front(t, { mcp: { url: `${o.url}/mcp`, probe: probe() } })
      await becomes(g, 200)
      await o.request(4)
      assert.equal((await ready(g)).code, 200)
      assert.equal(await g.metric('mcp_upstream_up', { upstream: 'mcp' }), 1)
      assert.deepEqual(o.failures, [])
    })
  }

  const dead: readonly (readonly [what: string, behaviour: Behaviour])[] = [
    ['a web page', (e) => e.respond({ headers: [['Content-Type', 'text/html']], body: '<h1>Welcome</h1>' })],
    ['404', (e) => e.respond({ status: 404, body: 'Not Found' })],
    ['500', (e) => e.respond({ status: 500, body: '{"message":"oops"}' })],
    ['no answer', (e) => e.closed.then(() => {})],
    ['a reset', (e) => e.reset()],
    [
      'an event stream without an answer',
      async (e) => {
        await e.openStream()
        await e.chunk(': hello\n\n')
        await e.closed
      },
    ],
  ]
  for (const [what, behaviour] of dead) {
    it(`is not given for ${what}`, async (t) => {
      const o = await origin(t, { behaviour })
      const g = await front(t, { mcp: { url: `${o.url}/mcp`, probe: probe({ timeout: '150ms' }) } })
      await settles(async () => (await ready(g)).report.components['upstream:mcp']?.message !== 'not probed yet')
      const { code, report } = await ready(g)
      assert.equal(code, 503)
      assert.doesNotMatch(JSON.stringify(report), /127\.0\.0\.1|localhost/)
      assert.equal(await g.metric('mcp_upstream_up', { upstream: 'mcp' }), 0)
    })
  }

  it('goes when the upstream is missed twice, and comes back with it', async (t) => {
    const o = await origin(t, { behaviour: (e) => e.respond({ body: rpc({ result: {} }) }) })
    const g = await front(t, { mcp: { url: `${o.url}/mcp`, probe: probe({ interval: '400ms' }) } })
    await becomes(g, 200)
    o.next((e) => e.reset())
    const seen = await settles(async () => {
      const now = await ready(g)
      return now.report.status === 'healthy' ? undefined : now
    })
    assert.deepEqual([seen?.code, seen?.report.status], [200, 'degraded'], 'one miss may be chance')
    await settles(async () => (await ready(g)).report.status === 'healthy')
    await o.refuse()
    o.resetAll()
    await becomes(g, 503)
    await o.listen()
    await becomes(g, 200)
  })

  it('only degrades when an upstream that is not required is gone', async (t) => {
    const o = await origin(t, { behaviour: (e) => e.respond({ body: rpc({ result: {} }) }) })
    const gone = await origin(t)
    await gone.refuse()
    const g = await front(t, {
      main: { url: `${o.url}/mcp`, required: true, probe: probe() },
      extra: { url: `${gone.url}/mcp`, probe: probe() },
    })
    await becomes(g, 200)
    await settles(async () => (await ready(g)).report.components['upstream:extra']?.message !== 'not probed yet')
    const { code, report } = await ready(g)
    assert.deepEqual([code, report.status], [200, 'degraded'])
    assert.equal(report.components['upstream:main']?.status, 'healthy')
    assert.equal(report.components['upstream:extra']?.status, 'unhealthy')
  })

  it('sends the headers of the configuration with every probe', async (t) => {
    const o = await origin(t, { behaviour: (e) => e.respond({ body: rpc({ result: {} }) }) })
    const headers = { authorization: 'Bearer probe' }
    const g = await front(t, { mcp: { url: `${o.url}/mcp`, probe: probe({ headers }) } })
    await becomes(g, 200)
    assert.deepEqual(o.requests[0]?.values('authorization'), ['Bearer probe'])
    assert.deepEqual(o.requests[0]?.values('mcp-method'), ['server/discover'])
  })

  it('leaves no session, no connection and no count behind', async (t) => {
    const server = await sdkServer()
    t.after(() => server.close())
    const g = await front(t, { mcp: { url: server.url, probe: probe() } })
    await becomes(g, 200)
    const deletes = () => server.requests.filter(({ method }) => method === 'DELETE').length
    await settles(() => deletes() >= 4)
    assert.ok(server.sessions.size <= 1)
    await settles(() => server.sessions.size === 0, { what: 'the end of the session' })
    const first = server.requests.map(({ method }) => method)
    // Its revision is asked for once, not with every probe: discover fails, then initialize and DELETE again and again.
    assert.deepEqual(first.slice(0, 7), ['POST', 'POST', 'DELETE', 'POST', 'DELETE', 'POST', 'DELETE'])
    assert.equal(await g.metric('mcp_requests_total'), 0)
    assert.equal(await g.metric('mcp_pool_connections_created_total'), 0)
    assert.equal(g.exchanges.length, 0)
  })
})
