/** Every fault of an origin, met through passthrough, has the answer that it has on MCP routes, and the outcome that HTTP alone tells. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDiscreet, assertRpcError, DEADLINES, type Stage, stage } from '../integration/faults-stage.ts'
import { certificateAuthority, pemFolder, selfSigned } from '../support/certificates.ts'
import type { Fault } from '../support/fault-parts.ts'
import { faultBehaviours, faults } from '../support/faults.ts'
import { settles } from '../support/measure.ts'
import { rawOrigin } from '../support/raw-origin.ts'

const UPSTREAM_CODES = ['upstream_unreachable', 'upstream_timeout', 'upstream_reset', 'upstream_invalid'] as const
const target = '/pass/thing'
const routes = [{ path: '/mcp', passthrough: ['/pass/*'], deadlines: DEADLINES }]

test('every fault of an origin', async (t) => {
  const s = await stage(t, { origin: { named: faultBehaviours }, settings: { routes } })
  for (const fault of faults) {
    await t.test(fault.name, async () => {
      await s.catchUp()
      await forgotten(s)
      s.origin.onConnection = fault.onConnection
      await (fault.expect.end === 'none' ? holdsOpen(s, fault) : answers(s, fault))
      s.origin.onConnection = undefined
      assert.equal(s.hits(fault.name).length, fault.expect.hits)
      await s.settled()
      if (fault.spoilsConnection) await forgotten(s)
      assert.equal((await s.ask('still-serving', { target })).status, 200)
    })
  }
})

/** No request to come meets a connection of one before. */
async function forgotten(s: Stage): Promise<void> {
  s.origin.resetAll()
  await settles(async () => (await s.gateway.metric('mcp_pool_connections_idle')) === 0)
}

async function answers(s: Stage, { name, expect, method = 'POST' }: Fault): Promise<void> {
  const response = await s.ask(name, { target, method, behaviour: name })
  assert.ok(expect.statuses.includes(response.status), `status ${response.status}, expected ${expect.statuses}`)
  assert.equal(response.clean, expect.end === 'clean', `clean: ${response.clean}`)
  if (response.status === 502 || response.status === 504) assertRpcError(response, UPSTREAM_CODES, null)
  else if (expect.body !== undefined) assert.equal(response.body.toString(), expect.body)
  if (response.status >= 500) assertDiscreet(response.rawHead.toString())
  const { outcome } = await s.ended()
  const outcomes: readonly unknown[] = expect.unseen ?? expect.outcomes
  assert.ok(outcomes.includes(outcome), `outcome ${outcome}, expected ${outcomes}`)
}

async function holdsOpen(s: Stage, { name, expect, method = 'GET' }: Fault): Promise<void> {
  const client = await s.client()
  await client.send(s.bytes(name, { target, method, behaviour: name }))
  assert.ok(expect.statuses.includes((await client.head(method)).status))
  client.close()
  assert.equal((await s.ended()).outcome, 'downstream_closed')
}

test('an upstream whose certificate does not hold is refused, and one that does is not', async (t) => {
  const folder = await pemFolder()
  t.after(() => folder.remove())
  const authority = await certificateAuthority()
  const ca = await folder.write('ca.crt', authority.cert)
  const cases = {
    good: await authority.issue({ name: 'origin', ip: ['127.0.0.1'] }),
    'wrong name': await authority.issue({ name: 'elsewhere.example.com' }),
    'self-signed': await selfSigned({ name: 'origin', ip: ['127.0.0.1'] }),
  }
  for (const [name, certificate] of Object.entries(cases)) {
    await t.test(name, async (t2) => {
      const origin = await rawOrigin({ tls: certificate })
      t2.after(() => origin.close())
      const upstreams = { upstream: { url: `${origin.url}/mcp`, tls: { ca }, probe: { interval: '1h' } } }
      const s = await stage(t2, { upstreamUrl: origin.url, settings: { upstreams, routes } })
      // A foreign Host must not become the name that is verified.
      const response = await s.ask(name, { target, method: 'GET', host: 'localhost' })
      if (name === 'good') assert.equal(response.status, 200)
      else assertRpcError(response, 'upstream_tls', null)
      assert.equal(
        origin.requests.filter((request) => request.header('x-tag') !== undefined).length,
        name === 'good' ? 1 : 0,
      )
    })
  }
})
