/** 64 clients whose requests all have the id 1 at the same time: each gets its own answer, and is asked its own question. */
import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { gateway, inFrontOf, type TestGateway } from '../../support/gateway.ts'
import { settles } from '../../support/measure.ts'
import { peerClient1x } from '../../support/peers/client-1x.ts'
import { peerClient2x } from '../../support/peers/client-2x.ts'
import { peerServer2x } from '../../support/peers/server-2x.ts'
import { Random } from '../../support/random.ts'
import { ask } from './stream.ts'

const CLIENTS = 64
const ROUNDS = 10
const SEED = 64

interface Message {
  readonly id: unknown
  readonly params?: { readonly name: string; readonly arguments: { readonly own: number } }
  readonly result?: { readonly own: number }
}

const answer = (own: number) => JSON.stringify({ jsonrpc: '2.0', id: 1, result: { own } })
const question = (own: number) =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'elicitation/create', params: { own } })
const event = (message: string) => `event: message\ndata: ${message}\n\n`
const call = (name: string, own: number) =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: { own } } })

/** Answers when the requests of all clients wait, in any order but theirs. */
async function upstream(t: TestContext): Promise<string> {
  const random = new Random(SEED)
  let waiting: (() => void)[] = []
  const asked = new Map<number, ServerResponse>()
  const together = (act: () => void): void => {
    waiting.push(act)
    if (waiting.length < CLIENTS) return
    const all = waiting
    waiting = []
    for (const next of random.shuffle(all)) next()
  }
  const begin = (name: string | undefined, own: number, res: ServerResponse): (() => void) => {
    if (name === 'json') return () => res.writeHead(200, { 'content-type': 'application/json' }).end(answer(own))
    if (name === undefined) {
      // The answer to what it asked on the stream of the same client, which ends with it.
      res.writeHead(202).end()
      return () => asked.get(own)?.end(event(answer(own)))
    }
    res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    if (name === 'stream') return () => res.end(event(answer(own)))
    asked.set(own, res)
    return () => res.write(event(question(own)))
  }
  const server = createServer(async (req, res) => {
    const body = await text(req)
    if (req.headers['x-client'] === undefined) return void res.writeHead(401).end()
    const { params, result } = JSON.parse(body) as Message
    together(begin(params?.name, params?.arguments.own ?? result?.own ?? Number.NaN, res))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
}

async function front(t: TestContext, url: string): Promise<TestGateway> {
  const running = await gateway(inFrontOf(url))
  t.after(() => running.close())
  return running
}

const all = <T>(one: (client: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: CLIENTS }, (_, client) => one(client)))

describe('64 clients whose ids are all 1', { timeout: 60_000 }, () => {
  for (const session of ['a session each', 'one session']) {
    it(`get their own answers in JSON and in streams, with ${session}`, async (t) => {
      const running = await front(t, await upstream(t))
      for (let round = 0; round < ROUNDS; round++) {
        const name = round % 2 === 0 ? 'json' : 'stream'
        const texts = await all(async (client) => {
          const headers = { 'x-client': '1', 'mcp-session-id': session === 'one session' ? 's' : `s${client}` }
          const response = await ask(`${running.url}/mcp`, { headers, body: call(name, client) })
          assert.equal(await response.ended, 'clean')
          return response.text
        })
        const expected = texts.map((_, client) => (name === 'json' ? answer(client) : event(answer(client))))
        assert.deepEqual(texts, expected)
      }
      await settles(() => running.exchanges.length === CLIENTS * ROUNDS, { what: 'the access log' })
      assert.ok(running.exchanges.every(({ outcome }) => outcome === 'ok'))
    })
  }

  it('are each asked their own question under the id 1 too', async (t) => {
    const running = await front(t, await upstream(t))
    const texts = await all(async (client) => {
      const headers = { 'x-client': '1', 'mcp-session-id': `s${client}` }
      const stream = await ask(`${running.url}/mcp`, { headers, body: call('ask', client) })
      await stream.has(event(question(client)))
      const reply = await ask(`${running.url}/mcp`, { headers, body: answer(client) })
      assert.equal(reply.status, 202)
      assert.equal(await stream.ended, 'clean')
      return stream.text
    })
    assert.deepEqual(
      texts,
      texts.map((_, client) => event(question(client)) + event(answer(client))),
    )
  })

  it('get their own answers when they are SDK clients of both eras, which all count alike', async (t) => {
    const server = await peerServer2x()
    t.after(() => server.close())
    const { url } = await front(t, server.url)
    const connect = [
      () => peerClient1x(`${url}/mcp`),
      () => peerClient2x(`${url}/mcp`, 'legacy'),
      () => peerClient2x(`${url}/mcp`, { pin: '2026-07-28' }),
    ]
    const peers = await all((client) => (connect[client % connect.length] as (typeof connect)[0])())
    const said = await all((client) => Promise.resolve(peers[client]?.call('echo', { message: `I am ${client}` })))
    for (const [client, result] of said.entries()) assert.match(JSON.stringify(result), new RegExp(`"I am ${client}"`))
    await all((client) => Promise.resolve(peers[client]?.end()))
  })
})
