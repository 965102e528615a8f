/** nginx in front of the gateway: as it comes, and with the configuration that docs/operations.md shows. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it, type TestContext } from 'node:test'
import { defaultOf } from '../../src/config/settings.ts'
import { gateway, type TestGateway } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { nginx, nginxIsMissing } from '../support/nginx.ts'
import { rawClient } from '../support/raw-client.ts'
import { rawOrigin } from '../support/raw-origin.ts'
import type { SdkClient } from '../support/sdk-client.ts'
import { sdkServer } from '../support/sdk-server.ts'
import { listens, transcript, withProgress } from '../support/transcript.ts'

const document = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8')

/** What the document tells to write, with the ports of this test. */
function documented(g: TestGateway): string {
  const [, snippet = ''] = /```nginx\n([\s\S]*?)```/.exec(document) ?? []
  return snippet.replace('127.0.0.1:8080', new URL(g.url).host).replace('listen 80;', 'listen {port};')
}

const asItComes = (g: TestGateway): string => `server { listen {port}; location / { proxy_pass ${g.url}; } }`

const WAYS = [
  ['as it comes', asItComes],
  ['as documented', documented],
] as const

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
const GET = 'GET /mcp HTTP/1.1\r\nHost: mcp.example.com\r\nAccept: text/event-stream\r\n\r\n'
/** What SDK servers say with their event streams. */
const UNBUFFERED = [['X-Accel-Buffering', 'no']] as const

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
  /** nginx before a gateway before `url`, and a client of nginx. */
  async function front(t: TestContext, url: string, conf: (g: TestGateway) => string) {
    const g = await gateway({
      listen: { hosts: ['mcp.example.com', '127.0.0.1'], trustedProxies: ['127.0.0.1'] },
      upstreams: { upstream: { url, probe: { enabled: false } } },
    })
    t.after(() => g.close())
    const proxy = await nginx(conf(g))
    t.after(() => proxy.close())
    const client = await rawClient(proxy.url)
    t.after(() => client.close())
    return { g, proxy, client }
  }

  async function beforeOrigin(t: TestContext, conf: (g: TestGateway) => string) {
    const origin = await rawOrigin()
    t.after(() => origin.close())
    return { origin, ...(await front(t, `${origin.url}/mcp`, conf)) }
  }

  for (const [name, conf] of WAYS) {
    it(`${name} changes nothing of what an SDK client sees`, async (t) => {
      const server = await sdkServer()
      t.after(() => server.close())
      const { g, proxy } = await front(t, server.url, conf)
      const direct = await transcript(`${g.url}/mcp`, talk)
      assert.deepEqual(await transcript(`${proxy.url}/mcp`, talk), direct)
    })

    it(`${name} tells the server at once that a downstream left`, async (t) => {
      const { origin, client } = await beforeOrigin(t, conf)
      const left = new Promise<unknown>((resolve) => {
        origin.next(async (exchange) => {
          await exchange.openStream(UNBUFFERED)
          await exchange.chunk('data: 1\n\n')
          resolve(await exchange.closed)
        })
      })
      await client.send(GET)
      await (await client.head('GET')).incoming.next()
      client.close()
      await left
    })

    it(`${name} does not end a broken stream cleanly`, async (t) => {
      const { origin, client } = await beforeOrigin(t, conf)
      let sent = () => {}
      const arrived = new Promise<void>((resolve) => {
        sent = resolve
      })
      origin.next(async (exchange) => {
        await exchange.openStream(UNBUFFERED)
        await exchange.chunk('data: 1\n\n')
        await arrived
        exchange.reset()
      })
      await client.send(GET)
      const { incoming } = await client.head('GET')
      assert.equal((await incoming.next())?.toString(), 'data: 1\n\n')
      sent()
      assert.equal(await incoming.next(), undefined)
      assert.equal(incoming.end, 'broken')
    })
  }

  it('as documented keeps its connections to the gateway', async (t) => {
    const { g, client } = await beforeOrigin(t, documented)
    const before = await g.metric('mcp_connections_total')
    for (let i = 0; i < 20; i++) assert.equal((await client.ask({ host: 'mcp.example.com', body: PING })).status, 200)
    assert.ok((await g.metric('mcp_connections_total')) - before <= 1)
  })

  it('keeps them for a shorter time than the gateway does', () => {
    // What the upstream block of nginx has unless it is told.
    assert.equal(defaultOf(['limits', 'keepAlive']), '75s')
    assert.doesNotMatch(document, /keepalive_timeout/)
  })

  it('as documented tells the server who asked for which name over what', async (t) => {
    const { origin, client } = await beforeOrigin(t, documented)
    await client.ask({ host: 'mcp.example.com', body: PING, headers: [['X-Forwarded-For', '203.0.113.9']] })
    const seen = origin.requests.at(-1)
    assert.equal(seen?.header('x-forwarded-host'), 'mcp.example.com')
    assert.equal(seen?.header('x-forwarded-proto'), 'http')
    assert.equal(seen?.header('x-forwarded-for'), '203.0.113.9, 127.0.0.1, 127.0.0.1')
    assert.equal(seen?.header('host'), `127.0.0.1:${origin.port}`)
  })

  it('as documented passes events one by one, also of a server that says nothing of buffering', async (t) => {
    const { origin, client } = await beforeOrigin(t, documented)
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
    await client.send(GET)
    const { incoming } = await client.head('GET')
    for (let i = 0; i < 3; i++) {
      assert.equal((await incoming.next())?.toString(), `data: ${i}\n\n`)
      next()
    }
    assert.equal(await incoming.next(), undefined)
  })

  it('as documented passes a request of the largest size', async (t) => {
    const { origin, client } = await beforeOrigin(t, documented)
    const params = { text: 'x'.repeat(4 * 1024 * 1024 - 100) }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params })
    assert.equal((await client.ask({ host: 'mcp.example.com', body })).status, 200)
    assert.equal(origin.requests.at(-1)?.body.length, body.length)
  })
})

it('nginx was there to stand in front', { skip: !nginxIsMissing || 'it was' }, () => {
  console.log('NOT RUN: nginx is not installed')
  assert.equal(process.env.CI, undefined, 'nginx must be installed where CI is set')
})
