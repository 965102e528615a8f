/** The transport of 2024-11-05, HTTP+SSE: it is no MCP route, so it goes through passthrough paths. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { everything } from '../support/everything.ts'
import { gateway, inFrontOf } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { sdkClient } from '../support/sdk-client.ts'
import { withProgress } from '../support/transcript.ts'

test('server-everything over HTTP+SSE says the same through passthrough paths', { timeout: 40_000 }, async (t) => {
  const server = await everything('sse')
  t.after(() => server.close())
  const routes = [{ path: '/mcp', upstream: 'upstream', passthrough: ['/.well-known/*', '/sse', '/message'] }]
  const front = await gateway(inFrontOf(`${server.url}/mcp`, { routes }))
  t.after(() => front.close())
  const talk = async (url: string) => {
    const peer = await sdkClient(`${url}/sse`, { over: 'sse' })
    const results = [
      peer.client.getServerVersion(),
      (await peer.client.listTools()).tools.map(({ name }) => name),
      await peer.call('echo', { message: 'héllo' }),
      await peer.call('trigger-sampling-request', { prompt: 'why?', maxTokens: 5 }),
      await withProgress(peer, 'trigger-long-running-operation', { duration: 0.2, steps: 4 }),
    ]
    // It asks for the roots a moment after the session began.
    await settles(() => peer.asked.includes('roots/list'))
    await peer.client.close()
    return { results, asked: [...peer.asked].sort() }
  }
  assert.deepEqual(await talk(front.url), await talk(server.url))
})
