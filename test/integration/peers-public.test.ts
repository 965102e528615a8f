/** Programs of others: the reference server `server-everything`, the inspector's CLI, the SDK's Express app. */
import assert from 'node:assert/strict'
import { after, before, describe, it, test } from 'node:test'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { type Everything, everything, inspect } from '../support/everything.ts'
import { gateway, inFrontOf, type TestGateway } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { type SdkClient, sdkClient } from '../support/sdk-client.ts'
import { sdkServer } from '../support/sdk-server.ts'
import { cancel, failure, listens, transcript, withProgress } from '../support/transcript.ts'

describe('server-everything', { timeout: 40_000 }, () => {
  let server: Everything
  let front: TestGateway
  before(async () => {
    server = await everything('streamableHttp')
    front = await gateway(inFrontOf(`${server.url}/mcp`))
  })
  after(async () => {
    await front.close()
    await server.close()
  })

  async function talk(peer: SdkClient): Promise<readonly unknown[]> {
    const { client } = peer
    await listens(peer)
    const results = [
      client.getServerVersion(),
      client.getInstructions(),
      (await client.listTools()).tools.map(({ name }) => name),
      await client.listPrompts(),
      await client.listResourceTemplates(),
      await client.getPrompt({ name: 'args-prompt', arguments: { city: 'Bern', state: 'BE' } }),
      await peer.call('echo', { message: 'héllo' }),
      await peer.call('get-sum', { a: 2, b: 40 }),
      await peer.call('get-tiny-image'),
      await peer.call('get-structured-content', { location: 'Chicago' }),
      await peer.call('get-annotated-message', { messageType: 'error', includeImage: true }),
      await failure(client.readResource({ uri: 'none://such' })),
      await peer.call('trigger-elicitation-request'),
      await peer.call('trigger-sampling-request', { prompt: 'why?', maxTokens: 5 }),
      await withProgress(peer, 'trigger-long-running-operation', { duration: 0.2, steps: 10 }),
    ]
    await cancel(peer, 'trigger-long-running-operation', { duration: 0.5, steps: 2 })
    // It asks for the roots a moment after the session began, and logs that it has them.
    await settles(() => peer.notifications.length > 0, { what: 'the message about roots' })
    // Initialized, the answers about elicitation, sampling and roots, cancelled: none of them is awaited by the SDK.
    const accepted = () => peer.exchanges.filter((each) => each === 'POST 202 null').length
    await settles(() => accepted() === 5, { what: 'the last acknowledgement' })
    return results
  }

  it('says the same through the gateway', async () => {
    const direct = await transcript(`${server.url}/mcp`, talk)
    assert.deepEqual(await transcript(`${front.url}/mcp`, talk), direct)
  })

  it('answers the inspector the same through the gateway', async () => {
    const echo = ['--tool-name', 'echo', '--tool-arg', 'message=hello']
    const ask = (url: string) => Promise.all([inspect(url, 'tools/list'), inspect(url, 'tools/call', echo)])
    const direct = await ask(`${server.url}/mcp`)
    assert.deepEqual(
      direct.map(({ code }) => code),
      [0, 0],
    )
    const { content } = JSON.parse(direct[1].stdout) as CallToolResult
    assert.deepEqual(content, [{ type: 'text', text: 'Echo: hello' }])
    assert.deepEqual(await ask(`${front.url}/mcp`), direct)
  })
})

describe("an upstream behind the SDK's Express app, which accepts only loopback Host values", {
  timeout: 20_000,
}, () => {
  const NAME = 'tools.example.com'

  test('serves downstreams that ask the gateway by another name, because it gets its own', async (t) => {
    const server = await sdkServer({ app: 'express' })
    t.after(() => server.close())
    const front = await gateway(inFrontOf(server.url, { listen: { hosts: [NAME] } }))
    t.after(() => front.close())
    const peer = await sdkClient(`${front.url}/mcp`, { host: NAME })
    assert.deepEqual((await peer.call('echo', { message: 'hello' })).content, [{ type: 'text', text: 'hello' }])
    assert.equal(server.requests.at(-1)?.headers.host, `127.0.0.1:${server.port}`)
    assert.equal(server.requests.at(-1)?.headers['x-forwarded-host'], `${NAME}:${new URL(front.url).port}`)
    await peer.end()
  })

  test('refuses them when their Host is preserved', async (t) => {
    const server = await sdkServer({ app: 'express' })
    t.after(() => server.close())
    const routes = [{ path: '/mcp', upstream: 'upstream', host: 'preserve' }]
    const front = await gateway(inFrontOf(server.url, { routes, listen: { hosts: ['*'] } }))
    t.after(() => front.close())
    await assert.rejects(sdkClient(`${front.url}/mcp`, { host: NAME }), /Invalid Host: tools\.example\.com/)
    await (await sdkClient(`${front.url}/mcp`)).end()
  })
})
