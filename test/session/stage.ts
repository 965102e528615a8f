/** A registry on a clock that only the test moves, and everything that it told its meter. */
import type { SessionMeter } from '../../src/session/meter.ts'
import { SessionRegistry, type SessionRegistryOptions } from '../../src/session/registry.ts'
import type { Session } from '../../src/session/session.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND

export interface Stage {
  readonly registry: SessionRegistry
  /** What the meter heard, a line each, without `active` and `heartbeat`. */
  readonly heard: string[]
  /** The last `active` of each upstream. */
  readonly active: Map<string, number>
  /** The heartbeats of each upstream. */
  readonly heartbeats: Map<string, number>
  readonly now: () => number
  pass(ms: number): void
  /** Moves the clock on, second by second, with a tick in each. */
  live(ms: number): void
  /** A session of upstream `u` at endpoint `e`. */
  session(id?: string): Session
}

export function stage(options: Partial<SessionRegistryOptions> = {}): Stage {
  let at = 1_000_000
  const heard: string[] = []
  const active = new Map<string, number>()
  const heartbeats = new Map<string, number>()
  const meter: SessionMeter = {
    created: (upstream) => heard.push(`created ${upstream}`),
    active: (upstream, sessions) => active.set(upstream, sessions),
    evicted: (upstream, reason) => heard.push(`evicted ${upstream} ${reason}`),
    untracked: (upstream) => heard.push(`untracked ${upstream}`),
    ended: (upstream, by, seconds) => heard.push(`ended ${upstream} ${by} ${seconds}`),
    heartbeat: (upstream, sessions) => heartbeats.set(upstream, (heartbeats.get(upstream) ?? 0) + sessions),
    dead: (upstream, reason) => heard.push(`dead ${upstream} ${reason}`),
  }
  const now = () => at
  const registry = new SessionRegistry({ max: 100, idleMs: 30 * MINUTE, resumeMs: 10 * SECOND, now, meter, ...options })
  const pass = (ms: number) => {
    at += ms
  }
  const live = (ms: number) => {
    for (let lived = 0; lived < ms; lived += SECOND) {
      pass(SECOND)
      registry.tick()
    }
  }
  const session = (id = 'a') => {
    const seen = registry.seen('u', 'e', id)
    if (seen === undefined) throw new Error(`no room for ${id}`)
    return seen
  }
  return { registry, heard, active, heartbeats, now, pass, live, session }
}
