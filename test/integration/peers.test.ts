/** The SDK's own client and server on both sides: what they tell each other through the gateway is what they tell directly. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type DemoUpstream, startDemoUpstream } from '../../src/demo/upstream.ts'
import { gateway, inFrontOf, type TestGateway } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { type SdkClient, sdkClient } from '../support/sdk-client.ts'
import { type SdkServer, sdkServer } from '../support/sdk-server.ts'
import { sseReader } from '../support/sse-reader.ts'
import { cancel, failure, listens, transcript, withProgress } from '../support/transcript.ts'

describe('the SDK client and the demo upstream', { timeout: 30_000 }, () => {
  let demo: DemoUpstream
  let front: TestGateway
  before(async () => {
    demo = await startDemoUpstream()
    front = await gateway(inFrontOf(demo.url))
  })
  after(async () => {
    await front.close()
    await demo.close()
  })

  async function talk(peer: SdkClient): Promise<readonly unknown[]> {
    await listens(peer)
    const results = [
      peer.client.getServerVersion(),
      peer.client.getServerCapabilities(),
      await peer.client.listTools(),
      await peer.call('echo', { message: 'héllo "\n\u2028 𝄞' }),
      await peer.call('error_test'),
      await failure(peer.call('error_test', { kind: 'jsonrpc_error' })),
      await failure(peer.call('none_such')),
      await withProgress(peer, 'slow', { milliseconds: 150 }),
      await Promise.all(Array.from({ length: 20 }, (_, i) => peer.call('echo', { message: String(i) }))),
    ]
    await cancel(peer, 'slow', { milliseconds: 60_000 })
    return [...results, await peer.call('echo', { message: 'after a cancelled call' })]
  }

  it('say the same through the gateway', async () => {
    const direct = await transcript(demo.url, talk)
    assert.deepEqual(direct.errors, [])
    assert.deepEqual(await transcript(`${front.url}/mcp`, talk), direct)
    await settles(() => front.metric('mcp_requests_active').then((active) => active === 0))
  })

  it('answers a session that was ended with 404, so that the client starts over', async () => {
    const peer = await sdkClient(`${front.url}/mcp`)
    const session = peer.session ?? assert.fail('no session')
    await peer.end()
    const response = await fetch(`${front.url}/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-session-id': session,
      },
      body: '{"jsonrpc":"2.0","id":7,"method":"ping"}',
    })
    assert.equal(response.status, 404)
    assert.equal(((await response.json()) as { error: { code: number } }).error.code, -32001)
  })
})

describe('the SDK client and an SDK server', { timeout: 30_000 }, () => {
  let server: SdkServer
  let front: TestGateway
  before(async () => {
    server = await sdkServer()
    front = await gateway(
      inFrontOf(server.url, { upstreams: { upstream: { url: server.url, probe: { interval: '1h' } } } }),
    )
  })
  after(async () => {
    await front.close()
    await server.close()
  })

  async function talk(peer: SdkClient): Promise<readonly unknown[]> {
    await listens(peer)
    const results = [
      peer.client.getServerVersion(),
      await peer.client.listTools(),
      await peer.call('echo', { message: 'x'.repeat(300_000) }),
      await peer.call('tool_error'),
      await failure(peer.call('jsonrpc_error')),
      await withProgress(peer, 'count', { to: 25 }),
      await peer.call('ask_model', { prompt: 'why?' }),
      await peer.call('ask_user', { question: 'who?' }),
      await peer.call('polled'),
      await peer.call('add_tool', { name: 'late' }),
    ]
    await settles(() => peer.notifications.length === 1, { what: 'the list-changed notification' })
    const session = server.sessions.get(peer.session ?? '') ?? assert.fail('no session')
    results.push(await session.server.listRoots(), await peer.client.listTools(), await peer.call('late'))
    await cancel(peer, 'until_cancelled')
    await settles(() => session.cancelled.length === 1, { what: 'the cancellation' })
    return results
  }

  it('say the same through the gateway: calls, progress, sampling, elicitation, polling, lists, cancelling', async () => {
    const direct = await transcript(server.url, talk)
    assert.deepEqual(direct.asked, ['elicitation/create', 'roots/list', 'sampling/createMessage'])
    assert.deepEqual(direct.errors, [])
    const before = server.requests.length
    assert.deepEqual(await transcript(`${front.url}/mcp`, talk), direct)
    const through = server.requests.slice(before)
    const upstream = through.map(({ method }) => method).sort()
    assert.deepEqual(
      upstream,
      direct.exchanges.map((line) => line.split(' ')[0]),
      'each request reached the upstream once',
    )
  })

  it('ends the session for good', async () => {
    const before = server.sessions.size
    const peer = await sdkClient(`${front.url}/mcp`)
    assert.equal(server.sessions.size, before + 1)
    await peer.end()
    assert.equal(server.sessions.size, before)
  })

  it('resumes a GET stream with the events that were missed, and with no other', async () => {
    assert.deepEqual(await missedEvents(`${front.url}/mcp`), await missedEvents(server.url))
  })

  async function missedEvents(url: string): Promise<readonly unknown[]> {
    const peer = await sdkClient(url)
    const id = peer.session ?? assert.fail('no session')
    const { server: session } = server.sessions.get(id) ?? assert.fail('no session')
    // Its own GET stream goes first: a session has one.
    await listens(peer)
    await peer.client.close()
    const gone = () => server.requests.findLast(({ method }) => method === 'GET')?.closed
    await settles(gone, { what: 'the end of the GET stream at the upstream' })

    const headers = { accept: 'text/event-stream', 'mcp-session-id': id, 'mcp-protocol-version': '2025-11-25' }
    const listen = async (more = {}) => sseReader(await fetch(url, { headers: { ...headers, ...more } }))
    const first = await listen()
    const seen = first.next()
    await session.sendLoggingMessage({ level: 'info', data: 'seen' })
    const event = (await seen) ?? assert.fail('no event')
    await first.cancel()
    await settles(gone)
    for (const data of ['missed', 'missed too']) await session.sendLoggingMessage({ level: 'info', data })
    const resumed = await listen({ 'last-event-id': /^id: (.*)$/m.exec(event)?.[1] })
    const events = [resumed.response.status, event, await resumed.next(), await resumed.next()]
    const later = resumed.next()
    await session.sendLoggingMessage({ level: 'info', data: 'live again' })
    events.push(await later)
    await resumed.cancel()
    return events
  }
})
