/** Thousands of random faults from both sides at once, against the real program: it stays whole and counts each once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { CALL_ID, OK_BODY, sseEvent } from '../support/fault-parts.ts'
import { faultBehaviours } from '../support/faults.ts'
import { gatewayProcess } from '../support/gateway.ts'
import { HEAP_PROBE, liveHeap } from '../support/live-heap.ts'
import { processUse, settles } from '../support/measure.ts'
import { type Random, seeded } from '../support/random.ts'
import { type RawClient, rawClient, requestBytes } from '../support/raw-client.ts'
import type { Behaviour } from '../support/raw-origin.ts'
import { rawOrigin } from '../support/raw-origin.ts'
import { smugglingShapes } from '../support/smuggling.ts'

const REQUESTS = 3_000
const AT_ONCE = 48
/** The storm ends here even on a slow machine: what was sent by then is what is judged. Milliseconds. */
const BOUND = 15_000
const CALL = JSON.stringify({ jsonrpc: '2.0', id: CALL_ID, method: 'ping' })

const behaviours: Readonly<Record<string, Behaviour>> = {
  ...faultBehaviours,
  fine: (x) => x.respond({ body: OK_BODY }),
  stream: async (x) => {
    await x.openStream()
    for (let index = 0; index < 5 && (await x.chunk(sseEvent(index))); index++) await x.pause(1)
    await x.chunk(`data: ${OK_BODY}\n\n`)
    await x.lastChunk()
  },
}
// Floods and hangs take their time, so they come seldom.
const SLOW = new Set(['hang-before-head', 'hang-mid-head', 'hang-mid-body', 'drip', 'endless-head', 'huge-head'])
const QUICK = Object.keys(behaviours).filter((name) => !SLOW.has(name))

/** MB; 2,000 exchanges that leave 3 kB each behind are found, and a function that was just compiled is not. */
const HEAP_GROWTH = 5

/** What became of one request, as far as its sender can tell. */
interface Sent {
  readonly id: string
  /** The gateway has certainly seen its whole head. */
  readonly certain: boolean
}

test('a storm of faults leaves the process whole, and every exchange counted once', async (t) => {
  await seeded(async (random) => {
    const origin = await rawOrigin({ named: behaviours, behaviour: behaviours.fine as Behaviour })
    t.after(() => origin.close())
    const g = await gatewayProcess([], {
      env: HEAP_PROBE,
      settings: {
        upstreams: {
          upstream: {
            url: `${origin.url}/mcp`,
            limits: { calls: 24, streams: 8, queue: 16, queueTimeout: '200ms' },
            probe: { interval: '1h' },
          },
        },
        routes: [
          {
            path: '/mcp',
            upstream: 'upstream',
            deadlines: { connect: '1s', responseHead: '300ms', bodyIdle: '200ms' },
          },
        ],
        limits: { headTimeout: '500ms', bodyTimeout: '1s', requestBytes: '64KiB' },
      },
    })
    t.after(() => g.close())
    const sent = await storm(g.url, random, REQUESTS / 3)
    await calm(g)
    const before = { heap: await liveHeap(g), descriptors: (await processUse(g.pid)).descriptors }
    sent.push(...(await storm(g.url, random, (2 * REQUESTS) / 3)))
    await calm(g)

    const total = await g.metric('mcp_requests_total')
    await settles(() => g.log.filter((line) => line.msg === 'exchange').length === total)
    const lines = g.log.filter((line) => line.msg === 'exchange')
    const seen = new Map<string, number>()
    for (const line of lines) seen.set(String(line.correlation_id), (seen.get(String(line.correlation_id)) ?? 0) + 1)
    for (const { id, certain } of sent) {
      const count = seen.get(id) ?? 0
      assert.ok(count === 1 || (count === 0 && !certain), `${id} was counted ${count} times`)
    }
    const outcomes = new Set(lines.map(({ outcome }) => outcome))
    for (const outcome of ['ok', 'downstream_closed', 'upstream_reset', 'jsonrpc_error', 'refused'])
      assert.ok(outcomes.has(outcome))
    for (const outcome of outcomes) {
      const count = lines.filter((line) => line.outcome === outcome).length
      assert.equal(await g.metric('mcp_requests_total', { outcome: String(outcome) }), count)
    }
    const begun = await g.metric('mcp_messages_total', { direction: 'downstream', kind: 'request' })
    assert.ok(begun > 0)
    assert.equal(await g.metric('mcp_server_operation_duration_seconds_count'), begun, 'each operation ended once')

    const broken = g.log.filter(({ msg }) => msg === 'uncaught error' || msg === 'unhandled rejection')
    assert.deepEqual(broken, [])
    assert.equal(lines.filter((line) => line['error.type'] === 'internal').length, 0)
    assert.deepEqual(origin.failures, [])
    const tagged = new Map<string, number>()
    for (const request of origin.requests) {
      const id = request.header('x-correlation-id')
      if (id !== undefined) tagged.set(id, (tagged.get(id) ?? 0) + 1)
    }
    for (const [id, count] of tagged) assert.equal(count, 1, `${id} reached the upstream ${count} times`)

    await settles(async () => (await processUse(g.pid)).descriptors <= before.descriptors + 8, { what: 'descriptors' })
    const grown = ((await liveHeap(g)) - before.heap) / 2 ** 20
    assert.ok(grown < HEAP_GROWTH, `${grown.toFixed(1)} MB more live after the second part of the storm`)
    assert.doesNotMatch(g.stderr, /[^\d\n]/, 'nothing but the heap probe has written there')
    const summary = [...outcomes].map((o) => `${o} ${lines.filter(({ outcome }) => outcome === o).length}`).join(', ')
    t.diagnostic(`${sent.length} requests, ${total} exchanges (${summary}), heap grew by ${grown.toFixed(1)} MB`)
  })
})

async function storm(url: string, random: Random, count: number): Promise<Sent[]> {
  const until = performance.now() + (BOUND * count) / REQUESTS
  const sent: Sent[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count && performance.now() < until) {
      next++
      const one = await oneFault(url, random)
      if (one !== undefined) sent.push(one)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return sent
}

async function oneFault(url: string, random: Random): Promise<Sent | undefined> {
  const id = `storm-${random.bits().toString(36)}-${random.bits().toString(36)}`
  const client = await rawClient(url)
  try {
    if (random.chance(0.06)) {
      await client.send(random.pick(smugglingShapes).bytes('/mcp'))
      await Promise.race([client.head().catch(() => {}), delay(50)])
      return undefined
    }
    return { id, certain: await asked(client, id, random) }
  } finally {
    leave(client, random)
  }
}

/** Whether the gateway has certainly seen the request's head. */
async function asked(client: RawClient, id: string, random: Random): Promise<boolean> {
  const behaviour = random.chance(0.02) ? random.pick([...SLOW]) : random.chance(0.3) ? 'fine' : random.pick(QUICK)
  const method = random.chance(0.2) ? 'GET' : 'POST'
  const bytes = requestBytes({
    method,
    headers: [
      ['Content-Type', 'application/json'],
      ['X-Correlation-ID', id],
      ['X-Behaviour', behaviour],
    ],
    ...(method === 'POST' && { body: random.chance(0.03) ? 'x'.repeat(100_000) : CALL }),
  })
  const how = random.fraction()
  if (how < 0.08) {
    // Cut anywhere: a head that is not whole is no request.
    await client.send(bytes.subarray(0, random.integer(1, bytes.length - 1)))
    await delay(random.integer(0, 10))
    return false
  }
  await client.send(bytes)
  if (how < 0.25) {
    await delay(random.fraction() * 5)
    return false
  }
  const open = await client.head(method)
  if (how < 0.4) return true
  if (how < 0.45) {
    client.hold()
    await delay(random.integer(1, 30))
    return true
  }
  await Promise.race([open.incoming.rest({ keep: false }), delay(80)])
  return true
}

function leave(client: RawClient, random: Random): void {
  if (random.chance(0.4)) client.reset()
  else client.close()
}

/** Every gauge is back at 0. */
async function calm(g: { metric(name: string): Promise<number> }): Promise<void> {
  const gauges = ['requests_active', 'pool_connections_active', 'pool_streams_active', 'pool_pending']
  for (const gauge of [...gauges, 'connections_active']) {
    await settles(async () => (await g.metric(`mcp_${gauge}`)) === 0, { within: 10_000, every: 50, what: gauge })
  }
}
