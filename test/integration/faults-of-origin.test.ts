/** Every fault of an origin, by the table: status, error, hits, outcome, no leak, and that the gateway serves on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fault } from '../support/fault-parts.ts'
import { faultBehaviours, faults } from '../support/faults.ts'
import { settles } from '../support/measure.ts'
import type { RawResponse } from '../support/raw-client.ts'
import { assertDiscreet, assertRpcError, type Stage, stage } from './faults-stage.ts'

const UPSTREAM_CODES = ['upstream_unreachable', 'upstream_timeout', 'upstream_reset', 'upstream_invalid'] as const

test('every fault of an origin has its truthful answer and outcome', async (t) => {
  const s = await stage(t, { origin: { named: faultBehaviours } })
  for (const fault of faults) {
    await t.test(fault.name, async () => {
      await s.catchUp()
      if (fault.expect.end === 'none') await holdsOpen(s, fault)
      else await answers(s, fault)
      assert.equal(s.hits(fault.name).length, fault.expect.hits)
      await s.settled()
      if (fault.spoilsConnection) await spoiled(s, fault)
      await s.serves()
      await s.countedOnce(false)
    })
  }
})

async function answers(s: Stage, fault: Fault): Promise<void> {
  const { expect, method = 'POST' } = fault
  s.origin.resetAll()
  await settles(async () => (await s.gateway.metric('mcp_pool_connections_idle')) === 0)
  s.origin.onConnection = fault.onConnection
  const response = await s.ask(fault.name, { method, behaviour: fault.name })
  s.origin.onConnection = undefined
  assert.ok(expect.statuses.includes(response.status), `status ${response.status}, expected ${expect.statuses}`)
  assert.equal(response.clean, expect.end === 'clean', `clean: ${response.clean}`)
  const line = await s.ended()
  assert.ok(
    (expect.outcomes as readonly unknown[]).includes(line.outcome),
    `outcome ${line.outcome} (${line['error.type']}), expected ${expect.outcomes}`,
  )
  const operations = method === 'POST' ? [expect.operation ?? line.outcome] : []
  assert.deepEqual(await s.operations.ended(), operations, 'how the operation ended')
  assert.equal(line['http.response.status_code'], response.status)
  if (response.status === 502 || response.status === 504) assertRpcError(response, UPSTREAM_CODES, idOf(method))
  else if (expect.body !== undefined) assert.equal(response.body.toString(), expect.body)
  assertBare(response)
}

test('a response head that cannot be written on is 502, and nothing of it is in the answer', async (t) => {
  const heads = [
    'HTTP/1.1 200 Re\u0001ason\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX-Odd: a\u0001b\r\nContent-Length: 0\r\n\r\n',
  ]
  const s = await stage(t)
  for (const [index, head] of heads.entries()) {
    s.origin.next(async (x) => {
      await x.body()
      await x.write(head)
    })
    const response = await s.ask(`odd-${index}`)
    assertRpcError(response, 'upstream_invalid')
    assert.equal(response.reason, 'Bad Gateway')
    assert.equal(response.header('x-odd'), undefined)
    assert.equal((await s.ended()).outcome, 'upstream_reset')
    assert.equal(s.hits(`odd-${index}`).length, 1)
    await s.settled()
  }
  await s.serves()
})

test('a response that is not HTTP is told from a connection that closed', async (t) => {
  const s = await stage(t, { origin: { named: faultBehaviours } })
  for (const name of ['garbage', 'no-status', 'version-9', 'nul-in-header', 'huge-head', 'switching-unasked']) {
    assertRpcError(await s.ask(name, { behaviour: name }), 'upstream_invalid')
    assert.equal((await s.ended())['error.type'], 'upstream_invalid')
  }
  for (const name of ['close-before-head', 'reset-before-head', 'close-mid-head']) {
    assertRpcError(await s.ask(name, { behaviour: name }), 'upstream_reset')
    assert.equal((await s.ended())['error.type'], 'upstream_reset')
  }
  await s.settled()
})

test('a downstream of HTTP/1.0 sees a broken body end by a reset', async (t) => {
  const s = await stage(t, { origin: { named: faultBehaviours } })
  const response = await s.ask('old', { version: 'HTTP/1.0', behaviour: 'close-mid-chunk' })
  assert.equal(response.clean, false)
  assert.equal(response.wireEnd, 'rst')
  assert.equal((await s.ended()).outcome, 'upstream_reset')
  await s.settled()
})

/** A stream goes on until the downstream leaves; then the upstream connection is closed. */
async function holdsOpen(s: Stage, fault: Fault): Promise<void> {
  const { method = 'GET', expect } = fault
  const client = await s.client()
  await client.send(s.bytes(fault.name, { method, behaviour: fault.name }))
  const head = await client.head(method)
  assert.ok(expect.statuses.includes(head.status))
  await new Promise((resolve) => setTimeout(resolve, 400))
  assert.equal(client.end, undefined, 'the stream outlives the idle deadline of bodies')
  client.close()
  assert.equal((await s.ended()).outcome, 'downstream_closed')
}

/** The connection is not used again; where only its use can show that, the request is lost and not sent again. */
async function spoiled(s: Stage, { name }: Fault): Promise<void> {
  if (name === 'reset-on-next-request') {
    assertRpcError(await s.ask('lost'), 'upstream_reset')
    assert.equal((await s.ended()).outcome, 'upstream_reset')
    assert.equal(s.hits('lost').length, 0)
  }
  await settles(async () => (await s.gateway.metric('mcp_pool_connections_idle')) === 0)
}

/** What belongs to the upstream's connection ends at the gateway. */
function assertBare(response: RawResponse): void {
  for (const name of ['trailer', 'proxy-authenticate', 'proxy-connection', 'upgrade', 'x-secret-hop']) {
    assert.equal(response.header(name), undefined, name)
  }
  if (response.status >= 500) assertDiscreet(response.rawHead.toString())
}

const idOf = (method: string): string | null => (method === 'POST' ? 'call-77' : null)
