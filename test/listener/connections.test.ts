/** The bound on downstream connections: what is beyond it is closed at once and counted, and what is within it lives on. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { gateway, inFrontOf } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { type RawClient, rawClient } from '../support/raw-client.ts'
import { rawOrigin } from '../support/raw-origin.ts'

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}'

it('a connection beyond limits.connections is closed, until another one leaves', async (t) => {
  const origin = await rawOrigin()
  const g = await gateway(inFrontOf(`${origin.url}/mcp`, { limits: { connections: 2 } }))
  const clients: RawClient[] = []
  t.after(async () => {
    for (const client of clients) client.close()
    await g.close()
    await origin.close()
  })
  const open = async (): Promise<RawClient> => {
    const client = await rawClient(g.url)
    clients.push(client)
    return client
  }
  const held = [await open(), await open()] as const
  await settles(async () => (await g.metric('mcp_connections_active')) === 2)

  const beyond = await open()
  void beyond.send('POST /mcp HTTP/1.1\r\n')
  await beyond.closed
  assert.equal(beyond.wire.peek().length, 0, 'no answer')
  assert.equal(await g.metric('mcp_connection_errors_total', { error_type: 'limit' }), 1)
  assert.equal(await g.metric('mcp_connections_total'), 2)
  for (const client of held) assert.equal((await client.ask({ body: PING })).status, 200)

  held[0].close()
  await settles(async () => (await g.metric('mcp_connections_active')) === 1)
  assert.equal((await (await open()).ask({ body: PING })).status, 200)
  assert.equal(await g.metric('mcp_connection_errors_total', { error_type: 'limit' }), 1)
})
