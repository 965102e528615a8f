/** The public URL in challenges: of the route that was asked, and of no other one with the same path. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gateway } from '../support/gateway.ts'
import { rawClient } from '../support/raw-client.ts'
import { rawOrigin } from '../support/raw-origin.ts'

test('a challenge names the public URL of its own route, whatever other route has the same path', async (t) => {
  const there = 'Bearer resource_metadata="http://10.0.0.7/.well-known/oauth-protected-resource/mcp"'
  const origin = await rawOrigin({
    behaviour: (exchange) => exchange.respond({ status: 401, headers: [['www-Authenticate', there]] }),
  })
  t.after(() => origin.close())
  const route = (name: string) => ({ path: '/mcp', hostnames: [`${name}.example.com`] })
  const g = await gateway({
    listen: { hosts: ['*'] },
    upstreams: { upstream: { url: `${origin.url}/mcp`, probe: { interval: '1h' } } },
    routes: [
      { ...route('a'), publicUrl: 'https://a.example.com/mcp' },
      { ...route('b'), publicUrl: 'https://b.example.com/x/mcp' },
      route('c'),
    ],
  })
  t.after(() => g.close())
  const challenges: string[] = []
  for (const name of ['a', 'b', 'c']) {
    const client = await rawClient(g.url)
    const response = await client.ask({ host: `${name}.example.com`, body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' })
    client.close()
    challenges.push(response.header('www-authenticate') ?? '')
  }
  assert.deepEqual(challenges, [
    'Bearer resource_metadata="https://a.example.com/.well-known/oauth-protected-resource/mcp"',
    'Bearer resource_metadata="https://b.example.com/.well-known/oauth-protected-resource/x/mcp"',
    there,
  ])
})
