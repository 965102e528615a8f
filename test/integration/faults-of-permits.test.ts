/** Permits: calls wait in a bounded line, streams do not starve calls, and whoever leaves the line frees its place. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chunks, OK_BODY, sseHead } from '../support/fault-parts.ts'
import { settles } from '../support/measure.ts'
import type { Behaviour } from '../support/raw-origin.ts'
import { assertRpcError, type Stage, stage } from './faults-stage.ts'

/** Answers when the test says so. */
function gated(): { readonly behaviour: Behaviour; open(): void } {
  let open: () => void = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const behaviour: Behaviour = async (x) => {
    await Promise.race([opened, x.closed])
    if (!x.gone) await x.respond({ body: OK_BODY })
  }
  return { behaviour, open: () => open() }
}

const holdsStream: Behaviour = async (x) => {
  await x.write(sseHead)
  await x.write(chunks(1))
  await x.closed
}

const waiting = (s: Stage, count: number) =>
  settles(async () => (await s.gateway.metric('mcp_pool_pending')) === count, { what: `${count} in line` })

const LONG = { deadlines: { responseHead: '1h' } }

test('a call beyond the limit waits for its turn and passes, first come first served', async (t) => {
  const gate = gated()
  const s = await stage(t, { ...LONG, permits: { calls: 1, queue: 5 }, origin: { named: { gated: gate.behaviour } } })
  const first = s.ask('first', { behaviour: 'gated' })
  await s.arrived('first')
  const second = s.ask('second')
  await waiting(s, 1)
  const third = s.ask('third')
  await waiting(s, 2)
  assert.equal(s.hits('second').length, 0)
  gate.open()
  for (const response of await Promise.all([first, second, third])) assert.equal(response.status, 200)
  const order = s.origin.requests.map((request) => request.header('x-tag')).filter((tag) => tag !== undefined)
  assert.deepEqual(order, ['first', 'second', 'third'])
  assert.equal(await s.gateway.metric('mcp_pool_wait_duration_seconds_count'), 3)
  await s.endedAll(3)
  await s.settled()
  await s.countedOnce()
})

test('a full line is answered with 503 and Retry-After', async (t) => {
  const gate = gated()
  const s = await stage(t, { ...LONG, permits: { calls: 1, queue: 1 }, origin: { named: { gated: gate.behaviour } } })
  const first = s.ask('first', { behaviour: 'gated' })
  await s.arrived('first')
  const second = s.ask('second')
  await waiting(s, 1)
  const refused = await s.ask('third')
  assertRpcError(refused, 'queue_full')
  assert.equal(refused.header('retry-after'), '1')
  assert.equal((await s.ended()).outcome, 'refused')
  assert.equal(await s.gateway.metric('mcp_pool_rejected_total', { reason: 'queue_full' }), 1)
  gate.open()
  assert.equal((await first).status, 200)
  assert.equal((await second).status, 200)
  assert.equal(s.hits('third').length, 0)
  await s.endedAll(2)
  await s.settled()
  await s.serves()
  await s.countedOnce()
})

test('a call that waits too long is answered with 503', async (t) => {
  const gate = gated()
  const s = await stage(t, {
    ...LONG,
    permits: { calls: 1, queue: 5, queueTimeout: '100ms' },
    origin: { named: { gated: gate.behaviour } },
  })
  const first = s.ask('first', { behaviour: 'gated' })
  await s.arrived('first')
  const refused = await s.ask('second')
  assertRpcError(refused, 'queue_timeout')
  assert.equal(refused.header('retry-after'), '1')
  const line = await s.ended()
  assert.equal(line.outcome, 'refused')
  assert.ok(Number(line.duration_ms) >= 95)
  gate.open()
  assert.equal((await first).status, 200)
  assert.equal(s.hits('second').length, 0)
  assert.equal((await s.ended()).outcome, 'ok')
  await s.settled()
  await s.serves()
  await s.countedOnce()
})

for (const end of ['fin', 'reset'] as const) {
  test(`a downstream that leaves the line frees its place and never reaches the upstream (${end})`, async (t) => {
    const gate = gated()
    const s = await stage(t, { ...LONG, permits: { calls: 1, queue: 1 }, origin: { named: { gated: gate.behaviour } } })
    const first = s.ask('first', { behaviour: 'gated' })
    await s.arrived('first')
    const client = await s.client()
    await client.send(s.bytes('leaves'))
    await waiting(s, 1)
    client[end]()
    assert.equal((await s.ended()).outcome, 'downstream_closed')
    await waiting(s, 0)
    const third = s.ask('third')
    await waiting(s, 1)
    gate.open()
    assert.equal((await first).status, 200)
    assert.equal((await third).status, 200)
    assert.equal(s.hits('leaves').length, 0)
    await s.endedAll(2)
    await s.settled()
    await s.countedOnce()
  })
}

test('open streams leave the calls their permits, and are bounded themselves', async (t) => {
  const s = await stage(t, { permits: { calls: 1, streams: 3, queue: 0 }, origin: { named: { stream: holdsStream } } })
  const open = []
  for (const index of [0, 1, 2]) {
    const client = await s.client()
    await client.send(s.bytes(`stream-${index}`, { method: 'GET', behaviour: 'stream' }))
    await (await client.head('GET')).incoming.next()
    open.push(client)
  }
  assert.equal(await s.gateway.metric('mcp_pool_streams_active'), 3)
  for (let index = 0; index < 5; index++) await s.serves()
  const refused = await s.ask('one-too-many', { method: 'GET', behaviour: 'stream' })
  assertRpcError(refused, 'streams_full', null)
  assert.equal(refused.header('retry-after'), '1')
  assert.equal((await s.ended()).outcome, 'refused')
  assert.equal(s.hits('one-too-many').length, 1)
  await s.serves()

  open[0]?.close()
  assert.equal((await s.ended()).outcome, 'downstream_closed')
  const client = await s.client()
  await client.send(s.bytes('in-its-place', { behaviour: 'stream' }))
  assert.equal((await client.head()).status, 200)
  for (const each of [client, ...open.slice(1)]) each.close()
  for (const { outcome } of await s.endedAll(3)) assert.equal(outcome, 'downstream_closed')
  await s.settled()
  await s.countedOnce()
})

test('a stream that starts lets the next call in line go', async (t) => {
  const s = await stage(t, {
    permits: { calls: 1, streams: 1, queue: 1 },
    origin: {
      named: {
        late: async (x) => {
          await x.pause(100)
          await holdsStream(x)
        },
      },
    },
  })
  const client = await s.client()
  await client.send(s.bytes('stream', { method: 'GET', behaviour: 'late' }))
  await s.arrived('stream')
  const call = s.ask('call')
  await waiting(s, 1)
  assert.equal((await call).status, 200)
  assert.equal(client.end, undefined)
  client.close()
  await s.endedAll(2)
  await s.settled()
})

test('a fault gives its permit back, whatever it is', async (t) => {
  const s = await stage(t, {
    permits: { calls: 1, queue: 1 },
    origin: {
      named: {
        resets: (x) => x.reset(),
        hangs: async (x) => void (await x.closed),
        garbage: async (x) => void (await x.write('garbage\r\n\r\n')),
      },
    },
  })
  for (const behaviour of ['resets', 'hangs', 'garbage']) {
    const failing = s.ask(behaviour, { behaviour })
    await s.arrived(behaviour)
    const next = s.ask(`after-${behaviour}`)
    assert.ok((await failing).status >= 500)
    assert.equal((await next).status, 200)
  }
  await s.endedAll(6)
  await s.settled()
  await s.countedOnce()
})
