/** The bound on connections of the admin listener: who waits makes room, so that whoever asks something gets an answer. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { type Closed, ConnectionLimit } from '../../src/admin/connection-limit.ts'
import { AdminServers } from '../../src/admin/servers.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { gateway, gatewayProcess, inFrontOf, type Settings } from '../support/gateway.ts'
import { processUse, settles } from '../support/measure.ts'
import { type RawClient, rawClient } from '../support/raw-client.ts'

const NOWHERE = 'http://127.0.0.1:9/mcp'
const CLOSED = 'sidelight_admin_connections_closed_total'
const HEALTH = { method: 'GET', target: '/health' }
/** Its body does not come. */
const UNFINISHED =
  'PUT /components/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n'

async function bounded(t: TestContext, connections: number, more: Settings = {}) {
  const g = await gateway(inFrontOf(NOWHERE, { admin: { limits: { connections } }, ...more }))
  t.after(() => g.close())
  return { ...g, open: opener(t, g.adminUrl) }
}

function opener(t: TestContext, url: string): () => Promise<RawClient> {
  const clients: RawClient[] = []
  t.after(() => {
    for (const client of clients) client.close()
  })
  return async () => {
    const client = await rawClient(url)
    clients.push(client)
    return client
  }
}

const answers = async (client: RawClient): Promise<void> => assert.equal((await client.ask(HEALTH)).status, 200)

/** Such a request has arrived, because one after it has been answered. */
async function begins(client: RawClient, beside: RawClient): Promise<void> {
  await client.send(UNFINISHED)
  await answers(beside)
}

describe('one connection more than admin.limits.connections', { timeout: 60_000 }, () => {
  it('closes the one that has waited longest for a request', async (t) => {
    const { open, metric } = await bounded(t, 3)
    const silent = await open()
    const [first, second] = [await open(), await open()]
    await answers(first)
    await answers(second)
    await answers(first)

    const third = await open()
    await answers(third)
    assert.equal(await silent.closed, 'fin')
    await answers(await open())
    // It was asked before the first was.
    assert.equal(await second.closed, 'fin')
    await answers(first)
    await answers(third)
    assert.equal(await metric(CLOSED, { reason: 'waiting' }), 3, 'the one that asks for metrics is one as well')
    assert.equal(await metric(CLOSED, { reason: 'busy' }), 0)
  })

  it('spares those that are busy while another one waits', async (t) => {
    const { open } = await bounded(t, 2)
    const busy = await open()
    const waiting = await open()
    await begins(busy, waiting)
    await answers(await open())
    assert.equal(await waiting.closed, 'fin')
    await busy.send('{"status":"healthy"}')
    assert.equal((await busy.response('PUT')).status, 200)
  })

  it('gets in too when all are busy, in the place of the one that has been so longest', async (t) => {
    const { open, metric } = await bounded(t, 2)
    const [first, second] = [await open(), await open()]
    await begins(first, second)
    await second.send(UNFINISHED)
    await answers(await open())
    const ended = await first.closed
    assert.ok(ended === 'fin' || ended === 'rst', ended)
    await second.send('{"status":"healthy"}')
    assert.equal((await second.response('PUT')).status, 200)
    assert.equal(await metric(CLOSED, { reason: 'busy' }), 1)
  })

  it('is told by the health report', async (t) => {
    const { open } = await bounded(t, 2)
    await open()
    const asking = await open()
    const report = JSON.parse((await asking.ask(HEALTH)).body.toString()) as {
      components: Record<string, { status: string; message: string }>
    }
    const { status, message } = report.components['listener:admin'] ?? {}
    assert.deepEqual([status, message], ['degraded', 'listening, 2 of 2 connections'])
  })
})

it('one that pipelines waits only after its last answer', { timeout: 60_000 }, async (t) => {
  const { open } = await bounded(t, 2)
  const [pipelining, other] = [await open(), await open()]
  await begins(pipelining, other)
  await pipelining.send('{"status":"healthy"}GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')
  assert.equal((await pipelining.response('PUT')).status, 200)
  assert.equal((await pipelining.response('GET')).status, 200)
  await answers(other)
  await answers(await open())
  await pipelining.closed
})

it('a silent connection and an idle one end by the times of limits', { timeout: 60_000 }, async (t) => {
  const { open } = await bounded(t, 100, { limits: { headTimeout: '50ms', keepAlive: '50ms' } })
  const [silent, idle] = [await open(), await open()]
  await answers(idle)
  assert.match((await silent.everything()).bytes.toString(), /^HTTP\/1\.1 408 /)
  assert.equal(await idle.closed, 'fin')
})

it('a flood leaves descriptors, and lets every probe in', { timeout: 60_000 }, async (t) => {
  const LIMIT = 20
  const g = await gatewayProcess([], { settings: inFrontOf(NOWHERE, { admin: { limits: { connections: LIMIT } } }) })
  t.after(() => g.close())
  const open = opener(t, g.adminUrl)
  const before = (await processUse(g.pid)).sockets
  for (let i = 0; i < 200; i++) {
    const client = await open()
    // Half of them stay amid a request.
    if (i % 2 === 0) await client.send(UNFINISHED)
    if (i % 20 === 0) await answers(await open())
  }
  await settles(async () => (await processUse(g.pid)).sockets <= before + LIMIT)
  await answers(await open())
  const closed = await g.metric(CLOSED)
  assert.ok(closed >= 200 + 11 - LIMIT && closed <= 200 + 12, `${closed} closed`)
  const told = g.log.filter(({ msg }) => String(msg).includes('admin.limits.connections'))
  assert.deepEqual(
    told.map(({ level, limit }) => [level, limit]),
    [['warn', LIMIT]],
    'told once',
  )
})

it('a log line a minute says how many it were', { timeout: 60_000 }, async (t) => {
  const lines: { closed: number }[] = []
  const write = (line: string): void => void lines.push(JSON.parse(line) as { closed: number })
  let now = 0
  const closed: Closed[] = []
  const limit = new ConnectionLimit({
    most: 1,
    logger: createLog({ level: 'info', destination: { write } }).module('admin'),
    onClosed: (what) => closed.push(what),
    now: () => now,
  })
  const times = { headBytes: 16_384, headTimeout: 10_000, bodyTimeout: 30_000, keepAlive: 75_000 }
  const server = new AdminServers(times, limit).add((_request, response) => void response.end())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => server.close())
  const open = opener(t, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  await open()
  await settles(() => limit.open === 1)
  for (const at of [0, 10, 59_999, 60_000, 60_001, 120_000]) {
    now = at
    const before = closed.length
    await open()
    await settles(() => closed.length === before + 1)
  }
  assert.deepEqual(
    lines.map(({ closed }) => closed),
    [1, 3, 2],
  )
})

it('all addresses of localhost share the bound, and close together', { timeout: 60_000 }, async (t) => {
  const limit = new ConnectionLimit({ most: 1, logger: createLog({ level: 'silent' }).module('admin') })
  const times = { headBytes: 16_384, headTimeout: 10_000, bodyTimeout: 30_000, keepAlive: 75_000 }
  const servers = new AdminServers(times, limit)
  const serve: Parameters<typeof servers.add>[0] = (_request, response) => void response.end('here')
  const main = servers.add(serve)
  // Any loopback address that is not one of localhost.
  await once(main.listen(0, '127.0.0.2'), 'listening')
  await servers.listenBeside(main, serve)
  const { port } = main.address() as AddressInfo
  t.after(() => {
    main.close()
    servers.close()
  })
  const first = await opener(t, `http://127.0.0.2:${port}`)()
  assert.equal((await first.ask(HEALTH)).body.toString(), 'here')
  const open = opener(t, `http://127.0.0.1:${port}`)
  const second = await open()
  assert.equal((await second.ask(HEALTH)).body.toString(), 'here')
  assert.equal(await first.closed, 'fin')
  servers.close()
  assert.equal(await second.closed, 'fin')
  await assert.rejects(open(), { code: 'ECONNREFUSED' })
})
