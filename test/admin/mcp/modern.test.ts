/** Requests of 2026-07-28 as they stand on the wire: what is answered, and how a client is told what is wrong. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { gateway, type TestGateway } from '../../support/gateway.ts'

const MODERN = '2026-07-28'
const META = {
  'io.modelcontextprotocol/protocolVersion': MODERN,
  'io.modelcontextprotocol/clientInfo': { name: 'agent', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

interface Answered {
  readonly status: number
  readonly message: {
    readonly id?: unknown
    readonly result?: Readonly<Record<string, unknown>>
    readonly error?: { readonly code: number; readonly data?: Readonly<Record<string, unknown>> }
  }
}

describe('2026-07-28', () => {
  let g: TestGateway
  before(async () => {
    g = await gateway({
      upstreams: { u: { url: 'http://127.0.0.1:9/mcp', required: false, probe: { enabled: false } } },
    })
  })
  after(() => g.close())

  async function post(body: unknown, headers: Readonly<Record<string, string>>): Promise<Answered> {
    const response = await fetch(`${g.adminUrl}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    return { status: response.status, message: text === '' ? {} : (JSON.parse(text) as Answered['message']) }
  }

  function ask(
    method: string,
    params: object = {},
    { headers = {}, meta = META }: { headers?: Readonly<Record<string, string>>; meta?: object } = {},
  ): Promise<Answered> {
    const { name, uri } = params as { name?: string; uri?: string }
    const about = name ?? uri
    const own = {
      'mcp-protocol-version': MODERN,
      'mcp-method': method,
      ...(about !== undefined && { 'mcp-name': about }),
      ...headers,
    }
    return post({ jsonrpc: '2.0', id: 'a', method, params: { ...params, _meta: meta } }, own)
  }

  it('what the server is and can is told at once', async () => {
    const { status, message } = await ask('server/discover')
    assert.equal(status, 200)
    assert.equal(message.id, 'a')
    assert.deepEqual(message.result?.supportedVersions, [MODERN])
    assert.deepEqual(message.result?.capabilities, { tools: {}, resources: {} })
    assert.equal(message.result?.resultType, 'complete')
  })

  it('every result says that it is complete, and that nothing is to be kept', async () => {
    for (const [method, params] of [
      ['tools/list', {}],
      ['resources/list', {}],
      ['resources/templates/list', {}],
      ['resources/read', { uri: 'sidelight://health' }],
    ] as const) {
      const { result } = (await ask(method, params)).message
      assert.deepEqual([result?.resultType, result?.ttlMs, result?.cacheScope], ['complete', 0, 'private'], method)
    }
    assert.equal(
      (await ask('tools/call', { name: 'echo', arguments: { message: 'x' } })).message.result?.resultType,
      'complete',
    )
  })

  const WRONG: readonly (readonly [what: string, answer: () => Promise<Answered>, status: number, code: number])[] = [
    ['a method that is not there', () => ask('ping'), 404, -32601],
    ['a tool that is not there', () => ask('tools/call', { name: 'nope' }), 200, -32602],
    ['a resource that is not there', () => ask('resources/read', { uri: 'sidelight://nope' }), 200, -32602],
    [
      'a header that names another method',
      () => ask('tools/list', {}, { headers: { 'mcp-method': 'tools/call' } }),
      400,
      -32020,
    ],
    [
      'a header that names another tool',
      () => ask('tools/call', { name: 'echo' }, { headers: { 'mcp-name': 'x' } }),
      400,
      -32020,
    ],
    [
      'no capabilities',
      () => ask('tools/list', {}, { meta: { 'io.modelcontextprotocol/protocolVersion': MODERN } }),
      400,
      -32602,
    ],
    [
      'a batch',
      () => post([{ jsonrpc: '2.0', id: 1, method: 'tools/list' }], { 'mcp-protocol-version': MODERN }),
      400,
      -32020,
    ],
    ['no JSON-RPC', () => post({ hello: 'world' }, { 'mcp-protocol-version': MODERN }), 400, -32600],
  ]
  for (const [what, answer, status, code] of WRONG)
    it(`${what} is answered ${status} with ${code}`, async () => {
      const { status: given, message } = await answer()
      assert.deepEqual([given, message.error?.code], [status, code])
    })

  it('a revision that is not known is answered with those that are', async () => {
    const version = '2027-01-01'
    const meta = { ...META, 'io.modelcontextprotocol/protocolVersion': version }
    const { status, message } = await ask('tools/list', {}, { headers: { 'mcp-protocol-version': version }, meta })
    assert.deepEqual([status, message.error?.code], [400, -32022])
    assert.deepEqual(message.error?.data, { supported: [MODERN], requested: version })
  })

  it('a notification is taken without an answer', async () => {
    const notification = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }
    assert.deepEqual(await post(notification, { 'mcp-protocol-version': MODERN }), { status: 202, message: {} })
  })

  it('what a legacy request gets wrong, the SDK says', async () => {
    assert.equal((await post({ hello: 'world' }, {})).status, 400)
    assert.equal((await post({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, { accept: 'text/html' })).status, 406)
  })
})
