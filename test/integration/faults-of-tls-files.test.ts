/** Files of an upstream's TLS that are gone when the first connection is made: an error each time, and nothing kept. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { certificateAuthority, pemFolder } from '../support/certificates.ts'
import { gateway } from '../support/gateway.ts'

test('calls fail one after the other, and none holds what the next one needs', async (t) => {
  const pem = await pemFolder()
  t.after(() => pem.remove())
  await pem.write('ca.pem', (await certificateAuthority()).cert)
  const ca = join(pem.path, 'ca.pem')
  const upstream = {
    url: 'https://localhost:9/mcp',
    tls: { ca },
    probe: { enabled: false },
    limits: { calls: 1, queue: 4 },
  }
  const g = await gateway({ upstreams: { upstream }, routes: [{ path: '/mcp', upstream: 'upstream' }] })
  t.after(() => g.close())
  await rm(ca)
  for (let call = 0; call < 3; call++) {
    const { status } = await fetch(`${g.url}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
      signal: AbortSignal.timeout(5_000),
    })
    assert.equal(status, 500)
  }
  assert.equal(await g.metric('mcp_pool_connections_active'), 0)
})
