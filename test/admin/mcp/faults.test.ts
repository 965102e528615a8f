/** Requests to the gateway's own MCP server that are wrong in form: each is answered, as JSON-RPC, and none hangs. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { gateway, type TestGateway } from '../../support/gateway.ts'

const MODERN = '2026-07-28'
const _meta = {
  'io.modelcontextprotocol/protocolVersion': MODERN,
  'io.modelcontextprotocol/clientCapabilities': {},
}

describe('requests that are wrong in form', () => {
  let g: TestGateway
  before(async () => {
    g = await gateway({
      upstreams: { u: { url: 'http://127.0.0.1:9/mcp', required: false, probe: { enabled: false } } },
    })
  })
  after(() => g.close())

  async function post(body: string, headers: Readonly<Record<string, string>> = {}) {
    const response = await fetch(`${g.adminUrl}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
      body,
      signal: AbortSignal.timeout(20_000),
    })
    return { status: response.status, message: (await response.json()) as Record<string, unknown> }
  }

  const modern = (request: object, method = 'tools/call') =>
    post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, ...request }), {
      'mcp-protocol-version': MODERN,
      'mcp-method': method,
    })

  const WRONG: readonly (readonly [what: string, body: string, headers: object, status: number, code: number])[] = [
    ['no JSON', '{"jsonrpc":', {}, 400, -32700],
    ['no JSON, in 2026-07-28', '{"jsonrpc":', { 'mcp-protocol-version': MODERN }, 400, -32700],
    ['nothing', '', {}, 400, -32700],
    ['another type', '{}', { 'content-type': 'text/xml' }, 415, -32600],
    ['too much', JSON.stringify('x'.repeat(300_000)), {}, 413, -32600],
  ]
  for (const [what, body, headers, status, code] of WRONG)
    it(`${what} is an error of JSON-RPC`, async () => {
      const { status: given, message } = await post(body, headers as Record<string, string>)
      assert.equal(given, status)
      assert.deepEqual([message.jsonrpc, message.id], ['2.0', null])
      assert.equal((message.error as { code?: number } | undefined)?.code, code)
    })

  it('names that are no text are invalid, and no fault of the gateway', async () => {
    for (const [method, params] of [
      ['tools/call', { name: { toString: 1 } }],
      ['tools/call', {}],
      ['resources/read', { uri: { toString: 1 } }],
    ] as const) {
      const { status, message } = await modern({ params: { ...params, _meta } }, method)
      assert.deepEqual([status, (message.error as { code?: number }).code], [200, -32602], JSON.stringify(params))
    }
  })

  it('an id is a text or a number', async () => {
    const params = { name: 'echo', arguments: { message: 'x' }, _meta }
    for (const id of [null, {}, [1], true]) {
      const { status, message } = await modern({ id, params }, 'tools/list')
      assert.deepEqual(
        [status, message.id, (message.error as { code?: number } | undefined)?.code],
        [400, null, -32600],
      )
    }
  })

  it('a batch that cancels a request of its own is answered all the same', async () => {
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: { message: 'x' } } }
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }
    const { status, message } = await post(JSON.stringify([call, cancelled]))
    assert.equal(status, 200)
    const [first] = [message].flat() as { id: unknown }[]
    assert.equal(first?.id, 1)
  })

  it('a page of sessions has at least one', async () => {
    for (const limit of [0, -1, 101, 1.5, '1']) {
      const call = { name: 'get_sessions', arguments: { limit } }
      const { message } = await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: call }))
      assert.equal((message.result as { isError?: boolean }).isError, true, String(limit))
    }
  })
})
