/** Ten thousand requests through one connection and through two hundred: in order, bounded, without a warning. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { listenerWarnings, settles } from '../support/measure.ts'
import { type RawClient, requestBytes } from '../support/raw-client.ts'
import type { RawRequest } from '../support/raw-exchange.ts'
import { type Between, between } from './bytes-between.ts'

const asked = (id: string): string => `{"jsonrpc":"2.0","id":"${id}","method":"ping"}`
const answered = (id: string): string => `{"jsonrpc":"2.0","id":"${id}","result":{}}`

const upstream = (t: TestContext, limits = {}): Promise<Between> =>
  between(
    t,
    async (exchange) => {
      const { id } = JSON.parse((await exchange.body()).toString()) as { id: string }
      return exchange.respond({ body: answered(id) })
    },
    {},
    limits,
  )

async function expectAnswer(client: RawClient, id: string): Promise<void> {
  const response = await client.response()
  assert.deepEqual([response.status, response.body.toString()], [200, answered(id)])
}

const isExchange = (request: RawRequest): boolean => request.header('x-forwarded-for') !== undefined

/** Everything that was taken has been given back. */
async function atRest({ gateway }: Between, exchanges: number): Promise<void> {
  await settles(() => gateway.exchanges.length === exchanges, { within: 20_000, what: 'the log' })
  assert.ok(gateway.exchanges.every(({ outcome }) => outcome === 'ok'))
  for (const gauge of [
    'mcp_requests_active',
    'mcp_pool_connections_active',
    'mcp_pool_pending',
    'mcp_pool_streams_active',
  ])
    assert.equal(await gateway.metric(gauge, { upstream: 'upstream' }), 0, gauge)
  assert.equal(await gateway.metric('mcp_requests_total', { outcome: 'ok' }), exchanges)
}

test('10,000 requests through one connection are answered in order', async (t) => {
  const warned = listenerWarnings()
  t.after(() => warned.stop())
  const setup = await upstream(t)
  const client = await setup.connect()
  const batch = 100
  // Half of them one by one, half of them many at once: pipelined.
  for (let id = 0; id < 5_000; id++) {
    await client.send(requestBytes({ body: asked(String(id)) }))
    await expectAnswer(client, String(id))
  }
  for (let from = 5_000; from < 10_000; from += batch) {
    const ids = Array.from({ length: batch }, (_, index) => String(from + index))
    await client.send(Buffer.concat(ids.map((id) => requestBytes({ body: asked(id) }))))
    for (const id of ids) await expectAnswer(client, id)
  }
  await atRest(setup, 10_000)
  assert.equal(setup.requests.length, 10_000)
  // Pipelined requests are answered in order, but may be asked at once: never more than were sent at once.
  const used = setup.origin.connections.filter(({ requests }) => requests.some(isExchange))
  assert.ok(used.length <= batch, `${used.length} upstream connections`)
  assert.deepEqual(warned.warnings, [])
})

test('200 connections of 50 requests each share a bounded pool', async (t) => {
  const warned = listenerWarnings()
  t.after(() => warned.stop())
  const calls = 20
  const setup = await upstream(t, { calls, queue: 200, queueTimeout: '60s' })
  const { origin, connect } = setup
  const clients = await Promise.all(Array.from({ length: 200 }, () => connect()))
  await Promise.all(
    clients.map(async (client, index) => {
      for (let n = 0; n < 50; n++) {
        const id = `${index}-${n}`
        await client.send(requestBytes({ body: asked(id) }))
        await expectAnswer(client, id)
      }
    }),
  )
  await atRest(setup, 10_000)
  assert.equal(setup.requests.length, 10_000)
  const used = origin.connections.filter((connection) => connection.requests.some(isExchange))
  assert.ok(used.length <= calls, `${used.length} upstream connections for ${calls} calls at once`)
  assert.deepEqual(warned.warnings, [])
})
