/** Agreement of headers and body, held against the 2.x SDK: its client is never refused, and its server refuses the same. */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import fc from 'fast-check'
import { headerMismatch, type Mirrored } from '../../src/mcp/mcp-headers.ts'

const MODERN = '2026-07-28'
const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion'
/** Of prompts and in URIs: the SDK warns of every tool name that is not plain. */
const NAMES = ['echo', 'caf\u00e9 \u{1f375}', 'two words', '=?base64?ZWNobw==?=', 'a/b.c-d_e']

function build(): McpServer {
  const server = new McpServer({ name: 'reference', version: '1.0.0' })
  server.registerTool('echo', {}, () => ({ content: [{ type: 'text', text: 'echo' }] }))
  for (const text of NAMES) {
    server.registerPrompt(text, {}, () => ({ messages: [{ role: 'user', content: { type: 'text', text } }] }))
    const uri = `test://${encodeURIComponent(text)}`
    server.registerResource(text, uri, {}, () => ({ contents: [{ uri, text }] }))
  }
  return server
}

interface Body {
  id?: unknown
  method?: string
  params?: { name?: string; uri?: string; _meta?: Record<string, string> }
}

/** Stands in for the scanner: the same facts, read from the parsed body. */
const mirrored = ({ id, method, params }: Body): Mirrored => ({
  kind: id === undefined ? 'notification' : 'request',
  method,
  name: params?.name,
  uri: params?.uri,
  metaVersion: params?._meta?.[VERSION_KEY],
})

const handler = createMcpHandler(build)
const serve = toNodeHandler(handler)
/** What was said of each request since the last look, in order. */
let said: { method: string | undefined; answer: string | undefined }[] = []

const server = createServer(async (req: IncomingMessage, res) => {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  const body = text === '' ? undefined : (JSON.parse(text) as Body)
  if (body !== undefined) {
    said.push({ method: body.method, answer: headerMismatch(req.headers, mirrored(body), Array.isArray(body)) })
  }
  await serve(req as Parameters<typeof serve>[0], res, body)
})
let url: URL

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`)
})
after(async () => {
  await handler.close()
  server.closeAllConnections()
  server.close()
})

describe('the client of the 2.x SDK', () => {
  for (const mode of [{ pin: MODERN }, 'auto', 'legacy'] as const) {
    it(`is never refused in the era ${typeof mode === 'string' ? mode : MODERN}, whatever the names`, async () => {
      said = []
      const client = new Client({ name: 'peer', version: '1.0.0' }, { versionNegotiation: { mode } })
      await client.connect(new StreamableHTTPClientTransport(url))
      await client.callTool({ name: 'echo' })
      for (const name of NAMES) {
        const { messages } = await client.getPrompt({ name })
        assert.deepEqual(messages[0]?.content, { type: 'text', text: name })
        await client.readResource({ uri: `test://${encodeURIComponent(name)}` })
      }
      await client.close()
      assert.ok(said.length > 2 * NAMES.length)
      assert.deepEqual(
        said.filter(({ answer }) => answer !== undefined),
        [],
      )
    })
  }
})

interface Answer {
  readonly status: number
  readonly code: number | undefined
}

function post(headers: Record<string, string>, body: unknown): Promise<Answer> {
  const all = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers }
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers: all }, async (res) => {
      const chunks: Buffer[] = []
      for await (const chunk of res) chunks.push(chunk as Buffer)
      const found = /"code":\s*(-\d+)/.exec(Buffer.concat(chunks).toString())
      resolve({ status: res.statusCode ?? 0, code: found === null ? undefined : Number(found[1]) })
    })
    sent.on('error', reject)
    sent.end(JSON.stringify(body))
  })
}

describe('the server of the 2.x SDK', () => {
  const version = fc.constantFrom(undefined, MODERN, MODERN, MODERN, '2025-11-25')
  const method = fc.constantFrom('tools/call', 'tools/call', 'prompts/get', 'resources/read', 'tools/list')
  const name = fc.constantFrom(undefined, 'echo', 'echo', '=?base64?ZWNobw==?=', '=?base64?ZWNobw?=', ' echo ', 'Echo')
  const input = fc.record({
    version,
    metaVersion: version,
    method,
    methodHeader: fc.oneof({ weight: 3, arbitrary: fc.constant('same') }, fc.option(method, { nil: undefined })),
    name,
    nameHeader: name,
    notification: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.constant(true)),
  })

  it('refuses with the same code, and nothing that it accepts is refused', async () => {
    const verdicts = { refused: 0, passed: 0 }
    await fc.assert(
      fc.asyncProperty(input, async ({ metaVersion, notification, ...given }) => {
        const headers: Record<string, string> = {}
        if (given.version !== undefined) headers['MCP-Protocol-Version'] = given.version
        const methodHeader = given.methodHeader === 'same' ? given.method : given.methodHeader
        if (methodHeader !== undefined) headers['Mcp-Method'] = methodHeader
        if (given.nameHeader !== undefined) headers['mcp-NAME'] = given.nameHeader
        const info = { 'io.modelcontextprotocol/clientInfo': { name: 'peer', version: '1' } }
        const capabilities = { 'io.modelcontextprotocol/clientCapabilities': {} }
        const meta = metaVersion === undefined ? {} : { [VERSION_KEY]: metaVersion, ...info, ...capabilities }
        const key = given.method === 'resources/read' ? 'uri' : 'name'
        const params = { ...(given.name !== undefined && { [key]: given.name }), _meta: meta }
        const id = notification ? {} : { id: 1 }
        said = []
        const { status, code } = await post(headers, { jsonrpc: '2.0', ...id, method: given.method, params })
        const answer = said[0]?.answer
        if (answer === undefined) {
          verdicts.passed++
          // The SDK also refuses a per-request version that is an older one; that is between it and its downstream.
          const modern = given.version === MODERN || metaVersion === MODERN
          if (modern) assert.notEqual(code, -32020, 'the SDK refuses what we let pass')
        } else {
          verdicts.refused++
          // A message whose _meta lacks its version is refused for that first, with another code.
          assert.equal(status, 400, `the SDK serves what we refuse: ${answer}`)
          if (metaVersion !== undefined) assert.equal(code, -32020, `the SDK refuses it for another reason: ${answer}`)
        }
      }),
      { numRuns: 300 },
    )
    assert.ok(verdicts.refused > 30 && verdicts.passed > 30, JSON.stringify(verdicts))
  })
})
