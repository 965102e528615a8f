/** Passthrough streams and disconnects: legacy HTTP+SSE, heads at once, ends that are seen on the other side. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type Stage, type StageOptions, stage } from '../integration/faults-stage.ts'
import { blackHole } from '../support/black-hole.ts'
import { settles } from '../support/measure.ts'
import type { OpenResponse, RawClient } from '../support/raw-client.ts'
import type { RawExchange } from '../support/raw-exchange.ts'

const SSE = { method: 'GET', target: '/sse' } as const
const EVENT = 'event: endpoint\ndata: /messages?sessionId=1\n\n'

function legacy(t: TestContext, { settings, ...options }: StageOptions = {}): Promise<Stage> {
  const deadlines = { bodyIdle: '100ms', responseHead: '5s' }
  const routes = [{ path: '/mcp', passthrough: ['/sse', '/messages', '/pass/*'], deadlines }]
  return stage(t, { ...options, settings: { routes, ...settings } })
}

interface OpenStream {
  readonly client: RawClient
  readonly response: OpenResponse
  readonly exchange: RawExchange
}

/** A stream whose head has arrived and whose first event is still to come. */
async function opened(s: Stage, tag: string): Promise<OpenStream> {
  const arrived = new Promise<RawExchange>((resolve) => {
    s.origin.next(async (exchange) => {
      await exchange.openStream([['Cache-Control', 'no-cache']])
      resolve(exchange)
      await exchange.closed
    })
  })
  const client = await s.client()
  await client.send(s.bytes(tag, SSE))
  const [response, exchange] = [await client.head('GET'), await arrived]
  assert.equal(response.status, 200)
  return { client, response, exchange }
}

async function event(stream: OpenStream): Promise<string> {
  let text = ''
  while (!/\n\r?\n$/.test(text)) {
    const chunk = await stream.response.incoming.next()
    if (chunk === undefined) throw new Error(`the stream ended after: ${text}`)
    text += chunk.toString()
  }
  return text
}

describe('a legacy HTTP+SSE stream', () => {
  it('has its head before its first event, outlives the idle deadline of bodies, and its messages pass', async (t) => {
    const s = await legacy(t)
    const stream = await opened(s, 'stream')
    assert.equal(stream.response.header('cache-control'), 'no-cache')
    await new Promise((resolve) => setTimeout(resolve, 250))
    await stream.exchange.chunk(EVENT)
    assert.equal(await event(stream), EVENT)
    s.origin.next((exchange) => exchange.respond({ status: 202, body: 'Accepted' }))
    const posted = await s.ask('message', { target: '/messages?sessionId=1' })
    assert.deepEqual([posted.status, posted.body.toString()], [202, 'Accepted'])
    assert.equal(s.hits('message')[0]?.target, '/messages?sessionId=1')
    await stream.exchange.chunk('data: {"jsonrpc"')
    await stream.exchange.chunk(':"2.0"}\r\n\r\n')
    assert.match(await event(stream), /^data: \{"jsonrpc":"2.0"\}\r\n/)
    await s.settled()
  })

  it('takes no call permit while it is open', async (t) => {
    const s = await legacy(t, { permits: { calls: 1, queue: 0, streams: 3 } })
    const streams = [await opened(s, 'a'), await opened(s, 'b'), await opened(s, 'c')]
    assert.equal(await s.gateway.metric('mcp_pool_streams_active'), 3)
    assert.equal((await s.ask('call', { target: '/messages' })).status, 200)
    s.origin.next(async (exchange) => {
      await exchange.openStream()
      await exchange.closed
    })
    const refused = await s.ask('full', SSE)
    assert.deepEqual([refused.status, JSON.parse(refused.body.toString()).error.data.type], [503, 'streams_full'])
    for (const { client } of streams) client.close()
    await s.settled()
  })

  it('ends upstream when the downstream leaves', async (t) => {
    const s = await legacy(t)
    const stream = await opened(s, 'stream')
    stream.client.close()
    await stream.exchange.closed
    await s.settled()
    assert.equal((await s.ended()).outcome, 'downstream_closed')
  })

  it('ends broken downstream when the upstream breaks it, and clean when it ends it', async (t) => {
    const s = await legacy(t)
    for (const how of ['reset', 'fin'] as const) {
      const stream = await opened(s, how)
      await stream.exchange.chunk(EVENT)
      assert.equal(await event(stream), EVENT)
      stream.exchange[how]()
      await stream.response.incoming.rest()
      assert.equal(stream.response.incoming.end, 'broken')
      assert.equal((await s.ended()).outcome, 'upstream_reset')
    }
    const stream = await opened(s, 'clean')
    await stream.exchange.lastChunk()
    await stream.response.incoming.rest()
    assert.notEqual(stream.response.incoming.end, 'broken')
    assert.equal((await s.ended()).outcome, 'ok')
    await s.settled()
  })

  it('ends at an event boundary when the gateway drains', async (t) => {
    const s = await legacy(t, { settings: { drain: { lag: '0s', deadline: '100ms' } } })
    const whole = await opened(s, 'whole')
    const half = await opened(s, 'half')
    await whole.exchange.chunk(EVENT)
    await half.exchange.chunk(`${EVENT}data: ha`)
    assert.equal(await event(whole), EVENT)
    const drained = s.gateway.drain()
    await whole.response.incoming.rest()
    assert.notEqual(whole.response.incoming.end, 'broken')
    await half.exchange.chunk('lf\n\ndata: never seen\n\n')
    const rest = await half.response.incoming.rest()
    assert.equal(rest.toString(), `${EVENT}data: half\n\n`)
    assert.notEqual(half.response.incoming.end, 'broken')
    await drained
  })

  it('is held back by a slow downstream', async (t) => {
    const s = await legacy(t)
    let written = 0
    s.origin.next(async (exchange) => {
      await exchange.openStream()
      const data = `data: ${'x'.repeat(65_536)}\n\n`
      while (written < 1_000 && (await exchange.chunk(data))) written++
    })
    const client = await s.client()
    await client.send(s.bytes('slow', SSE))
    await client.head('GET')
    client.hold()
    let before = -1
    await settles(
      () => {
        const still = written === before
        before = written
        return still
      },
      { every: 150, what: 'the upstream held back' },
    )
    assert.ok(written < 1_000, 'the whole stream was buffered')
    client.close()
    await s.settled()
  })
})

describe('a downstream that leaves', () => {
  it('before the response head closes the upstream connection', async (t) => {
    const s = await legacy(t)
    for (const method of ['GET', 'POST'] as const) {
      s.origin.next(async (exchange) => void (await exchange.closed))
      const client = await s.client()
      await client.send(s.bytes(method, { method, target: '/pass/x' }))
      const request = await s.arrived(method)
      await request.finished
      client.close()
      await s.settled()
      assert.equal(s.origin.open, 0)
      assert.equal((await s.ended()).outcome, 'downstream_closed')
    }
  })

  it('while the upstream still accepts nobody frees everything', async (t) => {
    const hole = await blackHole()
    t.after(() => hole.close())
    const s = await legacy(t, {
      upstreamUrl: `${hole.url}/mcp`,
      settings: {
        routes: [{ path: '/mcp', passthrough: ['/pass/*'], deadlines: { connect: '60s' } }],
      },
    })
    const client = await s.client()
    await client.send(s.bytes('stuck', { target: '/pass/x', body: 'x'.repeat(100_000) }))
    await settles(async () => (await s.gateway.metric('mcp_pool_connections_active')) === 1)
    client.close()
    await settles(async () => (await s.gateway.metric('mcp_pool_connections_active')) === 0)
    assert.equal((await s.ended()).outcome, 'downstream_closed')
  })
})
