/** Upstreams that close connections which the gateway keeps: nothing is lost that need not be, and nothing is sent twice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OK_BODY, okHead } from '../support/fault-parts.ts'
import { settles } from '../support/measure.ts'
import { seeded } from '../support/random.ts'
import { assertRpcError, CALL, CALL_ID, stage } from './faults-stage.ts'

const REQUESTS = 200

test('an upstream that closes after each response without saying so loses no request', async (t) => {
  const s = await stage(t, {
    origin: {
      named: {
        once: async (x) => {
          await x.body()
          await x.write(Buffer.concat([okHead, Buffer.from(OK_BODY)]))
          x.fin()
        },
      },
    },
  })
  const client = await s.client()
  for (let index = 0; index < REQUESTS; index++) {
    await client.send(s.bytes(`once-${index}`, { behaviour: 'once' }))
    const response = await client.response()
    assert.equal(response.status, 200, `request ${index}: ${response.body}`)
    assert.equal(s.hits(`once-${index}`).length, 1)
  }
  for (const { outcome } of await s.endedAll(REQUESTS)) assert.equal(outcome, 'ok')
  await s.settled()
  await s.countedOnce()
})

test('an upstream that resets after each response loses no request that comes after the reset', async (t) => {
  const s = await stage(t, {
    origin: {
      named: {
        once: async (x) => {
          await x.respond({ body: OK_BODY })
          await x.pause(5)
          x.reset()
        },
      },
    },
  })
  for (let index = 0; index < 30; index++) {
    const response = await s.ask(`reset-${index}`, { behaviour: 'once' })
    assert.equal(response.status, 200)
    await settles(async () => (await s.gateway.metric('mcp_pool_connections_idle')) === 0)
  }
  for (const { outcome } of await s.endedAll(30)) assert.equal(outcome, 'ok')
  await s.settled()
  await s.countedOnce()
})

test('a connection that closes while idle is not used again', async (t) => {
  const s = await stage(t)
  for (const end of ['fin', 'reset'] as const) {
    await s.serves()
    await settles(() => s.origin.open === 1)
    for (const connection of s.origin.connections) connection.wire[end]()
    await settles(async () => (await s.gateway.metric('mcp_pool_connections_idle')) === 0)
  }
  await s.serves()
  await s.settled()
})

test('an upstream that closes at random moments never gets a POST twice', async (t) => {
  await seeded(async (random) => {
    const s = await stage(t, {
      origin: {
        named: {
          random: async (x) => {
            await x.respond({ body: OK_BODY })
            if (random.chance(0.5)) return
            await x.pause(random.fraction() * 3)
            if (random.chance(0.5)) x.fin()
            else x.reset()
          },
        },
      },
    })
    const client = await s.client()
    let served = 0
    for (let index = 0; index < 2 * REQUESTS; index++) {
      const tag = `random-${index}`
      await client.send(s.bytes(tag, { behaviour: 'random' }))
      const response = await client.response()
      if (response.status === 200) served++
      else assertRpcError(response, 'upstream_reset')
      assert.ok(s.hits(tag).length <= 1, `${tag} arrived ${s.hits(tag).length} times`)
      if (response.status === 200) assert.equal(s.hits(tag).length, 1)
      if (random.chance(0.3)) await new Promise((resolve) => setTimeout(resolve, random.fraction() * 4))
    }
    assert.ok(served > REQUESTS, `only ${served} were served`)
    const lines = await s.endedAll(2 * REQUESTS)
    assert.equal(lines.filter(({ outcome }) => outcome === 'ok').length, served)
    await s.settled()
    await s.countedOnce()
  })
})

test('an upstream that closes as the next request is written fails it once and does not get it again', async (t) => {
  const s = await stage(t)
  let resets = 0
  s.origin.behaviour = async (x) => {
    await x.respond({ body: OK_BODY })
    // The request that comes next has been sent: whether it was acted upon, nobody can know.
    if (x.request.header('x-tag') === 'first' && (await x.nextBytes())) {
      resets++
      x.reset()
    }
  }
  for (const behaviour of ['POST', 'GET', 'DELETE']) {
    assert.equal((await s.ask('first')).status, 200)
    const response = await s.ask(`second-${behaviour}`, { method: behaviour })
    assertRpcError(response, 'upstream_reset', behaviour === 'POST' ? CALL_ID : null)
    assert.equal(s.hits(`second-${behaviour}`).length, 0)
  }
  assert.equal(resets, 3)
  assert.equal(await s.gateway.metric('mcp_upstream_retries_total'), 0)
  const lines = await s.endedAll(6)
  assert.deepEqual(
    lines.map(({ outcome }) => outcome),
    ['ok', 'upstream_reset', 'ok', 'upstream_reset', 'ok', 'upstream_reset'],
  )
  await s.settled()
})

test('a second response that nobody asked for never answers the next request, also not one that waits in line', async (t) => {
  const forged = OK_BODY.replace('1', '9')
  const s = await stage(t, {
    permits: { calls: 1 },
    origin: {
      named: {
        twice: async (x) => {
          await x.body()
          await x.pause(60)
          await x.write(Buffer.concat([okHead, Buffer.from(OK_BODY), okHead, Buffer.from(forged)]))
        },
      },
    },
  })
  const first = s.ask('first', { behaviour: 'twice' })
  await s.arrived('first')
  const second = s.ask('second')
  await settles(async () => (await s.gateway.metric('mcp_pool_pending')) === 1)
  assert.equal((await first).body.toString(), OK_BODY)
  const answer = await second
  assert.equal(answer.status, 200)
  assert.equal(answer.body.toString(), OK_BODY)
  assert.equal(s.hits('second').length, 1)
  assert.equal(s.hits('second')[0]?.body.toString(), CALL)
  await s.endedAll(2)
  await s.settled()
})
