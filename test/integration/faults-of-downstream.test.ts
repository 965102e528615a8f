/** Downstreams that leave, wherever they are, by FIN and by RST: the upstream learns of it at once, and nothing is held. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { CALL_ID, chunks, JSON_TYPE, longHead, OK_BODY, okHead, sseHead } from '../support/fault-parts.ts'
import { settles } from '../support/measure.ts'
import { requestBytes } from '../support/raw-client.ts'
import type { Behaviour } from '../support/raw-origin.ts'
import { CALL, type Stage, stage } from './faults-stage.ts'

const ENDS = ['fin', 'reset', 'close'] as const

/** Longer than any time in which the upstream should have learnt of it, shorter than any deadline here. */
const FAR = '1h'
const patient = { deadlines: { connect: FAR, responseHead: FAR, bodyIdle: FAR } }

/** Says what it has to say and waits for the peer's end. */
const then =
  (...parts: readonly (string | Uint8Array)[]): Behaviour =>
  async (x) => {
    await x.body()
    for (const part of parts) await x.write(part)
    await x.closed
  }

const named = { waits: then(), midBody: then(longHead, '{"part":'), midStream: then(sseHead, chunks(2)) }

for (const end of ENDS) {
  test(`a downstream that leaves amid its request head reaches nothing (${end})`, async (t) => {
    const s = await stage(t)
    for (const part of ['', 'POST /m', 'POST /mcp HTTP/1.1\r\nHost: localh']) {
      const client = await s.client()
      await client.send(part)
      await delay(10)
      client[end]()
    }
    await s.settled()
    assert.equal(s.gateway.exchanges.length, 0)
    await s.serves()
    await s.countedOnce()
  })

  test(`a downstream that leaves amid its request body reaches nothing (${end})`, async (t) => {
    const s = await stage(t)
    const whole = s.bytes('half')
    for (const cut of [whole.length - CALL.length, whole.length - 1]) {
      const client = await s.client()
      await client.send(whole.subarray(0, cut))
      await settles(async () => (await s.gateway.metric('mcp_requests_active')) === 1)
      client[end]()
      const line = await s.ended()
      assert.equal(line.outcome, 'downstream_closed')
      assert.equal(line['http.response.status_code'], undefined)
      assert.match(String(line.correlation_id), /^[\w-]{36}$/)
    }
    assert.equal(s.hits('half').length, 0)
    await s.settled()
    await s.countedOnce()
  })

  test(`a downstream that leaves before the response head closes the upstream connection (${end})`, async (t) => {
    const s = await stage(t, { origin: { named }, ...patient })
    for (const method of ['POST', 'GET', 'DELETE']) {
      const client = await s.client()
      await client.send(s.bytes(method, { method, behaviour: 'waits' }))
      await s.arrived(method)
      await upstreamLearns(s, () => client[end]())
      const line = await s.ended()
      assert.equal(line.outcome, 'downstream_closed')
      assert.equal(line['http.response.status_code'], undefined)
      assert.equal(s.hits(method).length, 1)
    }
    await s.settled()
    await s.countedOnce()
  })

  test(`a downstream that leaves amid a body or a stream closes the upstream connection (${end})`, async (t) => {
    const s = await stage(t, { origin: { named }, ...patient })
    for (const behaviour of ['midBody', 'midStream']) {
      const client = await s.client()
      await client.send(s.bytes(behaviour, { behaviour }))
      const open = await client.head()
      await open.incoming.next()
      await upstreamLearns(s, () => client[end]())
      const line = await s.ended()
      assert.equal(line.outcome, 'downstream_closed')
      assert.equal(line['http.response.status_code'], 200)
      assert.equal(line.interrupted, true)
      assert.equal(s.hits(behaviour).length, 1)
    }
    await s.settled()
    await s.countedOnce()
  })

  test(`a downstream that leaves after the last byte had its answer (${end})`, async (t) => {
    const s = await stage(t)
    const client = await s.client()
    await client.send(s.bytes('whole'))
    assert.equal((await client.response()).body.toString(), OK_BODY)
    client[end]()
    assert.equal((await s.ended()).outcome, 'ok')
    await s.settled()
    assert.equal(await s.gateway.metric('mcp_pool_connections_idle'), 1, 'the upstream connection is kept')
    await s.countedOnce()
  })
}

test('a downstream that leaves while it does not read closes the upstream connection', async (t) => {
  const piece = Buffer.alloc(65_536, 'x')
  const s = await stage(t, {
    ...patient,
    origin: {
      named: {
        endless: async (x) => {
          await x.head(200, [JSON_TYPE, ['Content-Length', String(2 ** 40)]])
          while (await x.write(piece));
        },
      },
    },
  })
  for (const end of ['reset', 'close'] as const) {
    const client = await s.client()
    await client.send(s.bytes(end, { behaviour: 'endless' }))
    await client.head()
    client.hold()
    const origin = await s.arrived(end)
    await stopsReading(() => s.origin.connections.at(-1)?.wire.socket.writableNeedDrain === true)
    assert.equal(origin.complete, true)
    await upstreamLearns(s, () => client[end]())
    assert.equal((await s.ended()).outcome, 'downstream_closed')
  }
  await s.settled()
})

const LATE_BODY = JSON.stringify({ jsonrpc: '2.0', id: CALL_ID, result: 'late' })

test('pipelined requests are answered in order, each once', async (t) => {
  const s = await stage(t, {
    origin: {
      named: {
        late: async (x) => {
          await x.pause(80)
          await x.respond({ body: LATE_BODY })
        },
      },
    },
  })
  const client = await s.client()
  await client.send(Buffer.concat([s.bytes('a', { behaviour: 'late' }), s.bytes('b'), s.bytes('c')]))
  assert.equal((await client.response()).body.toString(), LATE_BODY)
  assert.equal((await client.response()).body.toString(), OK_BODY)
  assert.equal((await client.response()).body.toString(), OK_BODY)
  for (const { outcome } of await s.endedAll(3)) assert.equal(outcome, 'ok')
  for (const tag of ['a', 'b', 'c']) assert.equal(s.hits(tag).length, 1)
  await s.settled()
})

for (const end of ENDS) {
  test(`a downstream that leaves behind pipelined requests ends each of them (${end})`, async (t) => {
    const s = await stage(t, { origin: { named }, ...patient })
    const client = await s.client()
    const tags = ['waits', 'midBody', 'midStream']
    await client.send(Buffer.concat(tags.map((tag) => s.bytes(tag, { behaviour: tag }))))
    for (const tag of tags) await s.arrived(tag)
    await delay(20)
    client[end]()
    for (const { outcome } of await s.endedAll(3)) assert.equal(outcome, 'downstream_closed')
    await s.settled()
    await s.countedOnce()
  })
}

test('a pipelined response that breaks comes behind the whole one before it, and is broken', async (t) => {
  const s = await stage(t, {
    ...patient,
    origin: {
      named: {
        late: async (x) => {
          await x.pause(120)
          await x.write(Buffer.concat([okHead, Buffer.from(OK_BODY)]))
        },
        breaks: async (x) => {
          await x.write(longHead)
          await x.write('{"part":')
          await x.pause(10)
          x.reset()
        },
      },
    },
  })
  const client = await s.client()
  await client.send(Buffer.concat([s.bytes('late', { behaviour: 'late' }), s.bytes('breaks', { behaviour: 'breaks' })]))
  assert.equal((await client.response()).body.toString(), OK_BODY)
  const broken = await client.response()
  assert.equal(broken.status, 200)
  assert.equal(broken.clean, false)
  const outcomes = (await s.endedAll(2)).map(({ outcome }) => outcome)
  assert.deepEqual(outcomes, ['ok', 'upstream_reset'])
  await s.settled()
})

test('a downstream that closes its sending side alone has left', async (t) => {
  const s = await stage(t, { origin: { named }, ...patient })
  const client = await s.client()
  await client.send(
    requestBytes({
      headers: [
        ['X-Tag', 'half-open'],
        ['X-Behaviour', 'waits'],
      ],
      body: CALL,
    }),
  )
  await s.arrived('half-open')
  await upstreamLearns(s, () => client.fin())
  assert.equal(await client.closed, 'fin')
  assert.equal((await s.ended()).outcome, 'downstream_closed')
  await s.settled()
})

/** The upstream sees its connection end, without any response to wait for. */
async function upstreamLearns(s: Stage, leave: () => void): Promise<void> {
  const connection = s.origin.connections.at(-1)
  assert.equal(connection?.end, undefined, 'the upstream connection is open before')
  const left = performance.now()
  leave()
  await settles(() => connection?.end !== undefined || connection?.wire.writable === false, {
    what: 'the end of the upstream connection',
    every: 1,
  })
  const took = (connection?.wire.endedAt ?? performance.now()) - left
  // The design says 50 ms; a machine that is shared may need more, a deadline would need an hour.
  assert.ok(took < 2_000, `the upstream learnt of it after ${took} ms`)
}

async function stopsReading(blocked: () => boolean): Promise<void> {
  await settles(blocked, { what: 'back-pressure at the upstream' })
  await delay(50)
}
