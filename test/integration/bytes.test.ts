/** Thousands of generated exchanges are the same on both sides: bytes, headers, statuses; and each is sent once. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { gateway, inFrontOf, type LogLine, type Settings, type TestGateway } from '../support/gateway.ts'
import type { HeaderList } from '../support/http-head.ts'
import { settles } from '../support/measure.ts'
import { Random, seeded } from '../support/random.ts'
import { type RawClient, type RawResponse, rawClient } from '../support/raw-client.ts'
import type { RawExchange, RawRequest } from '../support/raw-exchange.ts'
import { rawOrigin } from '../support/raw-origin.ts'
import { type ExchangePlan, exchangePlan, type Requests } from './bytes-plan.ts'

const EXCHANGES = 2_000
const CONNECTIONS = 12

/** What the gateway itself writes; everything else must be what the other side sent, in its order and spelling. */
const OWN_UPSTREAM =
  /^(host|connection|content-length|transfer-encoding|x-correlation-id|x-forwarded-(for|proto|host))$/i
const OWN_DOWNSTREAM = /^(connection|keep-alive|content-length|transfer-encoding|x-correlation-id)$/i

const without = (headers: HeaderList, own: RegExp): HeaderList => headers.filter(([name]) => !own.test(name))
const hash = (bytes: Buffer): string => `${bytes.length}:${createHash('sha256').update(bytes).digest('hex')}`

async function answer(exchange: RawExchange, plan: ExchangePlan): Promise<void> {
  await exchange.body()
  for (const part of plan.responseParts) {
    await exchange.write(part)
    if (plan.responseParts.length > 1) await turn()
  }
  if (plan.upstreamCloses) exchange.fin()
}

async function ask(client: RawClient, plan: ExchangePlan): Promise<RawResponse> {
  for (const part of plan.requestParts) {
    await client.send(part)
    if (plan.requestParts.length > 1) await turn()
  }
  return client.response(plan.method)
}

function sameAbove(plan: ExchangePlan, request: RawRequest | undefined, host: string): void {
  assert.ok(request !== undefined)
  assert.equal(request.method, plan.method)
  assert.equal(request.target, plan.target)
  assert.deepEqual(without(request.headers, OWN_UPSTREAM), plan.requestHeaders)
  assert.equal(hash(request.body), hash(plan.requestBody))
  assert.ok(request.complete)
  assert.deepEqual(request.values('host'), [host])
}

function sameBelow(plan: ExchangePlan, response: RawResponse): void {
  assert.equal(response.status, plan.status)
  assert.equal(response.reason, plan.reason)
  assert.deepEqual(without(response.headers, OWN_DOWNSTREAM), plan.responseHeaders)
  assert.equal(hash(response.body), hash(plan.responseBody))
  assert.ok(response.clean)
  assert.equal(response.header('content-length'), plan.responseLength)
  assert.equal(response.values('x-correlation-id').length, 1)
}

test('generated exchanges are the same on both sides', async (t) => {
  const g = await sameOnBothSides(t, 'legal', {})
  assert.equal(await g.metric('mcp_requests_invalid_total'), 0)
})

test('where invalid requests are only counted, any bytes are the same on both sides', async (t) => {
  const routes = [{ path: '/mcp', invalidRequests: 'count' }]
  const g = await sameOnBothSides(t, 'any', { routes })
  for (const reason of ['parse_error', 'duplicate_key', 'header_mismatch'])
    assert.ok((await g.metric('mcp_requests_invalid_total', { reason })) > 10, reason)
})

function sameOnBothSides(t: TestContext, requests: Requests, settings: Settings): Promise<TestGateway> {
  return seeded(async (random) => {
    t.diagnostic(`seed ${random.seed}, ${EXCHANGES} exchanges`)
    const plans = new Map<string, ExchangePlan>()
    const arrived = new Map<string, RawRequest>()
    const origin = await rawOrigin({
      behaviour: (exchange) => {
        const id = exchange.request.header('x-exchange')
        // The readiness probe.
        if (id === undefined) return exchange.respond()
        assert.ok(!arrived.has(id), `exchange ${id} was sent twice`)
        arrived.set(id, exchange.request)
        return answer(exchange, plans.get(id) as ExchangePlan)
      },
    })
    t.after(() => origin.close())
    const g = await gateway(inFrontOf(`${origin.url}/mcp`, settings))
    t.after(() => g.close())
    let next = 0
    const worker = async (): Promise<void> => {
      let client: RawClient | undefined
      while (next < EXCHANGES) {
        const id = String(next++)
        // A seed of its own: the interleaving of the workers must not change what an exchange is.
        const plan = exchangePlan(new Random(random.seed + Number(id)), id, requests)
        plans.set(id, plan)
        client ??= await rawClient(g.url)
        const response = await ask(client, plan).catch((cause) => {
          throw new Error(`exchange ${id}`, { cause })
        })
        try {
          sameBelow(plan, response)
          sameAbove(plan, arrived.get(id), `127.0.0.1:${origin.port}`)
        } catch (cause) {
          throw new Error(`exchange ${id}: ${(cause as Error).message}`, { cause })
        }
        plans.delete(id)
        if (response.header('connection') !== 'close' && !plan.close) continue
        assert.equal(await client.closed, 'fin', `the connection of exchange ${id}`)
        client.close()
        client = undefined
      }
      client?.close()
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, worker))
    assert.deepEqual(origin.failures, [])
    assert.equal(arrived.size, EXCHANGES)
    await settles(() => g.exchanges.length === EXCHANGES, { what: 'the log' })
    const odd = g.exchanges.filter((line) => line.interrupted === true || !isOfMessages(line))
    assert.deepEqual(odd, [])
    assert.equal(await g.metric('mcp_requests_active'), 0)
    return g
  })
}

/** What the bytes say, which here is anything; nothing that the wire or the gateway did. */
function isOfMessages({ outcome, 'error.type': type }: LogLine): boolean {
  if (outcome === 'upstream_reset') return type === 'no_response'
  return ['ok', 'tool_error', 'jsonrpc_error', 'http_error', 'unknown'].includes(String(outcome))
}
