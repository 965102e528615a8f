/** Stopping: what SIGTERM does to readiness, to connections, to calls and to streams, step by step. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type GatewayProcess, gatewayProcess, inFrontOf } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { type OpenResponse, type RawClient, type RequestParts, rawClient, requestBytes } from '../support/raw-client.ts'
import { type Behaviour, type RawOrigin, rawOrigin } from '../support/raw-origin.ts'

const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}'
const LISTEN = '{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{}}'
const GET: RequestParts = { method: 'GET', headers: [['Accept', 'text/event-stream']] }

interface Stage {
  readonly origin: RawOrigin
  readonly g: GatewayProcess
  /** Sends the signal; resolves to the milliseconds from then to the exit, and the exit code. */
  stop(signal?: NodeJS.Signals): Promise<{ readonly code: number | string; readonly after: number }>
  /** A connection of its own. */
  client(): Promise<RawClient>
  /** Sends a request and waits until the upstream has it. */
  begin(parts: RequestParts, behaviour: Behaviour): Promise<RawClient>
  /** Begins a stream and waits for its first event, `data: first`. */
  stream(parts: RequestParts, rest?: Behaviour): Promise<{ readonly client: RawClient; readonly open: OpenResponse }>
}

async function stage(t: TestContext, drain: { readonly lag: number; readonly deadline: number }): Promise<Stage> {
  const times = { lag: `${drain.lag}ms`, deadline: `${drain.deadline}ms` }
  const probe = { interval: '1h', headers: { 'x-behaviour': 'alive' } }
  const named: Record<string, Behaviour> = {
    alive: (exchange) => exchange.respond({ body: '{"jsonrpc":"2.0","id":"sidelight-probe","result":{}}' }),
  }
  const origin = await rawOrigin({ named })
  t.after(() => origin.close())
  const upstreams = { upstream: { url: `${origin.url}/mcp`, probe } }
  const g = await gatewayProcess([], { settings: inFrontOf('', { upstreams, drain: times }) })
  t.after(() => g.close())
  const client = async (): Promise<RawClient> => {
    const made = await rawClient(g.url)
    t.after(() => made.close())
    return made
  }
  let calls = 0
  const begin = async (parts: RequestParts, behaviour: Behaviour): Promise<RawClient> => {
    const name = `call-${calls++}`
    let arrived = () => {}
    const there = new Promise<void>((resolve) => {
      arrived = resolve
    })
    named[name] = (exchange) => {
      arrived()
      return behaviour(exchange)
    }
    const made = await client()
    await made.send(requestBytes({ ...parts, headers: [...(parts.headers ?? []), ['X-Behaviour', name]] }))
    await there
    return made
  }
  await settles(() => fetch(`${g.url}/health/ready`).then(({ status }) => status === 200))
  return {
    origin,
    g,
    client,
    begin,
    stop: async (signal = 'SIGTERM') => {
      const from = performance.now()
      g.child.kill(signal)
      const code = await g.exited
      return { code, after: performance.now() - from }
    },
    stream: async (parts, rest = (exchange) => void exchange.closed) => {
      const made = await begin(parts, async (exchange) => {
        await exchange.openStream()
        await exchange.chunk('data: first\n\n')
        await rest(exchange)
        await exchange.closed
      })
      const open = await made.head(parts.method)
      assert.equal((await open.incoming.next())?.toString(), 'data: first\n\n')
      return { client: made, open }
    },
  }
}

/** What comes until the end, and whether that was the end of a whole response. */
async function end({ incoming }: OpenResponse): Promise<{ readonly text: string; readonly clean: boolean }> {
  const text = (await incoming.rest()).toString()
  return { text, clean: incoming.end === 'chunked' }
}

const refused = (g: GatewayProcess) =>
  rawClient(g.url).then(
    (made) => {
      made.close()
      return false
    },
    () => true,
  )

describe('a drain', { concurrency: 3, timeout: 60_000 }, () => {
  it('says so at once, still accepts for the lag, closes each connection, and ends when nothing is open', async (t) => {
    const { g, client, stop } = await stage(t, { lag: 1_500, deadline: 30_000 })
    const [kept, idle] = await Promise.all([client(), client()])
    for (const each of [kept, idle]) {
      const answer = await each.ask({ body: CALL })
      assert.notEqual(answer.header('connection'), 'close')
    }
    const stopped = stop()
    const readiness = async (base: string) => (await fetch(`${base}/health/ready`)).status
    for (const base of [g.url, g.adminUrl]) await settles(async () => (await readiness(base)) === 503)
    for (const base of [g.url, g.adminUrl]) assert.equal((await fetch(`${base}/health`)).status, 200)

    for (const each of [kept, await client()]) {
      const answer = await each.ask({ body: CALL })
      assert.deepEqual([answer.status, answer.header('connection')], [200, 'close'])
      assert.equal(await each.closed, 'fin')
    }
    const probing = await client()
    const report = await probing.ask({ method: 'GET', target: '/health/ready' })
    assert.deepEqual([report.status, report.header('connection')], [503, 'close'])
    assert.equal(idle.end, undefined, 'a connection without a request stays for the lag')
    assert.equal(await idle.closed, 'fin')
    const { code, after } = await stopped
    assert.equal(code, 0)
    assert.ok(after >= 1_500 && after < 20_000, `it took ${after} ms`)
    assert.equal(g.stderr, '')
  })

  it('delivers what is answered before the deadline whole, and lets nobody in by then', async (t) => {
    const { g, begin, stop } = await stage(t, { lag: 100, deadline: 30_000 })
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { text: 'x'.repeat(3_000_000) } })
    let answer = () => {}
    const held = new Promise<void>((resolve) => {
      answer = resolve
    })
    const slow = await begin({ body: CALL }, async (exchange) => {
      await held
      await exchange.respond({ body })
    })
    const stopped = stop()
    await settles(() => refused(g))
    answer()
    const response = await slow.response()
    assert.equal(response.status, 200)
    assert.equal(response.header('connection'), 'close')
    assert.ok(response.clean)
    assert.equal(response.body.length, body.length)
    assert.equal((await stopped).code, 0)
    const line = g.log.find((each) => each.msg === 'exchange' && Number(each.response_bytes) === body.length)
    assert.equal(line?.outcome, 'ok')
  })

  it('closes a connection whose response had begun before, as soon as that is whole', async (t) => {
    const { g, begin, stream, stop } = await stage(t, { lag: 100, deadline: 30_000 })
    let finish = () => {}
    const held = new Promise<void>((resolve) => {
      finish = resolve
    })
    let last = () => {}
    const longest = new Promise<void>((resolve) => {
      last = resolve
    })
    const other = await begin({ body: CALL }, async (exchange) => {
      await longest
      await exchange.respond()
    })
    const { client, open } = await stream({ body: CALL }, async (exchange) => {
      await held
      await exchange.chunk('data: last\n\n')
      await exchange.lastChunk()
    })
    const stopped = stop()
    await settles(() => refused(g))
    finish()
    assert.deepEqual(await end(open), { text: 'data: last\n\n', clean: true })
    assert.equal(await client.closed, 'fin')
    assert.equal(g.child.exitCode, null, 'the other call is still open')
    last()
    assert.ok((await other.response()).clean)
    assert.equal((await stopped).code, 0)
  })

  it('ends at the deadline: streams cleanly, calls visibly broken', async (t) => {
    const deadline = 1_500
    const { begin, stream, stop } = await stage(t, { lag: 100, deadline })
    let pass = () => {}
    const passed = new Promise<void>((resolve) => {
      pass = resolve
    })
    const listen: RequestParts = { body: LISTEN, headers: [['Mcp-Method', 'subscriptions/listen']] }
    const halves = (rest: string): Behaviour => {
      return async (exchange) => {
        await exchange.chunk('event: message\ndata: ha')
        await passed
        await exchange.chunk(rest)
      }
    }
    const quiet = await Promise.all([stream(GET), stream(listen)])
    const cut = await Promise.all([
      stream(GET, halves('lf\n\ndata: not this one')),
      stream(GET, halves('lf\r\n\r\ndata: not this one\r\n\r\n')),
      stream(listen, halves('lf\n\n')),
    ])
    const never = await stream(GET, halves('lf'))
    const call = await begin({ body: CALL }, (exchange) => exchange.closed.then(() => {}))
    const streaming = await stream({ body: CALL })

    const stopped = stop()
    await delay(deadline + 200)
    pass()
    for (const { open } of quiet) assert.deepEqual(await end(open), { text: '', clean: true })
    const whole = 'event: message\ndata: half\n\n'
    const ends = await Promise.all(cut.map(({ open }) => end(open)))
    assert.deepEqual(
      ends.map(({ text, clean }) => [text.replaceAll('\r\n', '\n'), clean]),
      [whole, whole, whole].map((text) => [text, true]),
    )
    assert.ok(ends[1]?.text.endsWith('\r\n\r\n'), 'an event is not cut inside its last line end')
    assert.equal((await end(never.open)).clean, false)
    assert.equal((await end(streaming.open)).clean, false)
    await assert.rejects(call.response(), /no response/)
    const { code, after } = await stopped
    assert.equal(code, 0)
    assert.ok(after >= deadline && after < deadline + 10_000, `it took ${after} ms`)
  })

  it('tells each upstream of the end of its exchange', async (t) => {
    const { origin, stream, stop } = await stage(t, { lag: 0, deadline: 300 })
    await Promise.all([stream(GET), stream({ body: CALL })])
    assert.equal((await stop()).code, 0)
    await settles(() => origin.open === 0)
  })

  it('ends at once with a second signal', async (t) => {
    const { g, begin, stop } = await stage(t, { lag: 40_000, deadline: 50_000 })
    await begin({ body: CALL }, (exchange) => exchange.closed.then(() => {}))
    const stopped = stop()
    await settles(() => g.log.some(({ msg }) => msg === 'draining'))
    g.child.kill('SIGTERM')
    const { code, after } = await stopped
    assert.equal(code, 1)
    assert.ok(after < 30_000, `it took ${after} ms`)
  })

  it('goes on with the first signal that comes after POST /drain, and ends at once with the second', async (t) => {
    for (const [signals, code] of [
      [1, 0],
      [2, 1],
    ] as const) {
      // With a second one it would take longer than the test may.
      const { g } = await stage(t, { lag: signals === 1 ? 1_500 : 600_000, deadline: 700_000 })
      assert.equal((await fetch(`${g.adminUrl}/drain`, { method: 'POST' })).status, 202)
      await settles(() => g.log.some(({ msg }) => msg === 'draining'))
      g.child.kill('SIGTERM')
      if (signals === 2) {
        await settles(() => g.log.some(({ msg, signal }) => msg === 'draining already' && signal === 'SIGTERM'))
        g.child.kill('SIGINT')
      }
      assert.equal(await g.exited, code)
      assert.equal(g.log.filter(({ msg }) => msg === 'draining').length, 1)
    }
  })

  it('is begun by SIGINT as well', async (t) => {
    const { g, stop } = await stage(t, { lag: 50, deadline: 30_000 })
    const { code, after } = await stop('SIGINT')
    assert.equal(code, 0)
    assert.ok(after < 20_000, `it took ${after} ms`)
    assert.deepEqual(
      g.log.filter(({ module, level }) => module === 'main' && level === 'info').map(({ msg }) => msg),
      ['listening', 'draining', 'stopped'],
    )
  })
})
