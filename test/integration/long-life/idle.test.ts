/** Streams that say nothing for longer than every time-out on their way live on, in every place where a stream can be. */
import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { gateway, type Settings } from '../../support/gateway.ts'
import { ask, type OpenResponse } from './stream.ts'

const SHORT = 200
const IDLE = 10 * SHORT
const DAY = 24 * 3600 * 1000
const FIRST = 'data: first\n\n'
const LATE = 'data: late\n\n'
const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}'

/** undici times heads and bodies by a coarse clock of its own, which it lets tests move. */
const clock = createRequire(import.meta.url)('undici/lib/util/timers.js') as { tick(milliseconds: number): void }

interface Origin {
  readonly base: string
  /** Those that were not ended, in the order of their requests. */
  readonly open: readonly ServerResponse[]
}

/** Every time-out of Node's server is short. Requests name what they want in the query. */
async function origin(t: TestContext): Promise<Origin> {
  const open: ServerResponse[] = []
  const timeouts = { keepAliveTimeout: SHORT, headersTimeout: SHORT, requestTimeout: SHORT }
  const server = createServer({ ...timeouts, connectionsCheckingInterval: 50 }, (req, res) => {
    req.resume()
    const wanted = new URL(req.url ?? '', 'http://origin').searchParams.get('wanted')
    if (wanted === null) return void res.writeHead(401).end()
    open.push(res)
    if (wanted === 'nothing') return
    res.writeHead(200, { 'content-type': wanted === 'json' ? 'application/json' : 'text/event-stream' }).flushHeaders()
    if (wanted !== 'head') res.write(wanted === 'json' ? '{"half":' : FIRST)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, open }
}

async function front(t: TestContext, base: string, { deadlines, ...more }: Settings = {}): Promise<string> {
  const upstreams = { upstream: { url: `${base}/mcp`, keepAlive: SHORT, probe: { interval: '1h' } } }
  const route = { path: '/mcp', upstream: 'upstream', passthrough: ['/sse'] }
  const running = await gateway({
    upstreams,
    routes: [{ ...route, ...(deadlines !== undefined && { deadlines }) }],
    ...more,
  })
  t.after(() => running.close())
  return running.url
}

/** Streams of a GET, of a call and of a passthrough path, each before its first byte and after it. */
async function streams(t: TestContext, url: string): Promise<OpenResponse[]> {
  const opened: OpenResponse[] = []
  for (const wanted of ['head', 'event']) {
    opened.push(await ask(`${url}/mcp?wanted=${wanted}`, { method: 'GET' }))
    opened.push(await ask(`${url}/mcp?wanted=${wanted}`, { body: CALL }))
    opened.push(await ask(`${url}/sse?wanted=${wanted}`, { method: 'GET' }))
  }
  t.after(() => {
    for (const stream of opened) stream.close()
  })
  for (const stream of opened.slice(3)) await stream.has(FIRST)
  return opened
}

async function allLive(opened: readonly OpenResponse[], { open }: Origin): Promise<void> {
  assert.deepEqual(
    opened.map(({ status, end }) => [status, end]),
    opened.map(() => [200, undefined]),
  )
  for (const res of open) res.write(LATE)
  for (const stream of opened) await stream.has(LATE)
  for (const res of open) res.end()
  assert.deepEqual(
    await Promise.all(opened.map(({ ended }) => ended)),
    opened.map(() => 'clean'),
  )
}

describe('an idle stream', { timeout: 30_000 }, () => {
  it('outlives every time-out of Node, of the listener, of the route and of the pool', async (t) => {
    const behind = await origin(t)
    const url = await front(t, behind.base, {
      limits: { headTimeout: SHORT, bodyTimeout: SHORT, keepAlive: SHORT },
      deadlines: { connect: SHORT, responseHead: SHORT, bodyIdle: SHORT },
    })
    const opened = await streams(t, url)
    const control = await origin(t)
    const controlUrl = await front(t, control.base, { deadlines: { bodyIdle: SHORT, responseHead: SHORT } })
    // In force: what is no stream ends for being as silent.
    const body = await ask(`${controlUrl}/mcp?wanted=json`, { body: CALL })
    const unanswered = await ask(`${controlUrl}/mcp?wanted=nothing`, { body: CALL })
    const impatient = new Agent({ bodyTimeout: SHORT })
    t.after(() => impatient.destroy())
    const direct = await request(`${control.base}/mcp?wanted=event`, { dispatcher: impatient })
    await assert.rejects(direct.body.text(), { code: 'UND_ERR_BODY_TIMEOUT' })
    assert.equal(await body.ended, 'broken')
    assert.equal(unanswered.status, 504)
    await delay(IDLE)
    await allLive(opened, behind)
  })

  it('outlives the time-outs that undici has unless told', async (t) => {
    const behind = await origin(t)
    const opened = await streams(t, await front(t, behind.base))
    const control = await origin(t)
    const agent = new Agent()
    t.after(() => agent.destroy())
    const direct = await request(`${control.base}/mcp?wanted=event`, { dispatcher: agent })
    const dies = assert.rejects(direct.body.text(), { code: 'UND_ERR_BODY_TIMEOUT' })
    // Twice, because a timer that is refreshed only begins at a tick.
    clock.tick(DAY)
    await delay(50)
    clock.tick(DAY)
    await dies
    await allLive(opened, behind)
  })
})
