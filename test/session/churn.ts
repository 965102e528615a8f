/** A program for tests: tells what sessions cost in memory, in a process of its own with `--expose-gc`. */
import { randomUUID } from 'node:crypto'
import type { SessionMeter } from '../../src/session/meter.ts'
import { SessionRegistry } from '../../src/session/registry.ts'

const count = { created: 0, untracked: 0, evicted: 0, ended: 0 }
const meter: SessionMeter = {
  created: () => void count.created++,
  active() {},
  evicted: () => void count.evicted++,
  untracked: () => void count.untracked++,
  ended: () => void count.ended++,
  heartbeat() {},
  dead() {},
}

const heap = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

/** Bytes per session, of sessions that are as real ones are: facts read from messages, times that are no integers. */
function bytesPerSession(sessions: number): number {
  let at = 1000.25
  const registry = new SessionRegistry({ max: sessions, idleMs: 1e9, resumeMs: 1e4, now: () => at, meter })
  const before = heap()
  for (let i = 0; i < sessions; i++) {
    at += 0.125
    // As in an exchange, where it is cut from the head: a slice, which keeps the whole in memory.
    const id = Buffer.from(`${randomUUID()}${'x'.repeat(2000)}`)
      .toString()
      .slice(0, 36)
    const session = registry.seen('weather', 'http://weather.internal:3001/mcp', id)
    if (session === undefined) throw new Error('no room')
    // A text of its own each time, far longer than what is to be kept of it.
    const text = Buffer.from(`an agent framework ${i} ${'x'.repeat(2000)}`).toString()
    session.describe(text, text.slice(0, 21), text.slice(0, 10))
    session.requests++
    registry.streamOpened(session)
    registry.streamClosed(session, 'downstream')
    registry.touch(session)
  }
  const bytes = (heap() - before) / sessions
  if (registry.size !== sessions) throw new Error('lost some')
  return bytes
}

/** Heap growth, in bytes, and the counts, of a million sessions that come at one a millisecond or all at once. */
function flood(max: number, apart: number) {
  Object.assign(count, { created: 0, untracked: 0, evicted: 0, ended: 0 })
  let at = 0.5
  let most = 0
  const registry = new SessionRegistry({ max, idleMs: 1e9, resumeMs: 1e4, now: () => at, meter })
  const before = heap()
  for (let i = 0; i < 1_000_000; i++) {
    at += apart
    registry.seen('weather', 'http://weather.internal:3001/mcp', `session-${i}`)
    most = Math.max(most, registry.size)
    if (i % 1000 === 0) registry.tick()
  }
  // First, while the registry is still in use: after its last use it may be collected.
  const growth = heap() - before
  return { ...count, most, size: registry.size, growth }
}

process.stdout.write(
  JSON.stringify({ bytes: bytesPerSession(10_000), atOnce: flood(1_000, 0), slowly: flood(10_000, 10) }),
)
