/** No suite speaks HTTP+SSE (2024-11-05): every fixture of the reference server, direct and through the program. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js'
import { gatewayProcess } from '../support/gateway.ts'
import { sampleOf } from '../support/reference/sample.ts'
import { sseReference } from '../support/reference/sse.ts'
import { sdkClient } from '../support/sdk-client.ts'

/** Every message that a client of this transport is sent, in the order in which it comes. */
async function talk(url: string): Promise<Readonly<Record<string, unknown>>> {
  const peer = await sdkClient(url, { over: 'sse' })
  const { client } = peer
  const told: JSONRPCMessage[] = []
  const transport = client.transport ?? assert.fail('no transport')
  const receive = transport.onmessage
  transport.onmessage = (message, extra) => {
    told.push(message)
    receive?.(message, extra)
  }
  await client.setLoggingLevel('debug')
  const { tools } = await client.listTools()
  for (const { name, inputSchema } of tools) {
    await client.callTool({ name, arguments: sampleOf(inputSchema), _meta: { progressToken: name } })
  }
  const { resources } = await client.listResources()
  for (const { uri } of resources) await client.readResource({ uri })
  const { prompts } = await client.listPrompts()
  for (const { name, arguments: takes = [] } of prompts) {
    await client.getPrompt({ name, arguments: Object.fromEntries(takes.map((taken) => [taken.name, 'x'])) })
  }
  await client.complete({ ref: { type: 'ref/prompt', name: 'p' }, argument: { name: 'a', value: 'v' } })
  await client.subscribeResource({ uri: 'test://watched-resource' })
  await assert.rejects(client.readResource({ uri: 'test://none' }))
  await peer.end()
  return { told, asked: peer.asked, exchanges: peer.exchanges }
}

it('a server of HTTP+SSE says the same through passthrough paths', { timeout: 60_000 }, async (t) => {
  const server = await sseReference()
  t.after(() => server.close())
  const { origin } = new URL(server.url)
  const front = await gatewayProcess([
    '--upstream',
    `${origin}/mcp`,
    '--passthrough',
    '/sse',
    '--passthrough',
    '/messages',
  ])
  t.after(() => front.close())

  const direct = await talk(server.url)
  const methods = (direct.told as { method?: string }[]).flatMap(({ method }) => method ?? [])
  assert.deepEqual(
    [...new Set(methods)],
    ['notifications/message', 'notifications/progress', 'sampling/createMessage', 'elicitation/create'],
  )
  assert.ok((direct.told as unknown[]).length > 30)
  assert.deepEqual(await talk(`${front.url}/sse`), direct)
})
