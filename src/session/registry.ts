/** Knows the sessions of every upstream: bounded in number, ended by evidence or by time, never in the way of traffic. */
import { validSessionId } from '../mcp/headers.ts'
import { IdleOrder } from './idle-order.ts'
import { Liveness } from './liveness.ts'
import { LostStreams } from './lost-streams.ts'
import type { SessionMeter } from './meter.ts'
import { RecentIds } from './recent-ids.ts'
import { type EndedBy, Session } from './session.ts'
import { type SessionPage, SessionTable } from './table.ts'

/** A session whose id is longer passes untracked, so that each stays within 1 KiB. */
const ID_LENGTH = 512

/** What one tick may do: about a millisecond, and twenty thousand a second are 600,000 sessions per heartbeat. */
const STEPS_PER_TICK = 20_000
const ENDS_PER_TICK = 1_000

/** What may be changed while sessions are tracked. */
export interface SessionLimits {
  /** Sessions at once. */
  readonly max: number
  readonly idleMs: number
  /** What a session has, after the upstream reset a stream of it, to show that it is still there. */
  readonly resumeMs: number
  /** Between two checks of the same session. */
  readonly heartbeatMs?: number
}

export interface SessionRegistryOptions extends SessionLimits {
  /** One idle for longer may be evicted. */
  readonly evictIdleAfterMs?: number
  /** Milliseconds; must not run backwards. */
  readonly now: () => number
  readonly meter: SessionMeter
  /** Whether memory is short; asked once per tick. */
  readonly pressure?: () => boolean
}

export type StreamEnd = 'clean' | 'downstream' | 'reset'

export class SessionRegistry {
  #max: number
  #idleMs: number
  readonly #evictIdleAfterMs: number
  readonly #now: () => number
  readonly #meter: SessionMeter
  readonly #pressure: () => boolean
  readonly #table = new SessionTable()
  readonly #order: IdleOrder
  readonly #lost: LostStreams
  readonly #liveness: Liveness
  #untracked: RecentIds | undefined

  constructor(options: SessionRegistryOptions) {
    const { max, idleMs, resumeMs, evictIdleAfterMs = 60_000, heartbeatMs = 30_000, now, meter } = options
    this.#max = max
    this.#idleMs = idleMs
    this.#evictIdleAfterMs = evictIdleAfterMs
    this.#now = now
    this.#meter = meter
    this.#pressure = options.pressure ?? (() => false)
    this.#order = new IdleOrder(now)
    this.#lost = new LostStreams(resumeMs)
    this.#liveness = new Liveness(this.#table, heartbeatMs, now(), meter)
  }

  /** Other limits from now on. Those that are beyond them end as time goes by. */
  limit({ max, idleMs, resumeMs, heartbeatMs = 30_000 }: SessionLimits): void {
    this.#max = max
    this.#idleMs = idleMs
    this.#lost.resumeMs = resumeMs
    this.#liveness.heartbeatMs = heartbeatMs
  }

  get size(): number {
    return this.#table.size
  }

  /** The sessions of one upstream. */
  count(upstream: string): number {
    return this.#table.count(upstream)
  }

  /** From the oldest on. */
  list(page: SessionPage): Session[] {
    return this.#table.page(page)
  }

  get(upstream: string, id: string): Session | undefined {
    return this.#table.get(upstream, id)
  }

  /** A successful response carried the id: the session is alive, or new; `undefined` when there is no room for it. */
  seen(upstream: string, endpoint: string, id: string): Session | undefined {
    const known = this.#table.get(upstream, id)
    if (known !== undefined) {
      this.answered(known)
      return known
    }
    if (id.length > ID_LENGTH || !validSessionId(id) || !this.#room()) {
      this.#untracked ??= new RecentIds()
      if (this.#untracked.add(upstream, id)) this.#meter.untracked(upstream)
      return undefined
    }
    return this.#create(upstream, endpoint, id)
  }

  /** A message or request of the session passed, in whichever direction. Says nothing about the upstream. */
  touch(session: Session): void {
    this.#order.touch(session)
  }

  /** The upstream answered an exchange of the session with success, its id in the response or not. Touches too. */
  answered(session: Session): void {
    this.#order.touch(session)
    session.answeredAt = session.lastSeenAt
    this.#lost.found(session)
  }

  /** The upstream answered with an event stream. */
  streamOpened(session: Session): void {
    session.openStreams++
    this.#order.settle(session)
    this.answered(session)
  }

  /** Once for each `streamOpened`. `clean`: the upstream ended it; `reset`: the upstream's connection broke. */
  streamClosed(session: Session, how: StreamEnd): void {
    session.openStreams--
    this.#order.settle(session)
    if (how === 'clean') this.answered(session)
    else this.#order.touch(session)
    if (how === 'reset') this.#lost.lost(session, this.#now())
  }

  /** An endpoint that could not be reached answers again. To be told before what it answered is. */
  endpointRestarted(upstream: string, endpoint: string): void {
    this.#liveness.restarted(upstream, endpoint, this.#now())
  }

  /** Ends a session, once; its id may be seen again later and is then a new one. */
  end(session: Session, by: EndedBy): void {
    if (session.ended !== undefined) return
    const { upstream, pending } = session
    session.ended = by
    // Leaves the idle order too.
    session.pending = undefined
    this.#lost.found(session)
    this.#table.remove(session)
    this.#meter.active(upstream, this.#table.count(upstream))
    this.#meter.ended(upstream, by, (this.#now() - session.createdAt) / 1000)
    if (by === 'upstream_404' || by === 'restart' || by === 'stream_lost') this.#meter.dead(upstream, by)
    if (by === 'evicted_cap') this.#meter.evicted(upstream, 'cap')
    if (by === 'evicted_memory') this.#meter.evicted(upstream, 'memory')
    pending?.ended(by)
  }

  /** Ends every session, in one go: for the end of the process. */
  drain(): void {
    for (let session = this.#table.first; session !== undefined; session = this.#table.first) this.end(session, 'drain')
  }

  /** To be called about once a second. What it does not get to, the next call does. */
  tick(): void {
    const at = this.#now()
    let ends = ENDS_PER_TICK
    ends -= this.#lost.expire(at, ends, (session) => this.end(session, 'stream_lost'))
    ends -= this.#endIdle(at, this.#idleMs, ends, 'idle')
    ends -= this.#liveness.check(at, STEPS_PER_TICK, ends, (session) => this.end(session, 'restart'))
    if (this.#pressure()) this.#endIdle(at, this.#evictIdleAfterMs, ends, 'evicted_memory')
  }

  #endIdle(at: number, idleMs: number, limit: number, by: EndedBy): number {
    let ended = 0
    for (; ended < limit; ended++) {
      const longest = this.#order.first
      if (longest === undefined || at - longest.lastSeenAt <= idleMs) break
      this.end(longest, by)
    }
    return ended
  }

  #room(): boolean {
    return this.#table.size < this.#max || this.#endIdle(this.#now(), this.#evictIdleAfterMs, 1, 'evicted_cap') === 1
  }

  #create(upstream: string, endpoint: string, id: string): Session {
    const session = new Session(upstream, endpoint, id, this.#table.nextSerial(), this.#now(), this.#order)
    this.#table.add(session)
    this.#order.settle(session)
    this.#meter.created(upstream)
    this.#meter.active(upstream, this.#table.count(upstream))
    return session
  }
}
