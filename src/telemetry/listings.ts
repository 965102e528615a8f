/** Follows the pages of list results, to know when a whole list was seen. */

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
  /** Most lists followed at once. */
  readonly most?: number
  /** How long the next page is waited for, in milliseconds. */
  readonly ttlMs?: number
}

export class Listings {
  constructor(_learner: Learner, _options: ListingsOptions) {}

  page(_page: ListPage): void {}

  get size(): number {
    return 0
  }
}
