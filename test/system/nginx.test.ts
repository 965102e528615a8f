/** nginx in front of the gateway: as it comes, and with the configuration that docs/operations.md shows. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it, type TestContext } from 'node:test'
import { defaultOf } from '../../src/config/settings.ts'
import { gateway, inFrontOf, type Settings, type TestGateway } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { type Nginx, nginx, nginxIsMissing } from '../support/nginx.ts'
import { type RawClient, rawClient } from '../support/raw-client.ts'
import { type RawOrigin, rawOrigin } from '../support/raw-origin.ts'
import type { SdkClient } from '../support/sdk-client.ts'
import { sdkServer } from '../support/sdk-server.ts'
import { listens, transcript, withProgress } from '../support/transcript.ts'

const document = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8')

/** What the document tells to write, with the ports of this test. */
function documented(g: TestGateway): string {
  const [, snippet = ''] = /```nginx\n([^]*?)```/.exec(document) ?? []
  return snippet.replace('127.0.0.1:8080', new URL(g.url).host).replace('listen 80;', 'listen {port};')
}

const asItComes = (g: TestGateway): string => `server { listen {port}; location / { proxy_pass ${g.url}; } }`

/** Everything that a buffer in between would hold up, because each waits for the one before. */
async function talk(peer: SdkClient): Promise<readonly unknown[]> {
  await listens(peer)
  const results = [
    (await peer.client.listTools()).tools.map(({ name }) => name),
    await withProgress(peer, 'count', { to: 5 }),
    await peer.call('ask_user', { question: 'who?' }),
    await peer.call('ask_model', { prompt: 'why?' }),
    await peer.call('tool_error'),
    await peer.call('add_tool', { name: 'late' }),
  ]
  await settles(() => peer.notifications.length === 1, { what: 'the notification on the GET stream' })
  // The answers to what the server asked are acknowledged whenever it pleases.
  await settles(() => peer.exchanges.filter((line) => line.startsWith('POST 202')).length === 3)
  return results
}

describe('nginx in front', { timeout: 60_000, skip: nginxIsMissing && 'no nginx' }, () => {
  const listen = { trustedProxies: ['127.0.0.1'] }

  async function front(t: TestContext, url: string, conf: (g: TestGateway) => string, more: Settings = {}) {
    const g = await gateway(inFrontOf(url, { listen: { ...listen, hosts: ['mcp.example.com', '127.0.0.1'] }, ...more }))
    t.after(() => g.close())
    const proxy = await nginx(conf(g))
    t.after(() => proxy.close())
    return { g, proxy }
  }

  for (const [name, conf] of [
    ['as it comes', asItComes],
    ['as documented', documented],
  ] as const) {
    it(`${name} changes nothing of what an SDK client sees`, async (t) => {
      const server = await sdkServer()
      t.after(() => server.close())
      const { g, proxy } = await front(t, server.url, conf)
      const direct = await transcript(`${g.url}/mcp`, talk)
      const through = await transcript(`${proxy.url}/mcp`, talk)
      assert.deepEqual(through, direct)
    })
  }

  it('keeps its idle connections shorter than the gateway does', () => {
    // nginx: keepalive_timeout of an upstream block, 60 s unless set.
    assert.match(String(defaultOf(['limits', 'keepAlive'])), /^75s$/)
    assert.doesNotMatch(documented({ url: 'http://x' } as TestGateway), /keepalive_timeout/)
  })

  describe('as documented', () => {
    let origin: RawOrigin
    let g: TestGateway
    let proxy: Nginx
    before(async () => {
      origin = await rawOrigin()
      const probe = { enabled: false }
      const hosts = ['mcp.example.com', '127.0.0.1']
      g = await gateway({ listen: { ...listen, hosts }, upstreams: { upstream: { url: `${origin.url}/mcp`, probe } } })
      proxy = await nginx(documented(g))
    })
    after(async () => {
      await proxy.close()
      await g.close()
      await origin.close()
    })

    async function client(t: TestContext): Promise<RawClient> {
      const opened = await rawClient(proxy.url)
      t.after(() => opened.close())
      return opened
    }

    const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
    const GET = 'GET /mcp HTTP/1.1\r\nHost: mcp.example.com\r\nAccept: text/event-stream\r\n\r\n'

    it('connections to the gateway are kept', async (t) => {
      const one = await client(t)
      const before = await g.metric('mcp_connections_total')
      for (let i = 0; i < 20; i++) assert.equal((await one.ask({ host: 'mcp.example.com', body: PING })).status, 200)
      assert.ok((await g.metric('mcp_connections_total')) - before <= 1)
    })

    it('the server learns who asked for which name over what', async (t) => {
      const one = await client(t)
      await one.ask({ host: 'mcp.example.com', body: PING, headers: [['X-Forwarded-For', '203.0.113.9']] })
      const seen = origin.requests.at(-1)
      assert.equal(seen?.header('x-forwarded-host'), 'mcp.example.com')
      assert.equal(seen?.header('x-forwarded-proto'), 'http')
      assert.equal(seen?.header('x-forwarded-for'), '203.0.113.9, 127.0.0.1, 127.0.0.1')
      assert.equal(seen?.header('host'), `127.0.0.1:${origin.port}`)
    })

    it('events pass one by one, also from a server that says nothing of buffering', async (t) => {
      let next = () => {}
      origin.next(async (exchange) => {
        await exchange.openStream()
        for (let i = 0; i < 3; i++) {
          const asked = new Promise<void>((resolve) => {
            next = resolve
          })
          await exchange.chunk(`data: ${i}\n\n`)
          await asked
        }
        await exchange.lastChunk()
      })
      const one = await client(t)
      await one.send(GET)
      const { incoming } = await one.head('GET')
      for (let i = 0; i < 3; i++) {
        assert.equal((await incoming.next())?.toString(), `data: ${i}\n\n`)
        next()
      }
      assert.equal(await incoming.next(), undefined)
    })

    it('a downstream that leaves is known to the server at once', async (t) => {
      const left = new Promise<unknown>((resolve) => {
        origin.next(async (exchange) => {
          await exchange.openStream()
          await exchange.chunk('data: 1\n\n')
          resolve(await exchange.closed)
        })
      })
      const one = await client(t)
      await one.send(GET)
      const { incoming } = await one.head('GET')
      await incoming.next()
      one.close()
      await left
    })

    it('a stream that breaks does not end cleanly', async (t) => {
      origin.next(async (exchange) => {
        await exchange.openStream()
        await exchange.chunk('data: 1\n\n')
        exchange.reset()
      })
      const one = await client(t)
      await one.send(GET)
      const { clean, body } = await one.response('GET')
      assert.deepEqual([clean, body.toString()], [false, 'data: 1\n\n'])
    })

    it('a request of the largest size passes', async (t) => {
      const one = await client(t)
      const params = { _meta: {}, text: 'x'.repeat(4 * 1024 * 1024 - 100) }
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params })
      assert.equal((await one.ask({ host: 'mcp.example.com', body })).status, 200)
      assert.equal(origin.requests.at(-1)?.body.length, body.length)
    })
  })
})

it('nginx was there to stand in front', { skip: !nginxIsMissing || 'it was' }, () => {
  console.log('NOT RUN: nginx is not installed')
  assert.equal(process.env.CI, undefined, 'nginx must be installed where CI is set')
})
