/** Stopping under load: 50 open streams and 8 downstreams that keep calling lose nothing that was answered. */
import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'undici'
import { type GatewayProcess, gatewayProcess, inFrontOf } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { rawClient, requestBytes } from '../support/raw-client.ts'

const STREAMS = 50
const WORKERS = 8
const EVENT = 'event: message\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{"data":"tick"}}\n\n'
const BODY = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  result: { content: [{ type: 'text', text: 'x'.repeat(20_000) }] },
})

interface Upstream {
  readonly url: string
  /** Numbers of the calls that it got. */
  readonly got: Set<number>
  readonly twice: number[]
  close(): Promise<void>
}

/** Answers calls after a moment, a part of them slowly, and streams an event every few milliseconds, in two halves. */
async function upstream(): Promise<Upstream> {
  const got = new Set<number>()
  const twice: number[] = []
  const server = createServer((req, res) => {
    const call = req.headers['x-call']
    if (call !== undefined) {
      if (got.has(Number(call))) twice.push(Number(call))
      got.add(Number(call))
      req.resume()
      res.writeHead(200, { 'content-type': 'application/json' })
      void inHalves(res, BODY, Number(call) % 10 === 0 ? 100 : 2).then(() => res.end())
    } else if (req.method === 'GET') {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      void tick(res)
    } else res.end('{"jsonrpc":"2.0","id":"sidelight-probe","result":{}}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    got,
    twice,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function inHalves(res: ServerResponse, text: string, pause: number): Promise<void> {
  res.write(text.slice(0, text.length / 2))
  await delay(pause)
  res.write(text.slice(text.length / 2))
  await delay(pause)
}

async function tick(res: ServerResponse): Promise<void> {
  while (!res.destroyed) await inHalves(res, EVENT, 10)
}

/** Calls again and again, also when refused, until told to stop; returns the numbers of the calls that were answered. */
async function work(g: GatewayProcess, next: () => number, running: () => boolean): Promise<number[]> {
  const client = new Client(g.url)
  const answered: number[] = []
  while (running()) {
    const call = next()
    try {
      const { statusCode, body } = await client.request({
        path: '/mcp',
        method: 'POST',
        headers: { 'x-call': String(call) },
        body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
      })
      assert.equal(statusCode, 200)
      assert.equal(await body.text(), BODY)
      answered.push(call)
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
      await delay(5)
    }
  }
  await client.destroy()
  return answered
}

test('a drain under load cuts no call and no event', { timeout: 40_000 }, async (t) => {
  const origin = await upstream()
  t.after(() => origin.close())
  const g = await gatewayProcess([], {
    settings: inFrontOf(origin.url, { drain: { lag: '500ms', deadline: '2500ms' } }),
  })
  t.after(() => g.close())
  await settles(() => fetch(`${g.url}/health/ready`).then(({ status }) => status === 200))

  const streams = await Promise.all(
    Array.from({ length: STREAMS }, async () => {
      const client = await rawClient(g.url, { highWater: Number.POSITIVE_INFINITY })
      t.after(() => client.close())
      await client.send(requestBytes({ method: 'GET' }))
      return (await client.head('GET')).incoming
    }),
  )
  let calls = 0
  let running = true
  t.after(() => {
    running = false
  })
  const workers = Array.from({ length: WORKERS }, () =>
    work(
      g,
      () => calls++,
      () => running,
    ),
  )
  const ends = Promise.all(streams.map(async (stream) => ({ text: (await stream.rest()).toString(), end: stream.end })))
  await settles(() => origin.got.size > 200, { within: 20_000 })
  const before = calls
  g.child.kill('SIGTERM')
  assert.equal(await g.exited, 0)
  running = false

  for (const { text, end } of await ends) {
    assert.equal(end, 'chunked')
    assert.equal(text, EVENT.repeat(text.length / EVENT.length), 'whole events only')
  }
  const answered = (await Promise.all(workers)).flat()
  assert.deepEqual(origin.twice, [])
  assert.deepEqual(
    [...answered].sort(ascending),
    [...origin.got].sort(ascending),
    'each call that arrived was answered',
  )
  assert.ok(
    answered.some((call) => call > before + WORKERS),
    'calls went on while it drained',
  )
  const logged = g.log.filter(({ msg, outcome }) => msg === 'exchange' && outcome === 'ok')
  assert.equal(logged.length, answered.length + STREAMS)
})

const ascending = (a: number, b: number) => a - b
