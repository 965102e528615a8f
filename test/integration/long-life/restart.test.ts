/** Upstreams that are killed, stopped and started again under load: nothing hangs, every failure is a proper one, traffic recovers. */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gateway, gatewayProcess, inFrontOf } from '../../support/gateway.ts'
import { processUse, settles } from '../../support/measure.ts'
import { peerClient1x } from '../../support/peers/client-1x.ts'
import { peerServer1x } from '../../support/peers/server-1x.ts'
import { onFixedPort } from './fixed-port.ts'
import { type Kind, load } from './load.ts'
import type { News } from './mortal-origin.ts'
import type { End } from './stream.ts'

const PROGRAM = fileURLToPath(new URL('mortal-origin.ts', import.meta.url))
const WORKERS = 16
const STREAMS = 16
const PROBE = { interval: '100ms', timeout: '1s' }

/** How it goes down, whether it stays so for a while, and how endless streams end then. */
const DEATHS: readonly (readonly [signal: NodeJS.Signals, down: boolean, end: End])[] = [
  ['SIGKILL', true, 'broken'],
  ['SIGTERM', true, 'clean'],
  ['SIGKILL', false, 'broken'],
]

interface Upstream {
  readonly port: number
  start(): Promise<void>
  kill(signal: NodeJS.Signals): Promise<void>
  /** Numbers of calls that came more than once, whichever process got them. */
  readonly twice: readonly number[]
}

async function upstream(t: TestContext): Promise<Upstream> {
  const got = new Set<number>()
  const twice: number[] = []
  let child: ChildProcess
  let port = 0
  const start = async (): Promise<void> => {
    child = fork(PROGRAM, port === 0 ? [] : [String(port)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    child.on('message', (news: News) => {
      if ('port' in news) port = news.port
      else if (got.has(news.got)) twice.push(news.got)
      else got.add(news.got)
    })
    await once(child, 'message')
  }
  await start()
  t.after(() => child.kill('SIGKILL'))
  return {
    port,
    twice,
    start,
    async kill(signal) {
      const gone = once(child, 'exit')
      child.kill(signal)
      await gone
    },
  }
}

it('an upstream that restarts under load costs proper failures, and traffic recovers', {
  timeout: 60_000,
}, async (t) => {
  const behind = await upstream(t)
  const url = `http://127.0.0.1:${behind.port}/mcp`
  const settings = { upstreams: { upstream: { url, probe: PROBE, keepAlive: '1s' } }, log: { access: false } }
  const front = await gatewayProcess([], { settings })
  t.after(() => front.close())
  const ready = (status: number) =>
    settles(async () => (await fetch(`${front.url}/health/ready`)).status === status, {
      within: 10_000,
      every: 20,
      what: `readiness ${status}`,
    })
  await ready(200)
  const { sockets } = await processUse(front.pid)
  const running = load(`${front.url}/mcp`, { workers: WORKERS, streams: STREAMS })
  t.after(() => running.stop())
  const more = (kind: Kind, by: number) => {
    const from = running.counts[kind]
    return settles(() => running.counts[kind] >= from + by, { within: 15_000, what: `${by} more ${kind}` })
  }
  const recovers = async () => {
    await ready(200)
    await more('answered', 100)
    await settles(() => running.streaming === STREAMS, { within: 10_000, what: 'the streams' })
  }
  await recovers()
  assert.deepEqual(running.counts, { ...running.counts, refused: 0, broken: 0 })
  for (const [signal, down, end] of DEATHS) {
    const before = running.endings.length
    await behind.kill(signal)
    await settles(() => running.streaming === 0, { what: 'the end of the open streams' })
    // One that stops well may still have taken a new stream on an old connection.
    assert.deepEqual(
      running.endings.slice(before, before + STREAMS),
      Array.from({ length: STREAMS }, () => end),
    )
    if (down) {
      await more('refused', WORKERS)
      await ready(503)
    }
    await behind.start()
    await recovers()
  }
  await running.stop()
  t.diagnostic(JSON.stringify(running.counts))
  assert.deepEqual(running.faults, [])
  assert.deepEqual(behind.twice, [])
  for (const gauge of ['mcp_requests_active', 'mcp_pool_connections_active', 'mcp_pool_streams_active']) {
    await settles(async () => (await front.metric(gauge)) === 0, { what: gauge })
  }
  // Those of health and of metrics may stay, and idle ones of the pool for a moment.
  await settles(async () => (await processUse(front.pid)).sockets <= sockets + 2, {
    within: 10_000,
    what: 'the sockets',
  })
})

it('a session that a restarted upstream forgot gets its 404, and the client a new session', {
  timeout: 30_000,
}, async (t) => {
  const { port, before } = await onFixedPort(async (port) => ({ port, before: await peerServer1x(port) }))
  const front = await gateway(inFrontOf(before.url, { upstreams: { upstream: { url: before.url, probe: PROBE } } }))
  t.after(() => front.close())
  const peer = await peerClient1x(`${front.url}/mcp`)
  await peer.call('echo', { message: 'before' })
  await before.close()
  const after = await peerServer1x(port)
  t.after(() => after.close())
  await assert.rejects(peer.call('echo', { message: 'after' }), /404|Session not found/)
  const next = await peerClient1x(`${front.url}/mcp`)
  assert.match(JSON.stringify(await next.call('echo', { message: 'again' })), /again/)
  await next.end()
  await peer.end().catch(() => {})
})
