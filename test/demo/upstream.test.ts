/** Drives the demo upstream with the real SDK client, and with plain requests where that client is too polite. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { afterEach, beforeEach, describe, it, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { type DemoSettings, type DemoUpstream, startDemoUpstream } from '../../src/demo/upstream.ts'

const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
}

function post(url: string, message: unknown, session?: string): Promise<Response> {
  const headers = session === undefined ? JSON_HEADERS : { ...JSON_HEADERS, 'mcp-session-id': session }
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(message) })
}

async function startFor(t: TestContext, settings: Partial<DemoSettings> = {}): Promise<DemoUpstream> {
  const upstream = await startDemoUpstream(settings)
  t.after(() => upstream.close())
  return upstream
}

async function openSession(url: string): Promise<string> {
  const response = await post(url, INITIALIZE)
  await response.text()
  assert.equal(response.status, 200)
  return response.headers.get('mcp-session-id') ?? assert.fail('no session id')
}

async function statusOfPing(url: string, session: string): Promise<number> {
  const response = await post(url, { jsonrpc: '2.0', id: 2, method: 'ping' }, session)
  await response.text()
  return response.status
}

async function errorOf(response: Response): Promise<{ status: number; code: unknown }> {
  const body = (await response.json()) as { error?: { code?: unknown } }
  return { status: response.status, code: body.error?.code }
}

describe('demo upstream, seen by an SDK client', { timeout: 20_000 }, () => {
  let upstream: DemoUpstream
  let transport: StreamableHTTPClientTransport
  let client: Client

  beforeEach(async () => {
    upstream = await startDemoUpstream()
    transport = new StreamableHTTPClientTransport(new URL(upstream.url))
    client = new Client({ name: 'test', version: '1' })
    await client.connect(transport as Transport)
  })

  afterEach(async () => {
    await client.close()
    await upstream.close()
  })

  it('introduces itself and gives the session an id', () => {
    assert.equal(client.getServerVersion()?.name, 'sidelight-demo')
    assert.ok(transport.sessionId)
  })

  it('lists its three tools', async () => {
    const { tools } = await client.listTools()
    assert.deepEqual(tools.map((tool) => tool.name).sort(), ['echo', 'error_test', 'slow'])
  })

  it('echoes a message', async () => {
    const result = await client.callTool({ name: 'echo', arguments: { message: 'héllo\n"' } })
    assert.deepEqual(result.content, [{ type: 'text', text: 'héllo\n"' }])
    assert.equal(result.isError, undefined)
  })

  it('fails as a tool by default and for arguments it cannot use', async () => {
    for (const call of [
      { name: 'error_test' },
      { name: 'error_test', arguments: { kind: 'other' } },
      { name: 'echo', arguments: { message: 1 } },
      { name: 'slow', arguments: { milliseconds: 60_001 } },
    ]) {
      assert.equal((await client.callTool(call)).isError, true, JSON.stringify(call))
    }
  })

  it('fails as a JSON-RPC error when asked to, and for an unknown tool', async () => {
    await assert.rejects(client.callTool({ name: 'error_test', arguments: { kind: 'jsonrpc_error' } }), {
      code: -32603,
    })
    await assert.rejects(client.callTool({ name: 'nothing' }), { code: -32602 })
  })

  it('reports rising progress of a slow call up to its total', async () => {
    const seen: number[] = []
    const onprogress = ({ progress }: { progress: number }): void => void seen.push(progress)
    const call = { name: 'slow', arguments: { milliseconds: 150 } }
    const result = await client.callTool(call, undefined, { onprogress })
    assert.deepEqual(result.content, [{ type: 'text', text: 'waited 150 ms' }])
    assert.deepEqual(seen, [50, 100, 150])
  })

  it('forgets a session that its client ends', async () => {
    const session = transport.sessionId as string
    assert.equal(await statusOfPing(upstream.url, session), 200)
    await transport.terminateSession()
    assert.equal(await statusOfPing(upstream.url, session), 404)
  })
})

describe('demo upstream, seen on the wire', { timeout: 20_000 }, () => {
  it('answers bad requests with JSON-RPC errors', async (t) => {
    const upstream = await startFor(t)
    const { url } = upstream
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }
    const broken = { method: 'POST', headers: JSON_HEADERS, body: '{"jsonrpc":' }
    assert.deepEqual(await errorOf(await post(url, ping, 'unknown')), { status: 404, code: -32001 })
    assert.deepEqual(await errorOf(await post(url, ping)), { status: 400, code: -32000 })
    assert.deepEqual(await errorOf(await fetch(url, broken)), { status: 400, code: -32700 })
    assert.deepEqual(await errorOf(await fetch(url, { method: 'PUT' })), { status: 405, code: -32000 })
    assert.deepEqual(await errorOf(await post(`${url}/other`, INITIALIZE)), { status: 404, code: -32600 })
  })

  it('opens a GET stream at once and ends it with its session', async (t) => {
    const upstream = await startFor(t)
    const headers = { accept: 'text/event-stream', 'mcp-session-id': await openSession(upstream.url) }
    const stream = await fetch(upstream.url, { headers })
    assert.equal(stream.status, 200)
    assert.equal(stream.headers.get('content-type'), 'text/event-stream')
    assert.equal((await fetch(upstream.url, { method: 'DELETE', headers })).status, 200)
    assert.equal(await stream.text(), '')
  })

  it('stops a slow call that is cancelled, and ends its stream without a response', async (t) => {
    const upstream = await startFor(t)
    const session = await openSession(upstream.url)
    const params = { name: 'slow', arguments: { milliseconds: 60_000 } }
    const slow = await post(upstream.url, { jsonrpc: '2.0', id: 7, method: 'tools/call', params }, session)
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } }
    assert.equal((await post(upstream.url, cancel, session)).status, 202)
    assert.equal(await slow.text(), '')
    assert.equal(await statusOfPing(upstream.url, session), 200)
  })

  it('lets a call go on whose stream was dropped, and stays well', async (t) => {
    const upstream = await startFor(t)
    const session = await openSession(upstream.url)
    const params = { name: 'slow', arguments: { milliseconds: 100 }, _meta: { progressToken: 1 } }
    const slow = await post(upstream.url, { jsonrpc: '2.0', id: 7, method: 'tools/call', params }, session)
    await slow.body?.cancel()
    await pause(200)
    assert.equal(await statusOfPing(upstream.url, session), 200)
  })

  it('ends idle sessions, but not one with an open stream', async (t) => {
    let now = 0
    const upstream = await startFor(t, { now: () => now, idleMs: 1000, sweepMs: 5 })
    const { url } = upstream
    const [idle, asked, streaming] = [await openSession(url), await openSession(url), await openSession(url)]
    const stream = await fetch(url, { headers: { accept: 'text/event-stream', 'mcp-session-id': streaming } })
    now = 999
    await pause(50)
    assert.equal(await statusOfPing(url, asked), 200)
    now = 9999
    // A ping would renew the session it asks about, so the wait is for the sweep, not for the answer.
    await pause(100)
    assert.equal(await statusOfPing(url, idle), 404)
    assert.equal(await statusOfPing(url, streaming), 200)
    await stream.body?.cancel()
  })

  it('keeps the number of sessions bounded by ending the one unused for longest', async (t) => {
    let now = 0
    const upstream = await startFor(t, { now: () => now++, maxSessions: 2 })
    const { url } = upstream
    const [first, second] = [await openSession(url), await openSession(url)]
    assert.equal(await statusOfPing(url, first), 200)
    const third = await openSession(url)
    assert.deepEqual(
      [await statusOfPing(url, first), await statusOfPing(url, second), await statusOfPing(url, third)],
      [200, 404, 200],
    )
  })

  it('leaves nothing behind that keeps the process alive after close, whatever is still open', () => {
    const script = `
      import { startDemoUpstream } from ${JSON.stringify(import.meta.resolve('../../src/demo/upstream.ts'))}
      const upstream = await startDemoUpstream()
      const send = (message, headers) => fetch(upstream.url, {
        method: 'POST', headers: { ...${JSON.stringify(JSON_HEADERS)}, ...headers }, body: JSON.stringify(message) })
      const opened = await send(${JSON.stringify(INITIALIZE)})
      const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') }
      await fetch(upstream.url, { headers: { accept: 'text/event-stream', ...session } })
      const slow = { name: 'slow', arguments: { milliseconds: 60000 } }
      await send({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: slow }, session)
      await upstream.close()
      console.log('closed')`
    const args = ['--input-type=module', '-e', script]
    const { stdout, status } = spawnSync(process.execPath, args, { timeout: 15_000, encoding: 'utf8' })
    assert.equal(stdout, 'closed\n')
    assert.equal(status, 0)
  })
})
