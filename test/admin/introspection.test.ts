/** What the admin listener tells of a running gateway: its paths, sessions, upstreams, configuration and log levels. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { Config } from '../../src/config/config.ts'
import { ownModules } from '../interceptors/own-modules.ts'
import { gateway, inFrontOf, type Settings, type TestGateway } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { type Behaviour, type RawOrigin, rawOrigin } from '../support/raw-origin.ts'
import { sdkClient } from '../support/sdk-client.ts'
import { sdkServer } from '../support/sdk-server.ts'
import { ask } from './ask.ts'

type Json = Record<string, unknown>

const ALL = 'one-token-with-every-right'
const READ = 'a-token-that-may-read'
const admin = { token: ALL, tokens: [{ name: 'reader', token: READ }] }
const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

async function start(t: TestContext, settings: Settings): Promise<TestGateway> {
  const g = await gateway({ admin, ...settings })
  t.after(() => g.close())
  return g
}

async function origin(t: TestContext, behaviour?: Behaviour): Promise<RawOrigin> {
  const made = await rawOrigin(behaviour && { behaviour })
  t.after(() => made.close())
  return made
}

const read = async (g: TestGateway, path: string, token = READ): Promise<Json> => {
  const answer = await ask(g.adminUrl, path, { token })
  assert.equal(answer.status, 200, `${path}: ${answer.text}`)
  assert.equal(answer.headers['cache-control'], 'no-store')
  return answer.json()
}

/** Begins a session whose id the test chooses. */
const begins: Behaviour = async (exchange) => {
  const { id, params } = JSON.parse((await exchange.body()).toString()) as { id: number; params?: { session?: string } }
  const session = params?.session
  const headers: [string, string][] = session === undefined ? [] : [['Mcp-Session-Id', session]]
  await exchange.respond({ headers, body: JSON.stringify({ jsonrpc: '2.0', id, result: {} }) })
}

const begin = async (g: TestGateway, path: string, session: string): Promise<void> => {
  const clientInfo = { name: 'agent', version: '7' }
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo, session }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })
  await (await fetch(g.url + path, { method: 'POST', headers: HEADERS, body })).text()
}

describe('the list of paths', () => {
  it('says of each what it is for and which right it takes', async (t) => {
    const g = await start(t, inFrontOf(`${(await origin(t)).url}/mcp`))
    const { paths } = (await ask(g.adminUrl, '/')).json() as { paths: Json[] }
    for (const { method, path, summary } of paths)
      assert.ok(method && path && summary, JSON.stringify({ method, path }))
    assert.deepEqual(
      paths.find(({ path }) => path === '/upstreams'),
      {
        method: 'GET',
        path: '/upstreams',
        right: 'read',
        summary: 'upstreams: endpoints, connections, calls and streams against their limits, last probe',
      },
    )
    const head = await ask(g.adminUrl, '/', { method: 'HEAD' })
    assert.deepEqual([head.status, head.text], [200, ''])
  })

  it('holds nothing that GET serves and HEAD does not', async (t) => {
    const g = await start(t, inFrontOf(`${(await origin(t)).url}/mcp`))
    for (const path of ['/sessions', '/upstreams', '/config', '/log-level', '/debug/pprof', '/debug/pprof/']) {
      const head = await ask(g.adminUrl, path, { method: 'HEAD', token: ALL })
      assert.deepEqual([head.status, head.text], [200, ''], path)
      assert.equal((await ask(g.adminUrl, path, { method: 'HEAD' })).status, 401, path)
    }
  })
})

describe('/sessions', () => {
  it('tells of a real session who it is, where it goes and what it did', async (t) => {
    const server = await sdkServer()
    t.after(() => server.close())
    const g = await start(t, inFrontOf(server.url))
    const peer = await sdkClient(`${g.url}/mcp`)
    await peer.call('echo', { message: 'x' })
    const session = await settles(async () => {
      const [first] = (await read(g, '/sessions')).sessions as Json[]
      return first?.open_streams === 1 ? first : undefined
    })
    const { created_at, last_seen_at, age, session: tag, requests, ...rest } = session ?? {}
    assert.deepEqual(rest, {
      upstream: 'upstream',
      endpoint: server.url,
      revision: '2025-11-25',
      client_name: rest.client_name,
      client_version: rest.client_version,
      idle: 0,
      open_streams: 1,
      notifications: rest.notifications,
      responses: rest.responses,
    })
    assert.ok(typeof rest.client_name === 'string' && Number(requests) >= 2)
    assert.ok(Math.abs(Date.parse(String(created_at)) - Date.now()) < 60_000)
    assert.ok(Date.parse(String(last_seen_at)) >= Date.parse(String(created_at)) && Number(age) >= 0)
    // As in the access log, so that the two can be joined.
    await settles(() => g.exchanges.some((line) => line['mcp.session.id'] === tag))
    await peer.end()
  })

  it('comes in pages that hold every session once, of all upstreams or of one', async (t) => {
    const { url } = await origin(t, begins)
    const upstreams = { one: { url: `${url}/one` }, two: { url: `${url}/two` } }
    const routes = ['one', 'two'].map((upstream) => ({ path: `/${upstream}`, upstream }))
    const g = await start(t, { upstreams, routes })
    for (let i = 0; i < 5; i++) await begin(g, i % 2 ? '/two' : '/one', `session-${i}`)

    const ids: unknown[] = []
    let cursor = ''
    for (let pages = 1; ; pages++) {
      const page = await read(g, `/sessions?reveal=true&limit=2${cursor}`, ALL)
      ids.push(...(page.sessions as Json[]).map(({ id }) => id))
      assert.equal(page.total, 5)
      if (page.next_cursor === undefined) {
        assert.equal(pages, 3)
        break
      }
      cursor = `&cursor=${page.next_cursor}`
    }
    assert.deepEqual(
      ids,
      [0, 1, 2, 3, 4].map((i) => `session-${i}`),
    )

    const two = await read(g, '/sessions?upstream=two&reveal=true', ALL)
    assert.deepEqual([two.total, (two.sessions as Json[]).map(({ id }) => id)], [2, ['session-1', 'session-3']])
  })

  it('shows ids only to the right to reveal them, and logs that it did', async (t) => {
    const { url } = await origin(t, begins)
    const g = await start(t, inFrontOf(`${url}/mcp`))
    await begin(g, '/mcp', 'canary-session-id')
    for (const path of ['/sessions', '/sessions?reveal=false'])
      assert.doesNotMatch(JSON.stringify(await read(g, path, ALL)), /canary/)
    const refused = await ask(g.adminUrl, '/sessions?reveal=true', { token: READ })
    assert.deepEqual([refused.status, refused.json().error], [403, 'right_missing'])
    assert.equal(g.log.filter(({ msg }) => msg === 'ids of sessions shown').length, 0)
    assert.match(JSON.stringify(await read(g, '/sessions?reveal=true', ALL)), /canary/)
    const told = g.log.filter(({ msg }) => msg === 'ids of sessions shown')
    assert.deepEqual(
      told.map(({ caller, address }) => [caller, address]),
      [['admin', '127.0.0.1']],
    )
    assert.doesNotMatch(JSON.stringify(g.log), /canary/)
  })

  it('refuses what it cannot read, and says what it could', async (t) => {
    const g = await start(t, inFrontOf(`${(await origin(t)).url}/mcp`))
    for (const query of [
      'limit=0',
      'limit=501',
      'limit=x',
      'limit=-1',
      'limit=1&limit=2',
      'cursor=a',
      'upstream=none',
    ]) {
      const answer = await ask(g.adminUrl, `/sessions?${query}`, { token: READ })
      assert.equal(answer.status, 400, query)
      assert.match(String(answer.json().message), /limit|cursor|upstream/)
    }
    assert.deepEqual(await read(g, '/sessions?limit=500&cursor=999999'), { total: 0, sessions: [] })
  })
})

describe('/upstreams', () => {
  it('tells what is on the connections of each now, against its limits, and what its probe said', async (t) => {
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const { url } = await origin(t, async (exchange) => {
      const { id, method } = JSON.parse((await exchange.body()).toString()) as { id: number; method: string }
      if (method === 'tools/call') await held
      await exchange.respond({ body: JSON.stringify({ jsonrpc: '2.0', id, result: {} }) })
    })
    const limits = { calls: 1, streams: 7, queue: 3 }
    const upstreams = { busy: { url: `${url}/mcp`, limits }, idle: { url: `${url}/x`, probe: { enabled: false } } }
    const g = await start(t, { upstreams, routes: [{ path: '/mcp', upstream: 'busy' }] })
    const params = { name: 'slow', arguments: {} }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
    const calls = [1, 2].map(async () =>
      (await fetch(`${g.url}/mcp`, { method: 'POST', headers: HEADERS, body })).text(),
    )
    const shares = (waiting: number, calls: number) => ({
      calls: { now: calls, limit: 1 },
      streams: { now: 0, limit: 7 },
      waiting: { now: waiting, limit: 3 },
    })
    const list = async () =>
      (await read(g, '/upstreams')).upstreams as { endpoints: { waiting: { now: number } }[]; probe: Json }[]
    const settled = await settles(async () => {
      const all = await list()
      return all[0]?.endpoints[0]?.waiting.now === 1 && all[0].probe.status === 'alive' ? all : undefined
    })
    const [busy, idle] = settled ?? []
    const { probe, ...facts } = busy as { probe: Json }
    assert.deepEqual(facts, {
      name: 'busy',
      required: false,
      sessions: 0,
      endpoints: [{ url: `${url}/mcp`, connections: { open: 1, idle: 0 }, ...shares(1, 1) }],
    })
    assert.equal(probe.message, 'answered server/discover')
    assert.ok(Number(probe.duration_ms) >= 0 && Date.parse(String(probe.checked_at)) > 0)
    assert.deepEqual(idle?.probe, { status: 'off' })
    release()
    await Promise.all(calls)
    await settles(async () => {
      const [now] = await list()
      assert.deepEqual(now?.endpoints[0], { url: `${url}/mcp`, connections: { open: 1, idle: 1 }, ...shares(0, 0) })
      return true
    })
  })
})

describe('/config', () => {
  it('is the configuration in force, defaults included', async (t) => {
    const { url } = await origin(t)
    const g = await start(t, inFrontOf(`${url}/mcp`, { drain: { lag: '3s' } }))
    const { drain, upstreams, routes, limits } = (await read(g, '/config')) as unknown as Config
    assert.deepEqual(drain, { lag: 3000, deadline: 25_000 })
    assert.equal(upstreams.upstream?.url, `${url}/mcp`)
    assert.deepEqual([routes[0]?.path, limits.requestBytes], ['/mcp', 4 * 2 ** 20])
  })

  it('holds no secret, whoever asks', async (t) => {
    const { url } = await origin(t)
    const folder = await ownModules(t, { 'options.mjs': "export default () => ({ name: 'options', onEnd() {} })" })
    const module = join(folder, 'options.mjs')
    const g = await start(t, {
      admin: {
        token: 'canary-of-the-admin-token',
        tokens: [{ name: 'reader', token: 'canary-of-a-named-token', rights: ['read'] }],
      },
      upstreams: {
        upstream: {
          url: `${url}/mcp`,
          probe: { headers: { 'x-anything': 'canary-of-a-probe', authorization: 'canary' } },
        },
      },
      telemetry: {
        metrics: { otlp: { headers: { 'x-tenant': 'canary-of-metrics' } } },
        traces: { otlp: { headers: { authorization: 'Bearer canary-of-traces' } } },
      },
      alerts: {
        webhook: { urls: [`${url}/canary-of-a-webhook`], headers: { authorization: 'canary-of-the-webhook' } },
      },
      interceptors: [
        {
          module,
          options: { apiKey: 'canary', nested: [{ words: 'canary', password: 'canary', n: 7 }], on: true },
        },
      ],
    })
    for (const token of ['canary-of-the-admin-token', 'canary-of-a-named-token']) {
      const config = (await read(g, '/config', token)) as unknown as Config
      assert.doesNotMatch(JSON.stringify(config), /canary/)
      // What is no secret is there all the same: who may ask, which headers are sent, what an interceptor was told.
      assert.deepEqual(config.admin.tokens, [{ name: 'reader', token: '[redacted]', rights: ['read'] }])
      const { headers } = config.upstreams.upstream?.probe ?? {}
      assert.deepEqual(headers, { 'x-anything': '[redacted]', authorization: '[redacted]' })
      assert.deepEqual(config.interceptors[0]?.options.nested, [{ words: '[redacted]', password: '[redacted]', n: 7 }])
    }
    assert.doesNotMatch(JSON.stringify(g.log), /canary/)
  })
})

describe('/log-level', () => {
  const put = (g: TestGateway, body: unknown, token = ALL) =>
    ask(g.adminUrl, '/log-level', { method: 'PUT', token, body })

  it('changes the level of a module for a while, and says until when', async (t) => {
    const g = await start(t, inFrontOf(`${(await origin(t)).url}/mcp`))
    const listed = async (module: string) => ((await read(g, '/log-level')).modules as Record<string, Json>)[module]
    assert.deepEqual(await listed('upstream'), { level: 'debug', configured: 'debug' })
    const answer = await put(g, { module: 'upstream', level: 'error', for: '200ms' })
    assert.equal(answer.status, 200)
    const { until, ...now } = (answer.json().modules as Record<string, Json>).upstream as Json
    assert.deepEqual(now, { level: 'error', configured: 'debug' })
    assert.ok(Math.abs(Date.parse(String(until)) - Date.now()) < 2_000)
    assert.deepEqual(await listed('session'), { level: 'debug', configured: 'debug' })
    await settles(async () => (await listed('upstream'))?.level === 'debug')
  })

  it('changes all of them without a module, the access log included, and takes that back', async (t) => {
    const g = await start(t, inFrontOf(`${(await origin(t)).url}/mcp`))
    const exchange = async () => {
      const before = g.exchanges.length
      const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
      const response = await fetch(`${g.url}/mcp`, { method: 'POST', headers: HEADERS, body })
      await response.text()
      assert.equal(response.status, 200)
      return before
    }
    const before = await exchange()
    await settles(() => g.exchanges.length === before + 1)
    assert.equal((await put(g, { level: 'error' })).status, 200)
    const count = 'mcp_server_operation_duration_seconds_count'
    const silent = await exchange()
    await settles(async () => (await g.metric(count, { outcome: 'ok' })) === 2)
    assert.equal(g.exchanges.length, silent)
    assert.equal((await ask(g.adminUrl, '/log-level', { method: 'DELETE', token: ALL })).status, 200)
    const after = await exchange()
    await settles(() => g.exchanges.length === after + 1)
  })

  it('refuses what it cannot mean, and says what it could', async (t) => {
    const g = await start(t, inFrontOf(`${(await origin(t)).url}/mcp`))
    const bad: readonly (readonly [body: unknown, words: RegExp])[] = [
      [{}, /"level" must be one of trace, debug/],
      [{ level: 'loud' }, /"level" must be one of/],
      [{ level: 'debug', module: 'upstreams' }, /"module" must be one of access, admin/],
      [{ level: 'debug', for: 'soon' }, /"for" must be a duration/],
      [{ level: 'debug', for: '0s' }, /"for" must be a duration/],
      [{ level: 'debug', for: { toString: 1 } }, /"for" must be a duration/],
      [{ level: 'debug', for: null }, /"for" must be a duration/],
      [{ level: 'debug', for: '169h' }, /at most 168h/],
      [{ level: 'debug', ttl: '5m' }, /"ttl" is not known here/],
      [['debug'], /must be an object/],
      ['debug', /must be an object/],
      [null, /must be an object/],
    ]
    for (const [body, words] of bad) {
      const answer = await put(g, body)
      assert.deepEqual([answer.status, answer.json().error], [400, 'bad_request'], JSON.stringify(body))
      assert.match(String(answer.json().message), words)
    }
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '0' }
    const form = await ask(g.adminUrl, '/log-level', { method: 'PUT', token: ALL, headers })
    assert.deepEqual([form.status, form.json().error], [415, 'unsupported_media_type'])
    const huge = await put(g, { level: 'x'.repeat(300_000) })
    assert.deepEqual([huge.status, huge.json().error], [413, 'request_too_large'])
    assert.equal((await put(g, { level: 'debug' }, READ)).status, 403)
  })

  it('leaves a trace in the log of who changed what', async (t) => {
    const g = await start(t, inFrontOf(`${(await origin(t)).url}/mcp`))
    await put(g, { level: 'debug' })
    const [line] = g.log.filter(({ msg }) => msg === 'admin request')
    assert.deepEqual(
      [line?.caller, line?.address, line?.method, line?.path],
      ['admin', '127.0.0.1', 'PUT', '/log-level'],
    )
  })
})
