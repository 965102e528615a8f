/** Names of tools as labels, learned from the lists that pass: whole lists of real servers, and floods of names that nobody listed. */
import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { describe, it, type TestContext } from 'node:test'
import { gateway, gatewayProcess, inFrontOf, type TestGateway } from '../support/gateway.ts'
import { processUse, settles } from '../support/measure.ts'
import { rawOrigin } from '../support/raw-origin.ts'
import { sdkClient } from '../support/sdk-client.ts'
import { sdkServer } from '../support/sdk-server.ts'

const COUNT = 'mcp_server_operation_duration_seconds_count'

/** Every tool that is a label now, with its calls. */
async function tools(adminUrl: string): Promise<Record<string, number>> {
  const page = await (await fetch(`${adminUrl}/metrics`)).text()
  const found: Record<string, number> = {}
  for (const [, name = '', value] of page.matchAll(
    /^mcp_server_operation_duration_seconds_count\{.*gen_ai_tool_name="([^"]+)".*\} (\d+)$/gm,
  ))
    found[name] = (found[name] ?? 0) + Number(value)
  return found
}

interface Peer {
  readonly g: TestGateway
  call(name: string, session?: string): Promise<void>
  /** One page: `cursor` asked for, `nextCursor` given. */
  list(names: readonly string[], cursor?: string, nextCursor?: string, session?: string): Promise<void>
}

async function setUp(t: TestContext): Promise<Peer> {
  const origin = await rawOrigin({
    behaviour: async (exchange) => {
      const body = await exchange.body()
      const { id = 0, params } = JSON.parse(String(body)) as { id?: number; params?: { answer?: object } }
      return exchange.respond({ body: JSON.stringify({ jsonrpc: '2.0', id, result: params?.answer ?? {} }) })
    },
  })
  t.after(() => origin.close())
  const g = await gateway(inFrontOf(`${origin.url}/mcp`))
  t.after(() => g.close())
  let exchanges = 0
  const post = async (method: string, params: object, session?: string): Promise<void> => {
    const headers = {
      'content-type': 'application/json',
      ...(session === undefined ? {} : { 'mcp-session-id': session }),
    }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const response = await fetch(`${g.url}/mcp`, { method: 'POST', headers, body })
    assert.equal(response.status, 200, await response.text())
    exchanges++
    await settles(() => g.exchanges.length === exchanges)
  }
  return {
    g,
    call: (name, session) => post('tools/call', { name }, session),
    list: (names, cursor, nextCursor, session) =>
      post('tools/list', { cursor, answer: { tools: names.map((name) => ({ name })), nextCursor } }, session),
  }
}

describe('names of tools', { concurrency: true }, () => {
  it('of a real server are those that it lists', async (t) => {
    const server = await sdkServer()
    t.after(() => server.close())
    const g = await gateway(inFrontOf(server.url))
    t.after(() => g.close())
    const peer = await sdkClient(`${g.url}/mcp`)
    await peer.client.listTools()
    await peer.call('echo', { message: 'x' })
    await assert.rejects(peer.call('invented'))
    await peer.end()
    await settles(async () => (await g.metric('mcp_requests_active')) === 0)
    assert.deepEqual(await tools(g.adminUrl), { echo: 1, _other: 1 })
  })

  it('are at most fifty while no list was seen, and gone with the list that has them not', async (t) => {
    const { g, call, list } = await setUp(t)
    for (let i = 0; i < 60; i++) await call(`tool-${i}`)
    const before = await tools(g.adminUrl)
    assert.deepEqual([Object.keys(before).length, before._other], [51, 10])
    await list(['tool-3', 'tool-59'])
    for (const name of ['tool-3', 'tool-4', 'tool-59']) await call(name)
    assert.deepEqual(await tools(g.adminUrl), { 'tool-3': 2, 'tool-59': 1, _other: 11 })
    assert.equal(
      await g.metric('sidelight_metrics_overflow_total', { instrument: 'mcp.server.operation.duration' }),
      11,
    )
  })

  it('of a list in pages count once all pages were seen, in the same session, tracked or not', async (t) => {
    const { g, call, list } = await setUp(t)
    await list(['one'], undefined, 'p2', 's')
    await list(['two'], 'p2', undefined, 'another-session')
    await call('unlisted')
    assert.deepEqual(await tools(g.adminUrl), { unlisted: 1 })
    await list(['three'], 'p2', 'p3', 's')
    await list(['four'], 'p3', undefined, 's')
    for (const name of ['one', 'two', 'three', 'four', 'unlisted']) await call(name)
    assert.deepEqual(await tools(g.adminUrl), { one: 1, two: 1, three: 1, four: 1, _other: 1 })
  })
})

it('a hundred thousand random names leave no label and no memory', { timeout: 110_000 }, async (t) => {
  const answer = '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"listed"}]}}'
  const origin = await rawOrigin({ behaviour: (exchange) => exchange.respond({ body: answer }) })
  t.after(() => origin.close())
  const upstreams = { upstream: { url: `${origin.url}/mcp`, required: false, probe: { interval: '1h' } } }
  const g = await gatewayProcess([], { settings: { upstreams, log: { access: false } } })
  t.after(() => g.close())
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  const post = (body: string) =>
    new Promise<void>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': body.length }
      request(`${g.url}/mcp`, { agent, method: 'POST', headers }, (response) => response.resume().once('end', resolve))
        .once('error', reject)
        .end(body)
    })
  const message = (method: string, name: string) => ({ jsonrpc: '2.0', id: 1, method, params: { name } })
  await post(JSON.stringify(message('tools/list', '')))
  let sent = 0
  // Batches: the names are what counts here, not the exchanges.
  const flood = async (names: number): Promise<void> => {
    const until = sent + names
    while (sent < until) {
      const batch = Array.from({ length: 50 }, () => message('tools/call', `${'n'.repeat(90)}-${sent++}`))
      await post(JSON.stringify(batch))
    }
  }
  await flood(40_000)
  const before = (await processUse(g.pid)).rss
  await flood(60_000)
  const after = (await processUse(g.pid)).rss
  assert.deepEqual(await tools(g.adminUrl), { _other: 100_000 })
  assert.equal(await g.metric(COUNT), 100_001)
  assert.ok(after - before < 48 * 2 ** 20, `${(after - before) / 2 ** 20} MiB`)
})
