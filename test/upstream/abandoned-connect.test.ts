/** A connection that nobody waits for any more is closed while it is still being made, not at its connect deadline. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { Connectors } from '../../src/upstream/connector.ts'
import { Pool, type PoolMeter } from '../../src/upstream/pool.ts'
import { blackHole } from '../support/black-hole.ts'
import { settles } from '../support/measure.ts'

/** Longer than any test; what ends before was not ended by it. */
const CONNECT_DEADLINE = 3_600_000

const counted = { add: () => {} }
const meter: PoolMeter = { created: counted, reused: counted, closed: counted, idle: counted, active: counted }

function poolOf(t: TestContext, url: string): Pool {
  const connectors = new Connectors(new URL(url), {})
  const pool = new Pool({ origin: url, connectors, keepAlive: 4_000, headBytes: 16_384, meter })
  t.after(() => pool.destroy())
  return pool
}

/** Dispatches on a new connection; `failed` says whether undici has called back with an error. */
function dispatchOn(pool: Pool) {
  const connection = pool.take(CONNECT_DEADLINE)
  const seen = { connection, failed: false }
  connection.client.dispatch(
    { path: '/', method: 'GET' },
    {
      onRequestStart: () => assert.fail('the connect must not succeed'),
      onResponseStart: () => {},
      onResponseData: () => {},
      onResponseEnd: () => {},
      onResponseError: () => {
        seen.failed = true
      },
    },
  )
  return seen
}

/** A port that accepts TCP and never says a word, so that a TLS handshake with it never ends. */
async function mute(t: TestContext) {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sockets: Socket[] = []
  // What arrives is read, or the end behind it would not be seen.
  server.on('connection', (socket) => sockets.push(socket.on('error', () => {}).resume()))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets }
}

/** Sockets of this machine that wait for the answer of this port to their SYN. */
function halfOpenTo(port: number): number {
  const target = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const SYN_SENT = '02'
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , remote = '', state]) => remote.endsWith(target) && state === SYN_SENT).length
}

describe('a connect that is given up', () => {
  for (const how of ['release', 'destroy'] as const) {
    it(`by ${how} closes its socket in the middle of a TLS handshake`, async (t) => {
      const upstream = await mute(t)
      const pool = poolOf(t, upstream.url)
      const dispatched = dispatchOn(pool)
      await settles(() => upstream.sockets.length === 1, { what: 'the connection' })
      if (how === 'release') pool.release(dispatched.connection, false)
      else await pool.destroy()
      await settles(() => upstream.sockets[0]?.closed, { what: 'the end of the handshake' })
      assert.equal(dispatched.failed, true, 'whoever still waits is told')
    })

    it(`by ${how} closes its socket before TCP has connected`, { skip: process.platform !== 'linux' }, async (t) => {
      const hole = await blackHole()
      t.after(() => hole.close())
      const pool = poolOf(t, hole.url)
      const before = halfOpenTo(hole.port)
      const dispatched = dispatchOn(pool)
      await settles(() => halfOpenTo(hole.port) > before, { what: 'the half-open socket' })
      if (how === 'release') pool.release(dispatched.connection, false)
      else await pool.destroy()
      await settles(() => halfOpenTo(hole.port) <= before, { what: 'the end of the half-open socket' })
    })
  }
})
