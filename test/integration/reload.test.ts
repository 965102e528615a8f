/** Another configuration by POST /reload: what it changes, what it leaves alone, and what it refuses. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import type { Surroundings } from '../../src/gateway.ts'
import { ownModules } from '../interceptors/own-modules.ts'
import { certificateAuthority } from '../support/certificates.ts'
import { gateway, inFrontOf, type Settings, type TestGateway } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { rawClient, requestBytes } from '../support/raw-client.ts'
import { type Behaviour, type RawOrigin, rawOrigin } from '../support/raw-origin.ts'
import { sdkClient } from '../support/sdk-client.ts'
import { sdkServer } from '../support/sdk-server.ts'
import { HEADERS } from './sessions-stage.ts'

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
/** Probes would be requests too. */
const QUIET = { probe: { enabled: false }, required: true }

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function start(settings: Settings, surroundings: Partial<Surroundings> = {}): Promise<TestGateway> {
  const g = await gateway(settings, surroundings)
  closing.push(() => g.close())
  return g
}

async function origin(behaviour?: Behaviour): Promise<RawOrigin> {
  const made = await rawOrigin(behaviour === undefined ? {} : { behaviour })
  closing.push(() => made.close())
  return made
}

interface Answer {
  readonly status: number
  readonly report: Readonly<Record<string, unknown>>
}

async function reload(g: TestGateway, settings?: Settings): Promise<Answer> {
  if (settings !== undefined) g.rewrite(settings)
  const response = await fetch(`${g.adminUrl}/reload`, { method: 'POST' })
  return { status: response.status, report: (await response.json()) as Answer['report'] }
}

async function post(url: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const response = await fetch(url, { method: 'POST', headers: { ...HEADERS, ...headers }, body: PING })
  await response.arrayBuffer()
  return response.status
}

test('a route and its upstream come and go, and the others do not notice', async () => {
  const [files, notes] = [await origin(), await origin()]
  const one = { upstreams: { files: { url: `${files.url}/mcp`, ...QUIET } }, routes: [{ path: '/files' }] }
  const both = {
    upstreams: { ...one.upstreams, notes: { url: `${notes.url}/mcp`, ...QUIET } },
    routes: [
      { path: '/files', upstream: 'files' },
      { path: '/notes', upstream: 'notes', hostnames: ['notes.test', '127.0.0.1'] },
    ],
  }
  const g = await start(one)
  assert.deepEqual([await post(`${g.url}/files`), await post(`${g.url}/notes`)], [200, 404])

  const added = await reload(g, both)
  assert.deepEqual(added, {
    status: 200,
    report: { result: 'applied', applied: ['upstreams.notes', 'routes[1]'], needsRestart: [], warnings: [] },
  })
  assert.deepEqual([await post(`${g.url}/files`), await post(`${g.url}/notes`)], [200, 200])
  assert.equal(await g.metric('mcp_requests_total', { upstream: 'notes', outcome: 'ok' }), 1)

  const removed = await reload(g, one)
  assert.deepEqual(removed.report.applied, ['upstreams.notes', 'routes[1]'])
  assert.deepEqual([await post(`${g.url}/files`), await post(`${g.url}/notes`)], [200, 404])
  // The connection that stayed idle to the upstream is closed, that of the other is used again.
  await settles(() => notes.connections.every(({ end }) => end !== undefined))
  assert.equal(files.connections.length, 1)
})

test('an exchange that has begun ends on the upstream that it began with', async () => {
  let finish = (): void => {}
  const held = new Promise<void>((resolve) => {
    finish = resolve
  })
  const slow = await origin(async (exchange) => {
    await held
    exchange.respond({ body: '{"jsonrpc":"2.0","id":1,"result":{"from":"old"}}' })
  })
  const other = await origin()
  const g = await start(inFrontOf('', { upstreams: { upstream: { url: `${slow.url}/mcp`, ...QUIET } } }))
  const begun = fetch(`${g.url}/mcp`, { method: 'POST', headers: HEADERS, body: PING })
  await settles(() => slow.requests.length === 1)

  const moved = inFrontOf('', { upstreams: { upstream: { url: `${other.url}/mcp`, ...QUIET } } })
  assert.deepEqual((await reload(g, moved)).report.applied, ['upstreams.upstream.url'])
  assert.equal(await post(`${g.url}/mcp`), 200)
  assert.deepEqual([slow.requests.length, other.requests.length], [1, 1])

  finish()
  const response = await begun
  assert.deepEqual([response.status, await response.json()], [200, { jsonrpc: '2.0', id: 1, result: { from: 'old' } }])
  // Its pool closes behind it.
  await settles(() => slow.connections.every(({ end }) => end !== undefined))
})

test('sessions and their streams go on, and are still known', async () => {
  const server = await sdkServer()
  closing.push(() => server.close())
  const settings = inFrontOf(server.url)
  const g = await start(settings)
  const mcp = await sdkClient(`${g.url}/mcp`)
  closing.push(() => mcp.end())
  const tracked = () => g.metric('mcp_sessions_active', { upstream: 'upstream' })
  await settles(async () => (await tracked()) === 1)

  const { report } = await reload(g, { ...settings, sessions: { idle: '5m' }, limits: { requestBytes: '1MiB' } })
  assert.deepEqual(report.applied, ['limits.requestBytes', 'sessions.idle'])
  assert.equal((await mcp.call('echo', { text: 'still here' })).isError ?? false, false)
  assert.equal(await tracked(), 1)
  assert.deepEqual(mcp.errors, [])
  assert.equal(g.exchanges.length > 0 && g.exchanges.every(({ outcome }) => outcome !== 'upstream_reset'), true)
})

test('limits, hosts and the log take their new values at once', async () => {
  const upstream = await origin()
  const settings = inFrontOf('', { upstreams: { upstream: { url: `${upstream.url}/mcp`, ...QUIET } } })
  const g = await start(settings)
  assert.equal(await post(`${g.url}/mcp`), 200)
  const { report } = await reload(g, {
    ...settings,
    limits: { requestBytes: '10B' },
    listen: { hosts: ['gateway.test'] },
    log: { access: false },
  })
  assert.deepEqual(report.applied, ['listen.hosts', 'limits.requestBytes', 'log.access'])
  assert.equal(await post(`${g.url}/mcp`), 413)
  const lines = g.exchanges.length

  await reload(g, { ...settings, listen: { hosts: ['gateway.test'] }, log: { access: false } })
  assert.equal(await post(`${g.url}/mcp`), 403)
  const client = await rawClient(g.url)
  closing.push(() => client.close())
  await client.send(requestBytes({ host: 'gateway.test', body: PING }))
  assert.equal((await client.head('POST')).status, 200)
  assert.equal(g.exchanges.length, lines)
})

test('permits are counted on, and those who wait get them when there are more', async () => {
  let finish = (): void => {}
  const held = new Promise<void>((resolve) => {
    finish = resolve
  })
  const slow = await origin(async (exchange) => {
    await held
    exchange.respond({ body: '{"jsonrpc":"2.0","id":1,"result":{}}' })
  })
  const settings = (calls: number): Settings =>
    inFrontOf('', { upstreams: { upstream: { url: `${slow.url}/mcp`, limits: { calls }, ...QUIET } } })
  const g = await start(settings(1))
  const calls = [1, 2, 3].map(() => post(`${g.url}/mcp`))
  await settles(async () => (await g.metric('mcp_pool_pending', { upstream: 'upstream' })) === 2)
  assert.equal(slow.requests.length, 1)
  assert.deepEqual((await reload(g, settings(2))).report.applied, ['upstreams.upstream.limits.calls'])
  await settles(() => slow.requests.length === 2)
  finish()
  assert.deepEqual(await Promise.all(calls), [200, 200, 200])
})

test('an interceptor goes on with what it holds until its own entry changes', async (t) => {
  const upstream = await origin()
  const folder = await ownModules(t, {
    'count.mjs': `export default ({ start }) => {
      let seen = start
      return { name: 'count', onRequest: (x) => { x.setUpstreamHeader('x-count', String(++seen)) } }
    }`,
  })
  const module = join(folder, 'count.mjs')
  const settings = (start: number, more: Settings = {}): Settings =>
    inFrontOf('', {
      upstreams: { upstream: { url: `${upstream.url}/mcp`, ...QUIET } },
      interceptors: [{ module, options: { start } }],
      ...more,
    })
  const g = await start(settings(0))
  const count = async () => {
    await post(`${g.url}/mcp`)
    return upstream.requests.at(-1)?.headers.find(([name]) => name.toLowerCase() === 'x-count')?.[1]
  }
  assert.equal(await count(), '1')
  await reload(g, settings(0, { limits: { requestBytes: '1MiB' } }))
  assert.equal(await count(), '2')
  assert.deepEqual((await reload(g, settings(10))).report.applied, [
    'limits.requestBytes',
    'interceptors[0].options.start',
  ])
  assert.equal(await count(), '11')

  // Other code in the file is told, and read once the entry changes.
  writeFileSync(module, readFileSync(module, 'utf8').replace('++seen', 'seen += 1000'))
  const { report } = await reload(g, settings(10))
  assert.deepEqual([report.result, report.needsRestart], ['unchanged', ['interceptors[0].module']])
  assert.equal(await count(), '12')
  assert.deepEqual((await reload(g, settings(20))).report.needsRestart, [])
  assert.equal(await count(), '1020')
})

test('a bad configuration is refused with every error, and the one before stays in force', async () => {
  const upstream = await origin()
  const settings = inFrontOf('', { upstreams: { upstream: { url: `${upstream.url}/mcp`, ...QUIET } } })
  const g = await start(settings)
  const refused = await reload(g, {
    upstreams: { upstream: { url: 'ftp://nowhere' } },
    routes: [{ path: '/mcp', upstream: 'missing' }],
    sessions: { max: 0 },
  })
  assert.equal(refused.status, 422)
  const errors = refused.report.errors as { path: string; message: string }[]
  assert.deepEqual(
    errors.map(({ path }) => path),
    ['upstreams.upstream.url', 'sessions.max', 'routes[0].upstream'],
  )
  assert.equal(await post(`${g.url}/mcp`), 200)
  assert.equal(await g.metric('sidelight_config_reloads_total', { result: 'refused' }), 1)
  assert.equal(await g.metric('sidelight_config_last_reload_successful'), 0)
  const line = g.log.find(({ msg }) => String(msg).startsWith('configuration refused'))
  assert.deepEqual([line?.level, line?.errors], ['error', errors])

  assert.equal((await reload(g, settings)).report.result, 'unchanged')
  assert.equal(await g.metric('sidelight_config_last_reload_successful'), 1)
})

test('two tokens that are the same refuse the whole, and are not told', async () => {
  const upstream = await origin()
  const settings = inFrontOf('', { upstreams: { upstream: { url: `${upstream.url}/mcp`, ...QUIET } } })
  const g = await start(settings)
  const tokens = ['one', 'two'].map((name) => ({ name, token: 'canary-0123456789abcdef' }))
  const { status, report } = await reload(g, { ...settings, limits: { requestBytes: '10B' }, admin: { tokens } })
  assert.equal(status, 422)
  const [error, ...more] = report.errors as { path: string; message: string }[]
  assert.deepEqual(
    [error?.path, error?.message, more],
    ['admin.tokens[1].token', 'is the same token as admin.tokens[0].token', []],
  )
  assert.doesNotMatch(JSON.stringify([report, g.log]), /canary/)
  assert.equal(await post(`${g.url}/mcp`), 200)
})

test('an interceptor that cannot be loaded refuses the whole, until its file is mended', async (t) => {
  const upstream = await origin()
  const settings = inFrontOf('', { upstreams: { upstream: { url: `${upstream.url}/mcp`, ...QUIET } } })
  const g = await start(settings)
  const folder = await ownModules(t, { 'bad.mjs': 'export default () => ({\n' })
  const { status, report } = await reload(g, {
    ...settings,
    limits: { requestBytes: '10B' },
    interceptors: [{ module: join(folder, 'bad.mjs') }],
  })
  assert.equal(status, 422)
  assert.deepEqual(
    (report.errors as { path: string }[]).map(({ path }) => path),
    ['interceptors[0].module'],
  )
  assert.equal(await post(`${g.url}/mcp`), 200)

  writeFileSync(join(folder, 'bad.mjs'), 'export default () => ({ name: "good", onEnd() {} })\n')
  assert.deepEqual((await reload(g)).report.applied, ['limits.requestBytes', 'interceptors[0]'])
  assert.equal(await post(`${g.url}/mcp`), 413)
})

test('an interceptor that never finishes loading refuses that reload, and holds up none after it', async (t) => {
  const upstream = await origin()
  const settings = inFrontOf('', { upstreams: { upstream: { url: `${upstream.url}/mcp`, ...QUIET } } })
  const g = await start(settings, { loadLimit: 500 })
  const folder = await ownModules(t, {
    'stuck.mjs': 'await new Promise(() => {})\nexport default () => ({ name: "own", onEnd() {} })\n',
  })
  const wanted = { ...settings, limits: { requestBytes: '10B' }, interceptors: [{ module: join(folder, 'stuck.mjs') }] }
  const { status, report } = await reload(g, wanted)
  assert.equal(status, 422)
  const [error] = report.errors as { path: string; message: string }[]
  assert.equal(error?.path, 'interceptors[0].module')
  assert.match(error?.message ?? '', /stuck\.mjs did not finish loading within 0\.5 s: look for a top-level await/)
  assert.equal(await post(`${g.url}/mcp`), 200)

  assert.equal((await reload(g, settings)).report.result, 'unchanged')
  writeFileSync(join(folder, 'stuck.mjs'), 'export default () => ({ name: "own", onEnd() {} })\n')
  assert.deepEqual((await reload(g, wanted)).report.applied, ['limits.requestBytes', 'interceptors[0]'])
  assert.equal(await post(`${g.url}/mcp`), 413)
})

test('what needs a restart is told each time until then, and the rest is applied', async () => {
  const upstream = await origin()
  const settings = inFrontOf('', { upstreams: { upstream: { url: `${upstream.url}/mcp`, ...QUIET } } })
  const g = await start(settings)
  const wanted = {
    ...settings,
    listen: { host: '127.0.0.2', hosts: ['*'] },
    telemetry: { metrics: { views: ['tfo'] } },
  }
  const first = await reload(g, wanted)
  const needsRestart = ['listen.host', 'telemetry.metrics.views']
  assert.deepEqual([first.report.applied, first.report.needsRestart], [['listen.hosts'], needsRestart])
  const second = await reload(g)
  assert.deepEqual([second.report.applied, second.report.needsRestart], [[], needsRestart])
  assert.equal(await g.metric('sidelight_config_needs_restart'), 2)
  assert.equal(await post(`${g.url}/mcp`, {}), 200)
  const line = g.log.find(({ needs_restart }) => needs_restart !== undefined)
  assert.deepEqual([line?.level, line?.needs_restart], ['warn', needsRestart])
})

test('an interceptor where there was none works, and what of it waits for a restart is told', async (t) => {
  const upstream = await origin()
  const settings = inFrontOf('', { upstreams: { upstream: { url: `${upstream.url}/mcp`, ...QUIET } } })
  const g = await start(settings)
  const folder = await ownModules(t, {
    'refuse.mjs': 'export default () => ({ name: "refuse", onRequest: () => ({ action: "refuse", status: 403 }) })\n',
  })
  const { report } = await reload(g, { ...settings, interceptors: [{ module: join(folder, 'refuse.mjs') }] })
  assert.equal(report.result, 'applied')
  assert.match(String(report.warnings), /^interceptors: .*@opentelemetry\/api/)
  assert.equal(await post(`${g.url}/mcp`), 403)
  await reload(g, settings)
  assert.equal(await post(`${g.url}/mcp`), 200)
})

test('a certificate of an upstream that is replaced under its name is taken', async (t) => {
  const [old, young] = [await certificateAuthority(), await certificateAuthority()]
  const folder = await ownModules(t, { 'ca.pem': old.cert })
  const upstream = await rawOrigin({ tls: await young.issue({ name: 'upstream', ip: ['127.0.0.1'] }) })
  closing.push(() => upstream.close())
  const tls = { ca: join(folder, 'ca.pem') }
  const url = `${upstream.url}/mcp`
  const g = await start(inFrontOf('', { upstreams: { upstream: { url, tls, ...QUIET } } }))
  assert.equal(await post(`${g.url}/mcp`), 502)
  writeFileSync(join(folder, 'ca.pem'), young.cert)
  const { report } = await reload(g)
  assert.deepEqual([report.result, report.applied], ['applied', ['upstreams.upstream.tls']])
  assert.equal(await post(`${g.url}/mcp`), 200)
})

test('a gateway that drains takes no other configuration', async () => {
  let finish = (): void => {}
  const held = new Promise<void>((resolve) => {
    finish = resolve
  })
  const slow = await origin(async (exchange) => {
    await held
    exchange.respond({ body: '{"jsonrpc":"2.0","id":1,"result":{}}' })
  })
  const settings = inFrontOf('', { upstreams: { upstream: { url: `${slow.url}/mcp`, ...QUIET } }, drain: { lag: 0 } })
  const g = await gateway(settings)
  const call = post(`${g.url}/mcp`)
  await settles(() => slow.requests.length === 1)
  const drained = g.drain()
  const { status, report } = await reload(g, { ...settings, limits: { requestBytes: '10B' } })
  assert.equal(status, 422)
  assert.match(JSON.stringify(report.errors), /draining/)
  finish()
  assert.equal(await call, 200)
  await drained
})

test('an upstream at an address that the gateway still listens on is refused', async () => {
  const upstream = await origin()
  const settings = inFrontOf('', { upstreams: { upstream: { url: `${upstream.url}/mcp`, ...QUIET } } })
  const port = 20_000 + (process.pid % 10_000)
  const g = await start({ ...settings, listen: { port } })
  const { status, report } = await reload(g, {
    ...inFrontOf(`http://127.0.0.1:${port}/mcp`),
    listen: { port: port + 1 },
  })
  assert.equal(status, 422)
  assert.deepEqual(
    (report.errors as { path: string }[]).map(({ path }) => path),
    ['upstreams.upstream.url'],
  )
  assert.equal(await post(`${g.url}/mcp`), 200)
})

test('an upstream that is removed is no component of health and no metric of being up any more', async () => {
  const files = await sdkServer()
  closing.push(() => files.close())
  const gone = { url: 'http://127.0.0.1:1/mcp', required: false }
  const kept = { url: files.url }
  const routes = [{ path: '/files', upstream: 'files' }]
  const g = await start({ upstreams: { files: kept, gone }, routes: [...routes, { path: '/x', upstream: 'gone' }] })
  const components = async () =>
    Object.keys(((await (await fetch(`${g.url}/health`)).json()) as { components: object }).components)
  const page = async () => (await fetch(`${g.adminUrl}/metrics`)).text()
  await settles(async () => /^mcp_upstream_up\{upstream="gone"\} 0$/m.test(await page()))
  assert.equal((await components()).includes('upstream:gone'), true)
  await reload(g, { upstreams: { files: kept }, routes })
  assert.equal((await components()).includes('upstream:gone'), false)
  assert.doesNotMatch(await page(), /^mcp_upstream_up\{upstream="gone"\}/m)
  assert.match(await page(), /^mcp_upstream_up\{upstream="files"\} 1$/m)
})
