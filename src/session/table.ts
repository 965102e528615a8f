/** Every session of this process: found by upstream and id, and walked in order of creation a few at a time. */
import type { Session } from './session.ts'

export interface SessionPage {
  /** The serial of the last session of the page before. */
  readonly after?: number | undefined
  /** Of this one alone. */
  readonly upstream?: string | undefined
  readonly limit: number
}

export class SessionTable {
  readonly #byUpstream = new Map<string, Map<string, Session>>()
  #first: Session | undefined
  #last: Session | undefined
  #size = 0
  #serial = 0
  /** The next one of the walk; removal moves it on. */
  #cursor: Session | undefined
  #walkEnd = 0

  get size(): number {
    return this.#size
  }

  get first(): Session | undefined {
    return this.#first
  }

  count(upstream: string): number {
    return this.#byUpstream.get(upstream)?.size ?? 0
  }

  get(upstream: string, id: string): Session | undefined {
    return this.#byUpstream.get(upstream)?.get(id)
  }

  /** For the next session to be added. */
  nextSerial(): number {
    return ++this.#serial
  }

  add(session: Session): void {
    let byId = this.#byUpstream.get(session.upstream)
    if (byId === undefined) {
      byId = new Map()
      this.#byUpstream.set(session.upstream, byId)
    }
    byId.set(session.id, session)
    session.previous = this.#last
    if (this.#last) this.#last.next = session
    else this.#first = session
    this.#last = session
    this.#size++
  }

  remove(session: Session): void {
    const { previous, next } = session
    if (this.#cursor === session) this.#cursor = next
    if (previous) previous.next = next
    else this.#first = next
    if (next) next.previous = previous
    else this.#last = previous
    // An exchange may hold an ended session for long: it must not keep its neighbours in memory.
    session.previous = session.next = undefined
    const byId = this.#byUpstream.get(session.upstream)
    byId?.delete(session.id)
    // The upstream may be gone for good.
    if (byId?.size === 0) this.#byUpstream.delete(session.upstream)
    this.#size--
  }

  /** Begins a walk over the sessions that there are now; those that are added during it are left to the next. */
  beginWalk(): void {
    this.#cursor = this.#first
    this.#walkEnd = this.#serial
  }

  /** The next session of the walk; `undefined` at its end. */
  step(): Session | undefined {
    const session = this.#cursor
    if (session === undefined || session.serial > this.#walkEnd) {
      this.#cursor = undefined
      return undefined
    }
    this.#cursor = session.next
    return session
  }

  /** In order of creation. Costs a step, some nanoseconds, for each session before the last that is found. */
  page({ after = 0, upstream, limit }: SessionPage): Session[] {
    const found: Session[] = []
    for (let session = this.#first; session !== undefined && found.length < limit; session = session.next) {
      if (session.serial > after && (upstream === undefined || session.upstream === upstream)) found.push(session)
    }
    return found
  }
}
