/** Sessions of real SDK servers, from their begin to every end that they can have. */
import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { gateway, gatewayProcess, inFrontOf, type TestGateway } from '../support/gateway.ts'
import { processUse, settles } from '../support/measure.ts'
import { rawOrigin } from '../support/raw-origin.ts'
import { sdkClient } from '../support/sdk-client.ts'
import { type SdkServer, sdkServer } from '../support/sdk-server.ts'
import { active, dead, ended, INITIALIZE, pathTo, ping, quietSession, serverProcess } from './sessions-stage.ts'

const SLOW = { within: 20_000, every: 50 }

interface Setup {
  readonly server: SdkServer
  readonly g: TestGateway
  /** Of the MCP endpoint, through the gateway. */
  readonly url: string
}

async function setUp(t: TestContext, sessions: object = {}): Promise<Setup> {
  const server = await sdkServer()
  t.after(() => server.close())
  const g = await gateway(inFrontOf(server.url, { sessions }))
  t.after(() => g.close())
  return { server, g, url: `${g.url}/mcp` }
}

describe('a session', { concurrency: true }, () => {
  it('is counted from initialize to DELETE, and its revision is that of calls without a header', async (t) => {
    const { g, url } = await setUp(t)
    const peer = await sdkClient(url)
    assert.equal((await peer.call('echo', { message: 'x' })).isError, undefined)
    assert.equal(await g.metric('mcp_sessions_created_total', { upstream: 'upstream' }), 1)
    assert.equal(await active(g), 1)
    assert.equal(await ping(url, String(peer.session)), 200)
    await peer.end()
    await settles(async () => (await active(g)) === 0)
    assert.equal(await ended(g, 'delete'), 1)
    const pings = { mcp_method_name: 'ping', outcome: 'ok' }
    const count = 'mcp_server_operation_duration_seconds_count'
    assert.equal(await g.metric(count, { ...pings, mcp_protocol_version: '2025-11-25' }), 1)
    assert.equal(await g.metric(count, { mcp_protocol_version: '2025-03-26' }), 0)
  })

  it('that its upstream has forgotten ends with the 404, once', async (t) => {
    const { server, g, url } = await setUp(t)
    const [lost, kept] = [await quietSession(url), await quietSession(url)]
    ;(server.sessions as Map<string, unknown>).delete(lost)
    assert.deepEqual([await ping(url, lost), await ping(url, lost), await ping(url, kept)], [404, 404, 200])
    assert.equal(await dead(g, 'upstream_404'), 1)
    assert.equal(await ended(g, 'upstream_404'), 1)
    assert.equal(await active(g), 1)
  })

  it('is forgotten when idle, not killed, and is tracked anew when it comes back; one with a stream is not idle', async (t) => {
    const { g, url } = await setUp(t, { idle: '1s', heartbeat: '100ms' })
    const streaming = await sdkClient(url)
    await settles(() => streaming.exchanges.some((line) => line.startsWith('GET 200')))
    const quiet = await quietSession(url)
    await settles(async () => (await ended(g, 'idle')) === 1, SLOW)
    assert.equal(await active(g), 1)
    assert.ok((await g.metric('mcp_session_heartbeat_checks_total', { upstream: 'upstream' })) >= 2)
    assert.equal(await ping(url, quiet), 200)
    assert.equal(await g.metric('mcp_sessions_created_total', { upstream: 'upstream' }), 3)
    await streaming.end()
  })

  it('dies with its server process; one of the next process on the same port lives', async (t) => {
    const first = await serverProcess()
    t.after(() => first.kill())
    const probe = { interval: '100ms', timeout: '2s' }
    const sessions = { heartbeat: '100ms' }
    const g = await gateway({ upstreams: { upstream: { url: first.url, probe } }, sessions })
    t.after(() => g.close())
    const url = `${g.url}/mcp`
    const ready = async () => (await fetch(`${g.url}/health/ready`)).status === 200
    await settles(ready, SLOW)
    await quietSession(url)
    await quietSession(url)
    await first.kill()
    await settles(async () => !(await ready()), SLOW)
    const second = await serverProcess(first.port)
    t.after(() => second.kill())
    await settles(ready, SLOW)
    const living = await quietSession(url)
    await settles(async () => (await dead(g, 'restart')) === 2, SLOW)
    assert.equal(await ended(g, 'restart'), 2)
    // More passes find nothing more.
    await delay(2_500)
    assert.deepEqual([await active(g), await dead(g, 'restart'), await ping(url, living)], [1, 2, 200])
  })

  it('whose stream is reset and not resumed is lost', async (t) => {
    const server = await serverProcess()
    t.after(() => server.kill())
    const g = await gateway(inFrontOf(server.url, { sessions: { resume: '500ms' } }))
    t.after(() => g.close())
    const session = await quietSession(`${g.url}/mcp`)
    const headers = { accept: 'text/event-stream', 'mcp-session-id': session }
    const stream = await fetch(`${g.url}/mcp`, { headers })
    assert.equal(stream.status, 200)
    await server.kill()
    await assert.rejects(stream.text())
    await settles(async () => (await dead(g, 'stream_lost')) === 1, SLOW)
    assert.deepEqual([await ended(g, 'stream_lost'), await active(g)], [1, 0])
  })

  it('whose stream is reset and resumed lives', async (t) => {
    const server = await sdkServer()
    t.after(() => server.close())
    const path = await pathTo(server.port)
    t.after(() => path.close())
    const g = await gateway(inFrontOf(`http://127.0.0.1:${path.port}/mcp`, { sessions: { resume: '3s' } }))
    t.after(() => g.close())
    const peer = await sdkClient(`${g.url}/mcp`)
    const streams = () => server.requests.filter(({ method }) => method === 'GET').length
    await settles(() => peer.exchanges.some((line) => line.startsWith('GET 200')))
    path.cut()
    // The client comes back by itself.
    await settles(() => streams() === 2, SLOW)
    await settles(() => g.exchanges.some(({ outcome }) => outcome === 'upstream_reset'))
    await delay(4_500)
    assert.deepEqual([await active(g), await dead(g, 'stream_lost')], [1, 0])
    await peer.end()
  })

  it('beyond the cap passes untracked, and is counted once', async (t) => {
    const { g, url } = await setUp(t, { max: 2 })
    const ids = [await quietSession(url), await quietSession(url), await quietSession(url)]
    for (const id of [...ids, ...ids]) assert.equal(await ping(url, id), 200)
    assert.deepEqual(
      [await active(g), await g.metric('mcp_sessions_untracked_total', { upstream: 'upstream' })],
      [2, 1],
    )
    assert.equal(await g.metric('mcp_sessions_evicted_total'), 0)
  })

  it('never crosses upstreams, whatever its id', async (t) => {
    const respond = {
      headers: [
        ['Mcp-Session-Id', 'same'],
        ['Content-Type', 'application/json'],
      ] as const,
    }
    const body = '{"jsonrpc":"2.0","id":1,"result":{}}'
    const origins = await Promise.all(
      [0, 1].map(() => rawOrigin({ behaviour: (x) => x.respond({ ...respond, body }) })),
    )
    t.after(() => Promise.all(origins.map((origin) => origin.close())))
    const [a, b] = origins.map((origin) => ({ url: `${origin.url}/mcp` }))
    const routes = [
      { path: '/a', upstream: 'a' },
      { path: '/b', upstream: 'b' },
    ]
    const g = await gateway({ upstreams: { a, b }, routes })
    t.after(() => g.close())
    for (const route of ['/a', '/b']) assert.equal(await quietSession(g.url + route), 'same')
    await (await fetch(`${g.url}/a`, { method: 'DELETE', headers: { 'mcp-session-id': 'same' } })).text()
    await settles(async () => (await ended(g, 'delete', 'a')) === 1)
    assert.deepEqual([await active(g, 'a'), await active(g, 'b'), await ended(g, 'delete', 'b')], [0, 1, 0])
  })
})

it('twenty thousand sessions leave as many as may be, and no memory', { timeout: 100_000 }, async (t) => {
  let sessions = 0
  const origin = await rawOrigin({
    behaviour: (exchange) =>
      exchange.respond({
        headers: [
          ['Mcp-Session-Id', `session-${sessions++}-${'x'.repeat(400)}`],
          ['Content-Type', 'application/json'],
        ],
        body: '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25"}}',
      }),
  })
  t.after(() => origin.close())
  const upstreams = { upstream: { url: `${origin.url}/mcp`, required: false, probe: { interval: '1h' } } }
  const g = await gatewayProcess([], { settings: { upstreams, sessions: { max: 500 }, log: { access: false } } })
  t.after(() => g.close())
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  // What was kept of each body would be 160 MB in the end.
  const body = INITIALIZE.replace('quiet', 'q'.repeat(8_000))
  const initialize = () =>
    new Promise<void>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': body.length }
      request(`${g.url}/mcp`, { agent, method: 'POST', headers }, (response) => response.resume().once('end', resolve))
        .once('error', reject)
        .end(body)
    })
  const many = (count: number) =>
    Promise.all(
      Array.from({ length: 16 }, async () => {
        for (let i = 0; i < count / 16; i++) await initialize()
      }),
    )
  await many(8_000)
  const before = (await processUse(g.pid)).rss
  await many(12_000)
  const after = (await processUse(g.pid)).rss
  assert.equal(await g.metric('mcp_sessions_active'), 500)
  const known = (await g.metric('mcp_sessions_created_total')) + (await g.metric('mcp_sessions_untracked_total'))
  // What is remembered of untracked ids is so little that two may look alike.
  assert.ok(known <= 20_001 && known > 19_900, String(known))
  assert.ok(after - before < 48 * 2 ** 20, `${(after - before) / 2 ** 20} MiB`)
})
