/** Checks every session once per interval, a bounded number at a time, for an endpoint that restarted under it. */
import type { SessionMeter } from './meter.ts'
import type { Session } from './session.ts'
import type { SessionTable } from './table.ts'

interface Restart {
  readonly at: number
  /** Passes that had begun: a session may have been checked in the last of them before the restart was known. */
  readonly pass: number
}

export class Liveness {
  readonly #table: SessionTable
  /** Between two checks of the same session; holds from the next check on. */
  heartbeatMs: number
  readonly #meter: SessionMeter
  readonly #restarts = new Map<string, Restart>()
  readonly #checked = new Map<string, number>()
  #nextAt: number
  #pass = 0
  #walking = false

  constructor(table: SessionTable, heartbeatMs: number, at: number, meter: SessionMeter) {
    this.#table = table
    this.heartbeatMs = heartbeatMs
    this.#nextAt = at + heartbeatMs
    this.#meter = meter
  }

  restarted(upstream: string, endpoint: string, at: number): void {
    this.#restarts.set(key(upstream, endpoint), { at, pass: this.#pass })
  }

  /** Checks up to `steps` sessions and has `dead` end up to `deaths`; returns how many it ended. */
  check(at: number, steps: number, deaths: number, dead: (session: Session) => void): number {
    if (!this.#walking && !this.#begin(at)) return 0
    let ended = 0
    for (let step = 0; step < steps && ended < deaths; step++) {
      const session = this.#table.step()
      if (session === undefined) {
        this.#finish()
        break
      }
      this.#checked.set(session.upstream, (this.#checked.get(session.upstream) ?? 0) + 1)
      if (!this.#outlived(session)) continue
      ended++
      dead(session)
    }
    for (const [upstream, sessions] of this.#checked) this.#meter.heartbeat(upstream, sessions)
    this.#checked.clear()
    return ended
  }

  #begin(at: number): boolean {
    if (at < this.#nextAt) return false
    this.#nextAt = at + this.heartbeatMs
    this.#pass++
    this.#walking = true
    this.#table.beginWalk()
    return true
  }

  /** Forgets the restarts that every session of their time was checked for. */
  #finish(): void {
    this.#walking = false
    for (const [endpoint, restart] of this.#restarts) {
      if (restart.pass < this.#pass) this.#restarts.delete(endpoint)
    }
  }

  /** An open stream is proof of life: the process that holds it has not gone yet, and its end will tell. */
  #outlived(session: Session): boolean {
    if (this.#restarts.size === 0 || session.openStreams > 0) return false
    const restart = this.#restarts.get(key(session.upstream, session.endpoint))
    return restart !== undefined && session.answeredAt < restart.at
  }
}

/** Neither names nor addresses have line feeds. */
const key = (upstream: string, endpoint: string): string => `${upstream}\n${endpoint}`
