/** Follows the pages of list results, to know when a whole list was seen. */
import { hash } from 'node:crypto'

export interface ListPage {
  readonly session: string | undefined
  /** `params.cursor` of the request. */
  readonly cursor: string | undefined
  /** `result.nextCursor`. */
  readonly nextCursor: string | undefined
  readonly names: Iterable<string>
}

/** What is taught: a `LearnedNames`. */
export interface Learner {
  learn(names: Iterable<string>): void
  complete(): void
}

export interface ListingsOptions {
  readonly now: () => number
  /** Most lists followed at once; the oldest are given up first. */
  readonly most?: number
  /** How long the next page is waited for, in milliseconds. */
  readonly ttlMs?: number
}

export class Listings {
  readonly #learner: Learner
  readonly #now: () => number
  readonly #most: number
  readonly #ttlMs: number
  /** Pages that would go on from a first page, and until when; in the order of their times. */
  readonly #awaited = new Map<string, number>()

  constructor(learner: Learner, { now, most = 1_000, ttlMs = 300_000 }: ListingsOptions) {
    this.#learner = learner
    this.#now = now
    this.#most = most
    this.#ttlMs = ttlMs
  }

  /** A list result passed. Names are learned from any page; a list is whole when all its pages were seen in order. */
  page({ session, cursor, nextCursor, names }: ListPage): void {
    this.#learner.learn(names)
    const now = this.#now()
    this.#drop(now)
    const follows = cursor === undefined || this.#awaited.delete(keyOf(session, cursor))
    if (!follows) return
    // Only an absent cursor ends a list; an empty one goes on (2026-07-28, Pagination).
    if (nextCursor === undefined) this.#learner.complete()
    else this.#await(keyOf(session, nextCursor), now + this.#ttlMs)
  }

  /** Lists whose next page is awaited. */
  get size(): number {
    return this.#awaited.size
  }

  #await(key: string, until: number): void {
    this.#awaited.delete(key)
    if (this.#awaited.size >= this.#most) this.#awaited.delete(this.#awaited.keys().next().value!)
    this.#awaited.set(key, until)
  }

  #drop(now: number): void {
    for (const [key, until] of this.#awaited) {
      if (until > now) return
      this.#awaited.delete(key)
    }
  }
}

/** Of one size whatever the peers send. A session id has no line feed. */
const keyOf = (session: string | undefined, cursor: string): string =>
  hash('sha1', `${session ?? ''}\n${cursor}`, 'base64')
