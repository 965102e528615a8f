/** Reloads under load: downstreams that keep calling, sessions and open streams lose nothing while routes come and go. */
import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'undici'
import { type GatewayProcess, gatewayProcess, type Settings } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { rawClient, requestBytes } from '../support/raw-client.ts'
import { sdkClient } from '../support/sdk-client.ts'
import { sdkServer } from '../support/sdk-server.ts'

const WORKERS = 8
const STREAMS = 10
const RELOADS = 8
const EVENT = 'event: message\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{"data":"tick"}}\n\n'

/** Answers calls with its name, some of them slowly and in halves, and streams an event every few milliseconds. */
async function upstream(t: TestContext, name: string): Promise<string> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { from: name, padding: 'x'.repeat(20_000) } })
  let calls = 0
  const server = createServer((req, res) => {
    req.resume()
    if (req.method === 'GET') {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      void ticks(res)
      return
    }
    res.writeHead(200, { 'content-type': 'application/json' })
    res.write(body.slice(0, body.length / 2))
    setTimeout(() => res.end(body.slice(body.length / 2)), calls++ % 10 === 0 ? 150 : 2)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
}

async function ticks(res: ServerResponse): Promise<void> {
  while (!res.destroyed) {
    res.write(EVENT)
    await delay(20)
  }
}

/** Calls again and again until told to stop; returns who answered, in order. Fails on anything but a whole answer. */
async function work(g: GatewayProcess, running: () => boolean): Promise<string[]> {
  const client = new Client(g.url)
  const answered: string[] = []
  while (running()) {
    const { statusCode, body } = await client.request({
      path: '/moving',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
    })
    assert.equal(statusCode, 200)
    const { result } = (await body.json()) as { result: { from: string; padding: string } }
    assert.equal(result.padding.length, 20_000)
    answered.push(result.from)
  }
  await client.destroy()
  return answered
}

test('reloads under load fail no exchange, cut no stream and keep every session', { timeout: 60_000 }, async (t) => {
  const [first, second] = [await upstream(t, 'first'), await upstream(t, 'second')]
  const server = await sdkServer()
  t.after(() => server.close())
  const probe = { enabled: false }
  /** Each differs from the one before in where /moving leads, in routes, in limits and in the log. */
  const settings = (i: number): Settings => ({
    upstreams: {
      moving: { url: i % 2 === 0 ? first : second, limits: { calls: 100 + i }, probe },
      sessions: { url: server.url, probe },
      ...(i % 3 === 1 && { passing: { url: first, probe } }),
    },
    routes: [
      { path: '/moving', upstream: 'moving' },
      { path: '/sessions', upstream: 'sessions' },
      ...(i % 3 === 1 ? [{ path: '/passing', upstream: 'passing' }] : []),
    ],
    limits: { requestBytes: 1_000_000 + i },
    log: { level: i % 2 === 0 ? 'info' : 'debug' },
  })
  const g = await gatewayProcess([], { settings: settings(0) })
  t.after(() => g.close())

  const clients = await Promise.all([1, 2, 3].map(() => sdkClient(`${g.url}/sessions`)))
  const streams = await Promise.all(
    Array.from({ length: STREAMS }, async () => {
      const client = await rawClient(g.url, { highWater: Number.POSITIVE_INFINITY })
      t.after(() => client.close())
      await client.send(requestBytes({ method: 'GET', target: '/moving' }))
      const { incoming } = await client.head('GET')
      void incoming.rest({ keep: false })
      return incoming
    }),
  )
  let running = true
  t.after(() => {
    running = false
  })
  const workers = Array.from({ length: WORKERS }, () => work(g, () => running))
  const sessions = clients.map(async (client, i) => {
    let calls = 0
    while (running) {
      const result = await client.call('echo', { text: `${i}/${calls++}` })
      assert.notEqual(result.isError, true)
    }
    return calls
  })

  const reloads = () => g.metric('sidelight_config_reloads_total', { result: 'applied' })
  for (let i = 1; i <= RELOADS; i++) {
    g.rewrite(settings(i))
    if (i % 2 === 0) g.child.kill('SIGHUP')
    else assert.equal((await fetch(`${g.adminUrl}/reload`, { method: 'POST' })).status, 200)
    await settles(async () => (await reloads()) === i, { within: 10_000 })
    await delay(50)
  }
  running = false
  const answered = (await Promise.all(workers)).flat()
  const calls = await Promise.all(sessions)

  // Both were asked, so that it was no test of nothing.
  assert.deepEqual([...new Set(answered)].sort(), ['first', 'second'])
  assert.ok(answered.length >= WORKERS * RELOADS, `${answered.length} calls`)
  assert.ok(calls.every((each) => each > 1))
  assert.equal(await g.metric('mcp_sessions_active', { upstream: 'sessions' }), clients.length)
  assert.deepEqual(
    clients.flatMap(({ errors }) => errors),
    [],
  )
  for (const incoming of streams) {
    assert.equal(incoming.end, undefined)
    assert.ok(incoming.bytes > 3 * EVENT.length)
  }
  // Nothing went wrong that a downstream did not see either.
  const page = await (await fetch(`${g.adminUrl}/metrics`)).text()
  const outcomes = [...page.matchAll(/^mcp_requests_total\{.*outcome="(\w+)".*\} (\d+)$/gm)]
  assert.deepEqual([...new Set(outcomes.filter(([, , n]) => n !== '0').map(([, outcome]) => outcome))], ['ok'])
  await Promise.all(clients.map((client) => client.end()))
})
