/** The tool or prompt names of one upstream that may be labels: learned from its lists, so that no caller can invent one. */

export interface LearnedNamesOptions {
  /** Most names learned from lists. */
  readonly listed?: number
  /** Most names taken from calls while no whole list was seen. */
  readonly provisional?: number
  /** How long a name is kept that was neither listed nor called, in milliseconds. */
  readonly ttlMs?: number
  readonly now: () => number
  /** A name is a label no more: free its series. */
  readonly onForgotten: (name: string) => void
  /** A call was labelled `_other`. */
  readonly onOverflow: () => void
}

export class LearnedNames {
  constructor(_options: LearnedNamesOptions) {}

  /** Hot path: the name, or `_other`. */
  label(_name: string): string {
    return '_other'
  }

  learn(_names: Iterable<string>): void {}

  /** A whole list was seen: from now on only listed names are labels. */
  complete(): void {}

  /** Forgets what was neither listed nor called for `ttlMs`; to be called by a timer. */
  expire(): void {}

  get size(): number {
    return 0
  }
}
