/** The shortest way through: one exchange, seen on both sides, in the metrics and in the log. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gateway, gatewayProcess, inFrontOf } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { rawOrigin } from '../support/raw-origin.ts'

test('an exchange passes and is counted and logged once', async (t) => {
  const origin = await rawOrigin()
  t.after(() => origin.close())
  const g = await gateway(inFrontOf(`${origin.url}/mcp`))
  t.after(() => g.close())
  const response = await fetch(`${g.url}/mcp?a=b`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
  })
  assert.equal(response.status, 200)
  assert.equal(await response.text(), '{"jsonrpc":"2.0","id":1,"result":{}}')
  await settles(() => g.exchanges.length === 1)
  assert.equal(g.exchanges[0]?.outcome, 'ok')
  assert.equal(await g.metric('mcp_requests_total', { upstream: 'upstream', outcome: 'ok' }), 1)
  const ping = { upstream: 'upstream', mcp_method_name: 'ping', outcome: 'ok' }
  assert.equal(await g.metric('mcp_server_operation_duration_seconds_count', ping), 1)
  assert.equal(await g.metric('mcp_requests_active'), 0)
  const request = origin.requests.find(({ target }) => target === '/mcp?a=b')
  assert.equal(request?.body.toString(), '{"jsonrpc":"2.0","id":1,"method":"ping"}')
})

test('the program starts with nothing given, in front of its demo upstream', async (t) => {
  const g = await gatewayProcess([])
  t.after(() => g.close())
  const ready = () => fetch(`${g.url}/health/ready`).then(({ status }) => status === 200)
  await settles(ready)
  assert.equal((await fetch(`${g.adminUrl}/health`)).status, 200)
})
