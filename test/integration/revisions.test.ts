/** Revisions of real peers: what 2026-07-28 forbids is refused before it is forwarded, and falling back is no error. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { gateway, inFrontOf, type TestGateway } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { peerClient2x } from '../support/peers/client-2x.ts'
import { peerServer1x } from '../support/peers/server-1x.ts'
import { peerServer2x } from '../support/peers/server-2x.ts'
import { rawOrigin } from '../support/raw-origin.ts'

const MODERN = '2026-07-28'
const NAME = 'zoë'
const BASE64 = `=?base64?${Buffer.from(NAME).toString('base64')}?=`
const AGREED = { 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/call', 'mcp-name': BASE64 }

const message = (version = MODERN): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 'x1',
    method: 'tools/call',
    params: { name: NAME, _meta: { 'io.modelcontextprotocol/protocolVersion': version } },
  })

/** Headers and body that contradict each other. */
const MISMATCHES: Readonly<Record<string, readonly [Readonly<Record<string, string | undefined>>, string]>> = {
  'another method': [{ 'mcp-method': 'tools/list' }, message()],
  'another name': [{ 'mcp-name': 'zoe' }, message()],
  'another name in Base64': [{ 'mcp-name': `=?base64?${Buffer.from('zoe').toString('base64')}?=` }, message()],
  'Base64 that is none': [{ 'mcp-name': '=?base64?em/?=' }, message()],
  'no method': [{ 'mcp-method': undefined }, message()],
  'no name': [{ 'mcp-name': undefined }, message()],
  'no version': [{ 'mcp-protocol-version': undefined }, message()],
  'another version': [{}, message('2025-11-25')],
  'a batch': [{}, `[${message()}]`],
}

type Reply = readonly [number, { readonly id: unknown; readonly error?: { readonly code: number } }]

async function send(url: string, headers: Readonly<Record<string, string | undefined>>, body: string): Promise<Reply> {
  const given = Object.entries({ 'content-type': 'application/json', ...AGREED, ...headers })
  const stated = given.filter((each): each is [string, string] => each[1] !== undefined)
  const response = await fetch(url, { method: 'POST', headers: stated, body })
  return [response.status, (await response.json()) as Reply[1]]
}

async function setUp(t: TestContext, route: object = {}) {
  const origin = await rawOrigin({
    behaviour: (exchange) => exchange.respond({ body: '{"jsonrpc":"2.0","id":"x1","result":{}}' }),
  })
  t.after(() => origin.close())
  const upstreams = { upstream: { url: `${origin.url}/mcp`, required: false, probe: { interval: '1h' } } }
  const g = await gateway({ upstreams, routes: [{ path: '/mcp', ...route }] })
  t.after(() => g.close())
  const forwarded = () => origin.requests.filter((request) => request.header('x-correlation-id') !== undefined).length
  return { g, url: `${g.url}/mcp`, forwarded }
}

describe('a request of 2026-07-28 whose headers contradict its body', () => {
  it('is refused with 400 and −32020, and the upstream never hears of it', async (t) => {
    const { g, url, forwarded } = await setUp(t)
    for (const [what, [headers, body]] of Object.entries(MISMATCHES)) {
      const [status, { id, error }] = await send(url, headers, body)
      assert.deepEqual([status, error?.code, id], [400, -32020, body.startsWith('[') ? null : 'x1'], what)
    }
    assert.equal(forwarded(), 0)
    const count = Object.keys(MISMATCHES).length
    assert.equal(await g.metric('mcp_requests_invalid_total', { reason: 'header_mismatch' }), count)
    await settles(() => g.exchanges.length === count)
    const words = g.exchanges.map((line) => `${line.outcome} ${line['error.type']}`)
    assert.deepEqual([...new Set(words)], ['refused header_mismatch'])
    // The one that agrees passes.
    assert.equal((await send(url, {}, message()))[0], 200)
    assert.equal(forwarded(), 1)
  })

  it('passes where the route only counts, and is answered as any other', async (t) => {
    const { g, url, forwarded } = await setUp(t, { invalidRequests: 'count' })
    for (const [what, [headers, body]] of Object.entries(MISMATCHES))
      assert.equal((await send(url, headers, body))[0], 200, what)
    const count = Object.keys(MISMATCHES).length
    assert.equal(forwarded(), count)
    assert.equal(await g.metric('mcp_requests_invalid_total', { reason: 'header_mismatch' }), count)
    await settles(() => g.exchanges.length === count)
    assert.ok(g.exchanges.every(({ outcome }) => outcome === 'ok'))
  })
})

it('traffic is counted by revision, and what is none shares a label', async (t) => {
  const { g, url } = await setUp(t)
  const legacy = (version: string | undefined) =>
    send(
      url,
      { 'mcp-protocol-version': version, 'mcp-method': undefined, 'mcp-name': undefined },
      '{"jsonrpc":"2.0","id":"x1","method":"ping"}',
    )
  await send(url, {}, message())
  for (const version of ['2025-11-25', '2025-11-25', '2024-11-05', '2031-12-24', 'latest', undefined])
    await legacy(version)
  await settles(() => g.exchanges.length === 7)
  const requests = (revision: string) => g.metric('mcp_protocol_requests_total', { mcp_protocol_version: revision })
  assert.deepEqual(
    await Promise.all([MODERN, '2025-11-25', '2024-11-05', '_other', '2025-03-26', 'latest'].map(requests)),
    [1, 2, 1, 2, 1, 0],
  )
})

describe('a client of both eras', { concurrency: true }, () => {
  const talk = async (g: TestGateway): Promise<string | undefined> => {
    const peer = await peerClient2x(`${g.url}/mcp`, 'auto')
    await peer.call('echo', { message: 'x' })
    await peer.tools()
    await peer.end()
    // A GET stream's line comes when its socket is closed.
    await settles(async () => (await g.metric('mcp_requests_active')) === 0)
    return peer.revision
  }
  const probes = (g: TestGateway) => g.metric('mcp_fallback_probes_total', { upstream: 'upstream' })
  const failed = ({ exchanges }: TestGateway) =>
    exchanges.filter(({ outcome }) => outcome !== 'ok' && outcome !== 'downstream_closed')

  it('that falls back from a legacy server is counted, and nothing failed', async (t) => {
    const server = await peerServer1x()
    t.after(() => server.close())
    const g = await gateway(inFrontOf(server.url))
    t.after(() => g.close())
    assert.equal(await talk(g), '2025-11-25')
    assert.equal(await probes(g), 1)
    assert.deepEqual(failed(g), [])
    const count = 'mcp_server_operation_duration_seconds_count'
    assert.equal(await g.metric(count, { mcp_result_type: 'fallback_probe', outcome: 'ok' }), 1)
    for (const outcome of ['jsonrpc_error', 'http_error', 'unknown', 'upstream_reset'])
      assert.equal(await g.metric(count, { outcome }), 0, outcome)
  })

  it('does not fall back from a modern one', async (t) => {
    const server = await peerServer2x()
    t.after(() => server.close())
    const g = await gateway(inFrontOf(server.url))
    t.after(() => g.close())
    assert.equal(await talk(g), MODERN)
    assert.equal(await probes(g), 0)
    assert.deepEqual(failed(g), [])
    assert.equal(await g.metric('mcp_sessions_created_total'), 0)
    const modern = { mcp_protocol_version: MODERN }
    assert.equal(await g.metric('mcp_protocol_requests_total', modern), g.exchanges.length)
  })
})
