/** The sessions that nothing holds open, in order of their last use; every change costs the same however many there are. */
import type { Session } from './session.ts'

export class IdleOrder {
  readonly #now: () => number
  #first: Session | undefined
  #last: Session | undefined

  constructor(now: () => number) {
    this.#now = now
  }

  /** The one that is idle longest. */
  get first(): Session | undefined {
    return this.#first
  }

  touch(session: Session): void {
    session.lastSeenAt = this.#now()
    if (!session.idle || session === this.#last) return
    this.#leave(session)
    this.#enter(session)
  }

  /** To be called when a session became busy, stopped being busy, was created or ended. */
  settle(session: Session): void {
    const idle = session.ended === undefined && !session.busy
    if (idle === session.idle) return
    if (!idle) {
      this.#leave(session)
      return
    }
    // Idle from now on, whenever it was used last: only so the order of entering is the order of last use.
    session.lastSeenAt = this.#now()
    this.#enter(session)
  }

  #enter(session: Session): void {
    session.idle = true
    session.previousIdle = this.#last
    if (this.#last) this.#last.nextIdle = session
    else this.#first = session
    this.#last = session
  }

  #leave(session: Session): void {
    const { previousIdle, nextIdle } = session
    if (previousIdle) previousIdle.nextIdle = nextIdle
    else this.#first = nextIdle
    if (nextIdle) nextIdle.previousIdle = previousIdle
    else this.#last = previousIdle
    session.idle = false
    session.previousIdle = session.nextIdle = undefined
  }
}
