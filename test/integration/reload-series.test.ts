/** Upstreams that come and go by reloads: their series end with them, and make room for those of others. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { gateway, type Settings, type TestGateway } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { type Behaviour, rawOrigin } from '../support/raw-origin.ts'
import { sdkClient } from '../support/sdk-client.ts'
import { sdkServer } from '../support/sdk-server.ts'
import { parsePrometheus, type Sample } from '../telemetry/prometheus-text.ts'
import { HEADERS } from './sessions-stage.ts'

const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{}}}'
const RENAMINGS = 200

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A gateway in front of one upstream, whose name is changed again and again. */
async function stage(behaviour?: Behaviour) {
  const origin = await rawOrigin(behaviour === undefined ? {} : { behaviour })
  closing.push(() => origin.close())
  const rule = {
    name: 'team.calls',
    kind: 'counter',
    help: 'Calls.',
    match: {},
    value: 1,
    labels: { server: { from: 'upstream' } },
  }
  const named = (name: string): Settings => ({
    upstreams: { [name]: { url: `${origin.url}/mcp`, probe: { enabled: false } } },
    telemetry: { rules: [rule], metrics: { views: ['pforge', 'tfo'] } },
  })
  const g = await gateway(named('first'))
  closing.push(() => g.close())
  return { g, rename: (name: string) => put(g, named(name)) }
}

async function put(g: TestGateway, settings: Settings): Promise<void> {
  g.rewrite(settings)
  const response = await fetch(`${g.adminUrl}/reload`, { method: 'POST' })
  assert.equal(((await response.json()) as { result: string }).result, 'applied')
}

/** Every sample of the page that tells of an upstream, and of every name if none is given. */
async function samples(g: TestGateway, upstream?: string): Promise<Sample[]> {
  const page = parsePrometheus(await (await fetch(`${g.adminUrl}/metrics`)).text())
  const all = [...page.values()].flatMap((family) => family.samples)
  return all.filter(({ labels }) => {
    const told = labels.upstream ?? labels.server
    return told !== undefined && (upstream === undefined || told === upstream)
  })
}

async function call(g: TestGateway): Promise<void> {
  const response = await fetch(`${g.url}/mcp`, { method: 'POST', headers: HEADERS, body: CALL })
  assert.equal(response.status, 200)
  await response.arrayBuffer()
}

const rule = (g: TestGateway, server: string) => g.metric('team_calls_total', { server })
const calls = (g: TestGateway, upstream: string) => g.metric('mcp_requests_total', { upstream, outcome: 'ok' })

test('names that change without end find room each, and leave no series behind', { timeout: 60_000 }, async () => {
  const { g, rename } = await stage()
  await call(g)
  await settles(async () => (await rule(g, 'first')) === 1)
  const before = (await samples(g, 'first')).length
  for (let i = 0; i < RENAMINGS; i++) {
    await rename(`name-${i}`)
    await call(g)
  }
  const last = `name-${RENAMINGS - 1}`
  await settles(async () => (await calls(g, last)) === 1 && (await rule(g, last)) === 1)
  await settles(async () => (await samples(g)).every(({ labels }) => [last, '_none'].includes(labels.upstream ?? last)))
  assert.deepEqual(await samples(g, '_other'), [])
  assert.equal((await samples(g, last)).length, before)
  assert.equal(await g.metric('sidelight_metrics_overflow_total'), 0)
})

test('a name that is there again counts from zero', async () => {
  const { g, rename } = await stage()
  for (let i = 0; i < 3; i++) await call(g)
  await settles(async () => (await calls(g, 'first')) === 3)
  const asked = () => g.metric('sidelight_cache_lookups_total', { cache: 'names' })
  const askedBefore = await asked()
  await rename('second')
  await call(g)
  await settles(async () => (await samples(g, 'first')).length === 0)
  assert.ok((await asked()) >= askedBefore)

  await rename('first')
  assert.equal(await g.metric('mcp_pool_connections_created_total', { upstream: 'first' }), 0)
  await call(g)
  await settles(async () => (await calls(g, 'first')) === 1 && (await rule(g, 'first')) === 1)
  assert.equal(await g.metric('mcp_pool_connections_created_total', { upstream: 'first' }), 1)
  assert.equal(await g.metric('mcp_exchange_duration_seconds_count', { upstream: 'first' }), 1)
})

test('what goes on when an upstream is removed is counted to its end', async () => {
  let finish = (): void => {}
  const held = new Promise<void>((resolve) => {
    finish = resolve
  })
  const { g, rename } = await stage(async (exchange) => {
    await held
    exchange.respond({ body: '{"jsonrpc":"2.0","id":1,"result":{}}' })
  })
  const begun = call(g)
  const active = () => g.metric('mcp_requests_active', { upstream: 'first' })
  await settles(async () => (await active()) === 1)
  await rename('second')
  await rename('third')
  for (let i = 0; i < 3; i++) assert.equal(await active(), 1)
  assert.deepEqual(await samples(g, 'second').then((left) => left.length), 0)
  finish()
  await begun
  // The page that shows the end is asked for by whoever sees it first.
  const shown: number[] = []
  await settles(async () => {
    const found = await samples(g, 'first')
    shown.push(found.find(({ name, labels }) => name === 'mcp_requests_total' && labels.outcome === 'ok')?.value ?? 0)
    return found.length === 0
  })
  assert.equal(Math.max(...shown), 1)
})

test('what goes on while an upstream is removed and comes back is counted down where it was counted up', async () => {
  const { g, rename } = await stage(async (exchange) => {
    await exchange.openStream()
    await exchange.closed
  })
  const streams = async () => ({
    requests: await g.metric('mcp_requests_active', { upstream: 'first' }),
    streams: await g.metric('mcp_streams_active', { upstream: 'first' }),
    pool: await g.metric('mcp_pool_connections_active', { upstream: 'first' }),
  })
  const open = new AbortController()
  await fetch(`${g.url}/mcp`, { headers: { accept: 'text/event-stream' }, signal: open.signal })
  const one = { requests: 1, streams: 1, pool: 1 }
  await settles(async () => (await streams()).pool === 1 && (await streams()).streams === 1)
  await rename('second')
  assert.deepEqual(await streams(), one)
  await rename('first')
  assert.deepEqual(await streams(), one)
  open.abort()
  await settles(async () => (await streams()).pool === 0 && (await streams()).requests === 0)
  assert.deepEqual(await streams(), { requests: 0, streams: 0, pool: 0 })
})

test('a session of an upstream that is removed is counted until it ends', async () => {
  const server = await sdkServer()
  closing.push(() => server.close())
  const other = { url: 'http://127.0.0.1:1/mcp', probe: { enabled: false }, required: false }
  const settings = (name: string): Settings => ({
    upstreams: { [name]: { url: server.url }, other },
    routes: [{ path: '/mcp', upstream: name }],
    sessions: { idle: '1s' },
  })
  const g = await gateway(settings('first'))
  closing.push(() => g.close())
  const mcp = await sdkClient(`${g.url}/mcp`)
  closing.push(() => mcp.end().catch(() => {}))
  await mcp.call('echo', { text: 'x' })
  const tracked = () => g.metric('mcp_sessions_active', { upstream: 'first' })
  await settles(async () => (await tracked()) === 1)
  await settles(async () => (await g.metric('mcp_upstream_up', { upstream: 'first' })) === 1)
  await put(g, settings('second'))
  assert.equal(await tracked(), 1)
  // What probes it had have ended too, and its stream is left to its downstream.
  await mcp.end().catch(() => {})
  await settles(async () => (await samples(g, 'first')).length === 0, { within: 15_000 })
  assert.notEqual((await samples(g, 'second')).length, 0)
  assert.deepEqual(await samples(g, '_other'), [])
})
