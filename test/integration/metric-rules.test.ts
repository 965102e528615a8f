/** Metric rules and views in a gateway: what a real client and server do shows up on the page. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { parse } from 'yaml'
import { gateway, inFrontOf, type TestGateway } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { sdkClient } from '../support/sdk-client.ts'

const EXAMPLE = parse(readFileSync(new URL('../../docs/examples/vector-search.yaml', import.meta.url), 'utf8'))

/** Finds as many results as it is asked for. `json`: answers in a body instead of a stream. */
async function searchServer(json: boolean): Promise<HttpServer> {
  const server = createServer((req, res) => {
    const mcp = new Server({ name: 'search', version: '1' }, { capabilities: { tools: {} } })
    mcp.setRequestHandler(ListToolsRequestSchema, () => ({
      tools: ['vector_search', 'echo'].map((name) => ({ name, inputSchema: { type: 'object' } })),
    }))
    mcp.setRequestHandler(CallToolRequestSchema, ({ params: { arguments: { limit } = {} } }) => {
      if (limit === undefined) return { content: [{ type: 'text', text: 'no limit' }], isError: true }
      return { content: [], structuredContent: { results: Array.from({ length: Number(limit) }, (_, id) => ({ id })) } }
    })
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: json })
    void mcp.connect(transport as Transport).then(() => transport.handleRequest(req, res))
    res.once('close', () => void mcp.close())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

for (const json of [true, false]) {
  describe(`vector searches answered ${json ? 'in a body' : 'on a stream'}`, () => {
    let server: HttpServer
    let g: TestGateway
    before(async () => {
      server = await searchServer(json)
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
      g = await gateway(inFrontOf(url, { telemetry: { ...EXAMPLE.telemetry, metrics: { views: ['metamcp'] } } }))
      const client = await sdkClient(`${g.url}/mcp`)
      await client.client.listTools()
      await client.call('vector_search', { query: 'what is light?', mode: 'semantic', limit: 3 })
      await client.call('vector_search', { query: 'and dark?', mode: 'mine', limit: 40 })
      await client.call('vector_search', { query: 'x' })
      await client.call('echo', { query: 'not a search', limit: 1 })
      await client.end()
      await settles(async () => (await g.metric('vector_searches_total')) === 3)
    })
    after(async () => {
      await g?.close()
      server?.closeAllConnections()
      server?.close()
    })

    it('are counted, by mode and outcome', async () => {
      const count = (outcome: string, mode: string) => g.metric('vector_searches_total', { outcome, mode })
      const counts = [count('ok', 'semantic'), count('ok', '_other'), count('tool_error', '')]
      assert.deepEqual(await Promise.all(counts), [1, 1, 1])
      assert.equal(await g.metric('vector_searches_total', { tool: 'vector_search' }), 3)
    })

    it('are timed, and their queries and results measured', async () => {
      assert.equal(await g.metric('vector_search_duration_seconds_count'), 3)
      assert.ok((await g.metric('vector_search_duration_seconds_sum')) > 0)
      assert.equal(await g.metric('vector_search_query_length_sum'), 14 + 9 + 1)
      assert.equal(await g.metric('vector_search_results_count'), 2)
      assert.equal(await g.metric('vector_search_results_sum'), 43)
      assert.equal(await g.metric('sidelight_rules_unrecorded_total'), 0)
    })

    it("stand on the main page under MetaMCP's names too, and on the pages of other views as calls", async () => {
      assert.equal(await g.metric('metamcp_vector_searches_total'), 3)
      assert.equal(await g.metric('metamcp_tool_executions_total', { tool_name: 'vector_search', success: 'false' }), 1)
      const page = await (await fetch(`${g.adminUrl}/metrics?view=pforge`)).text()
      assert.match(page, /^pforge_requests_total\{tool="vector_search"\} 3$/m)
      assert.match(page, /^pforge_errors_total\{tool="vector_search"\} 1$/m)
      assert.match(page, /^pforge_requests_total\{tool="echo"\} 1$/m)
    })
  })
}

it('rules and views that are wrong are told all at once', async () => {
  const rules = [
    { name: 'mcp.requests', kind: 'counter', help: 'Clash.' },
    { name: 'own', kind: 'counter', help: 'Unbounded.', labels: { user: { from: 'arguments', pointer: '/user' } } },
    { name: 'own.size', kind: 'histogram', help: 'Bad.', value: { from: 'arguments', pointer: 'size' } },
  ]
  const wrong = gateway(inFrontOf('http://127.0.0.1:1/mcp', { telemetry: { rules, metrics: { views: ['grafana'] } } }))
  await assert.rejects(wrong, (error: Error) => {
    const paths = (JSON.parse(error.message) as { path: string }[]).map(({ path }) => path)
    assert.deepEqual(paths.sort(), [
      'telemetry.metrics.views[0]',
      'telemetry.rules[0].name',
      'telemetry.rules[1].labels.user.values',
      'telemetry.rules[2].value',
    ])
    return true
  })
})
