/** Upstream connections that cannot be made, and deadlines: what ends an exchange, and what must not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { blackHole } from '../support/black-hole.ts'
import { answerChunk, chunks, JSON_TYPE, longHead, OK_BODY, sseHead } from '../support/fault-parts.ts'
import { headBytes } from '../support/http-head.ts'
import { rawOrigin } from '../support/raw-origin.ts'
import { assertRpcError, stage } from './faults-stage.ts'

test('a refused port is 502, tried twice because nothing was sent', async (t) => {
  const closed = await rawOrigin()
  const s = await stage(t, { upstreamUrl: `${closed.url}/mcp` })
  await closed.close()
  assertRpcError(await s.ask('refused'), 'upstream_unreachable')
  const line = await s.ended()
  assert.equal(line.outcome, 'upstream_unreachable')
  assert.equal(line['error.type'], 'upstream_unreachable')
  assert.equal(await s.gateway.metric('mcp_upstream_retries_total'), 1)
  await s.settled()
  await s.countedOnce()
})

test('a refused port that opens again is served at once', async (t) => {
  const s = await stage(t)
  await s.origin.refuse()
  assertRpcError(await s.ask('refused'), 'upstream_unreachable')
  assert.equal((await s.ended()).outcome, 'upstream_unreachable')
  await s.origin.listen()
  await s.serves()
  await s.settled()
})

test('an upstream that does not accept is 504 at the connect deadline, is tried once, and keeps no socket', async (t) => {
  const hole = await blackHole()
  t.after(() => hole.close())
  const s = await stage(t, { upstreamUrl: `${hole.url}/mcp` })
  const asked = performance.now()
  assertRpcError(await s.ask('hole'), 'upstream_connect_timeout')
  assert.ok(performance.now() - asked >= 290, 'not before the deadline')
  assert.equal((await s.ended()).outcome, 'upstream_unreachable')
  assert.equal(await s.gateway.metric('mcp_upstream_retries_total'), 0, 'a second try would cost a second deadline')
  await s.settled()
  await s.countedOnce()
})

test('a downstream that leaves while its upstream connects ends the exchange at once', async (t) => {
  const hole = await blackHole()
  t.after(() => hole.close())
  const s = await stage(t, { upstreamUrl: `${hole.url}/mcp`, deadlines: { connect: '1h' } })
  for (const how of ['fin', 'reset'] as const) {
    const client = await s.client()
    await client.send(s.bytes(how))
    await delay(60)
    assert.equal(await s.gateway.metric('mcp_pool_connections_active'), 1)
    client[how]()
    assert.equal((await s.ended()).outcome, 'downstream_closed')
    await s.settled()
  }
  await s.countedOnce()
})

test('a response head that does not come is 504 at the deadline, and the upstream connection is closed', async (t) => {
  const s = await stage(t, { origin: { named: { hang: async (x) => void (await x.closed) } } })
  for (const method of ['POST', 'GET']) {
    const response = await s.ask(`hang-${method}`, { method, behaviour: 'hang' })
    assertRpcError(response, 'upstream_timeout', method === 'POST' ? 'call-77' : null)
    assert.equal((await s.ended()).outcome, 'timeout')
    assert.equal(s.hits(`hang-${method}`).length, 1)
    await s.settled()
  }
  await s.serves()
})

test('a JSON body that stops is broken at the idle deadline', async (t) => {
  const s = await stage(t, {
    origin: {
      named: {
        stop: async (x) => {
          await x.write(longHead)
          await x.write('{"part":')
          await x.closed
        },
      },
    },
  })
  const response = await s.ask('stop', { behaviour: 'stop' })
  assert.equal(response.status, 200)
  assert.equal(response.clean, false)
  assert.equal(response.body.toString(), '{"part":')
  const line = await s.ended()
  assert.equal(line.outcome, 'timeout')
  assert.equal(line['error.type'], 'upstream_timeout')
  assert.equal(line.interrupted, true)
  await s.settled()
  await s.serves()
})

test('a JSON body that drips faster than the idle deadline passes, however long it takes', async (t) => {
  const s = await stage(t, {
    origin: {
      named: {
        drip: async (x) => {
          await x.write(headBytes('HTTP/1.1 200 OK', [JSON_TYPE, ['Content-Length', String(OK_BODY.length)]]))
          for (let from = 0; from < OK_BODY.length; from += 6) {
            await x.write(OK_BODY.slice(from, from + 6))
            await x.pause(100)
          }
        },
      },
    },
    deadlines: { bodyIdle: '350ms' },
  })
  const response = await s.ask('drip', { behaviour: 'drip' })
  assert.equal(response.body.toString(), OK_BODY)
  assert.ok(response.clean)
  const line = await s.ended()
  assert.equal(line.outcome, 'ok')
  assert.ok(Number(line.duration_ms) > 500, 'it took longer than the deadline')
})

test('an event stream that says nothing is not cut by the idle deadline', async (t) => {
  const s = await stage(t, {
    origin: {
      named: {
        quiet: async (x) => {
          await x.write(sseHead)
          await x.pause(700)
          await x.write(chunks(2))
          await x.write(answerChunk)
          await x.lastChunk()
        },
      },
    },
  })
  for (const method of ['GET', 'POST']) {
    const response = await s.ask(`quiet-${method}`, { method, behaviour: 'quiet' })
    assert.ok(response.clean)
    assert.equal(response.body.toString().split('\n\n').length, 4)
    assert.equal((await s.ended()).outcome, 'ok')
  }
  await s.settled()
})

test('a JSON body that a slow downstream holds up is not idle', async (t) => {
  const size = 24 * 1024 * 1024
  const [start, end] = [OK_BODY.slice(0, -1), '}']
  const s = await stage(t, {
    origin: {
      named: {
        large: async (x) => {
          await x.head(200, [JSON_TYPE, ['Content-Length', String(size)]])
          await x.write(start)
          const piece = Buffer.alloc(65_536, ' ')
          const last = size - end.length
          for (
            let sent = start.length;
            sent < last && (await x.write(piece.subarray(0, last - sent)));
            sent += piece.length
          );
          await x.write(end)
        },
      },
    },
  })
  const client = await s.client()
  await client.send(s.bytes('slow', { behaviour: 'large' }))
  const open = await client.head()
  client.hold()
  // More than three times the idle deadline.
  await delay(700)
  assert.equal(s.gateway.exchanges.length, 0, 'it still goes on')
  client.release()
  await open.incoming.rest({ keep: false })
  assert.equal(open.incoming.bytes, size)
  assert.equal(open.incoming.end, 'length')
  assert.equal((await s.ended()).outcome, 'ok')
  await s.settled()
})
