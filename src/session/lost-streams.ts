/** Sessions with a stream that the upstream reset, in the order of the resets, until a sign of life or the deadline. */
import type { Session } from './session.ts'

export class LostStreams {
  /** What a session has to show that it is still there. */
  resumeMs: number
  readonly #lostAt = new Map<Session, number>()

  constructor(resumeMs: number) {
    this.resumeMs = resumeMs
  }

  lost(session: Session, at: number): void {
    this.#lostAt.delete(session)
    this.#lostAt.set(session, at)
  }

  found(session: Session): void {
    if (this.#lostAt.size > 0) this.#lostAt.delete(session)
  }

  /** Has `dead` end sessions whose time is over; looks at up to `limit` of them and returns how many it did. */
  expire(at: number, limit: number, dead: (session: Session) => void): number {
    if (this.#lostAt.size === 0) return 0
    let seen = 0
    for (const [session, lostAt] of this.#lostAt) {
      if (at - lostAt < this.resumeMs || seen === limit) break
      this.#lostAt.delete(session)
      seen++
      // Another stream of the session may still be held open by the upstream.
      if (session.openStreams === 0) dead(session)
    }
    return seen
  }
}
