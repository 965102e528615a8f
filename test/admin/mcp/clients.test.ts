/** The gateway's own MCP server, asked by clients of both SDK lines in every era, and by the inspector. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
  type VersionNegotiationMode,
} from '@modelcontextprotocol/client'
import { startDemoUpstream } from '../../../src/demo/upstream.ts'
import { inspect } from '../../support/everything.ts'
import { gateway, type TestGateway } from '../../support/gateway.ts'
import { settles } from '../../support/measure.ts'
import { sdkClient } from '../../support/sdk-client.ts'

type Structured = Readonly<Record<string, unknown>>

/** What these tests need of either line. */
interface AnyClient {
  readonly revision: string | undefined
  tools(): Promise<string[]>
  call(
    name: string,
    args?: Readonly<Record<string, unknown>>,
  ): Promise<{ structured: Structured; text: string; failed: boolean }>
  read(uri: string): Promise<string>
  resources(): Promise<string[]>
  close(): Promise<void>
}

async function client1x(url: string): Promise<AnyClient> {
  const { client, call, exchanges, errors } = await sdkClient(url)
  // What a server without streams of its own says.
  await settles(() => exchanges.some((line) => line.startsWith('GET 405')))
  return {
    revision: '2025-11-25',
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args) => result(await call(name, args)),
    read: async (uri) =>
      String((await client.readResource({ uri })).contents.map((each) => 'text' in each && each.text)),
    resources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    async close() {
      assert.deepEqual(errors, [])
      await client.close()
    },
  }
}

async function client2x(url: string, mode: VersionNegotiationMode): Promise<AnyClient> {
  const client = new ModernClient({ name: 'agent', version: '2' }, { versionNegotiation: { mode } })
  const errors: unknown[] = []
  client.onerror = (error) => errors.push(error)
  await client.connect(new ModernTransport(new URL(url)))
  return {
    revision: client.getNegotiatedProtocolVersion(),
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args = {}) => result(await client.callTool({ name, arguments: args })),
    read: async (uri) =>
      String((await client.readResource({ uri })).contents.map((each) => 'text' in each && each.text)),
    resources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    async close() {
      assert.deepEqual(errors, [])
      await client.close()
    },
  }
}

function result(given: { content: unknown; structuredContent?: unknown; isError?: boolean | undefined }) {
  const [first] = given.content as { text: string }[]
  return {
    structured: (given.structuredContent ?? {}) as Structured,
    text: first?.text ?? '',
    failed: given.isError === true,
  }
}

const CLIENTS: Readonly<Record<string, readonly [revision: string, connect: (url: string) => Promise<AnyClient>]>> = {
  'SDK 1.x': ['2025-11-25', client1x],
  'SDK 2.x, legacy': ['2025-11-25', (url) => client2x(url, 'legacy')],
  'SDK 2.x, auto': ['2026-07-28', (url) => client2x(url, 'auto')],
  'SDK 2.x, 2026-07-28': ['2026-07-28', (url) => client2x(url, { pin: '2026-07-28' })],
}

const TOOLS = [
  'echo',
  'error_test',
  'get_errors',
  'get_health',
  'get_metrics',
  'get_sessions',
  'get_slow_calls',
  'set_component_health',
]

describe('the gateway as an MCP server', { timeout: 90_000 }, () => {
  let g: TestGateway
  let url: string
  let closing: (() => Promise<void>)[]
  before(async () => {
    const demo = await startDemoUpstream()
    g = await gateway({ upstreams: { demo: { url: demo.url } }, log: { slow: { tools: { slow: '20ms' } } } })
    url = `${g.adminUrl}/mcp`
    const traffic = await sdkClient(`${g.url}/mcp`)
    await traffic.call('echo', { message: 'x' })
    await traffic.call('error_test')
    await traffic.call('slow', { milliseconds: 30 })
    await settles(async () => (await g.metric('mcp_slow_operations_total')) > 0)
    closing = [() => traffic.end(), () => g.close(), () => demo.close()]
  })
  after(async () => {
    for (const close of closing) await close()
  })

  for (const [line, [revision, connect]] of Object.entries(CLIENTS)) {
    it(`tells a client on ${line} what goes on`, async () => {
      const client = await connect(url)
      assert.equal(client.revision, revision)
      assert.deepEqual((await client.tools()).sort(), TOOLS)

      const health = (await client.call('get_health')).structured
      assert.equal(health.status, 'healthy')
      assert.deepEqual(health.alerts, [])
      assert.ok('upstream:demo' in (health.components as object))

      const failing = (await client.call('get_errors', { outcome: 'tool_error' })).structured
      const [kind] = failing.errors as Record<string, unknown>[]
      assert.deepEqual([kind?.['gen_ai.tool.name'], kind?.upstream, kind?.count], ['error_test', 'demo', 1])

      const [slow] = (await client.call('get_slow_calls')).structured.calls as Record<string, unknown>[]
      assert.equal(slow?.['gen_ai.tool.name'], 'slow')

      const sessions = (await client.call('get_sessions', { upstream: 'demo' })).structured
      assert.equal(sessions.total, 1)

      const metrics = (await client.call('get_metrics')).structured
      const operations = metrics.operations as Record<string, unknown>[]
      const echo = operations.find(({ tool }) => tool === 'echo')
      assert.equal(echo?.calls, 1)
      assert.ok(Number(echo?.p95_ms) > 0)

      const page = await client.call('get_metrics', { format: 'prometheus', filter: 'mcp_upstream_up' })
      assert.match(page.text, /^mcp_upstream_up\{upstream="demo"\} 1$/m)
      assert.doesNotMatch(page.text, /mcp_requests/)

      assert.deepEqual(await client.call('echo', { message: 'héllo 𝄞' }), {
        structured: {},
        text: 'héllo 𝄞',
        failed: false,
      })
      assert.equal((await client.call('error_test')).failed, true)
      await assert.rejects(client.call('no_such_tool'))

      assert.deepEqual(await client.resources(), ['sidelight://metrics', 'sidelight://health'])
      assert.match(await client.read('sidelight://metrics'), /`mcp_server_operation_duration_seconds`/)
      assert.equal(JSON.parse(await client.read('sidelight://health')).status, 'healthy')
      await client.close()
    })
  }

  for (const era of ['legacy', 'auto', 'modern']) {
    it(`answers the inspector's CLI, ${era}`, async () => {
      const { code, stdout } = await inspect(url, 'tools/call', ['--tool-name', 'get_health', '--protocol-era', era])
      assert.equal(code, 0)
      assert.equal(JSON.parse(stdout).structuredContent.status, 'healthy')
    })
  }
})
