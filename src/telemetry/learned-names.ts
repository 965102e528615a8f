/** The tool or prompt names of one upstream that may be labels: learned from its lists, so that no caller can invent one. */
import { OTHER } from './definition.ts'

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

/** In UTF-16 units. A longer name is never a label. */
const LONGEST_NAME = 128

interface Known {
  /** A copy: a slice of a body would keep the whole body alive. */
  readonly name: string
  listed: boolean
  /** When it was last listed, or found called by `expire`. */
  at: number
  called: boolean
}

export class LearnedNames {
  readonly #options: Required<Omit<LearnedNamesOptions, 'ttlMs'>>
  /** How long a name is kept that was neither listed nor called, in milliseconds. */
  ttlMs: number
  /** Times that a label was asked for, and of these the times that the name was not known. */
  lookups = 0
  misses = 0
  readonly #known = new Map<string, Known>()
  #listed = 0
  #complete = false

  constructor({ listed = 500, provisional = 50, ttlMs = 3_600_000, ...rest }: LearnedNamesOptions) {
    this.#options = { listed, provisional, ...rest }
    this.ttlMs = ttlMs
  }

  /** Hot path: the name, or `_other`. */
  label(name: string): string {
    this.lookups++
    const known = this.#known.get(name)
    if (known === undefined) return this.#meet(name)
    known.called = true
    return known.name
  }

  /** Adds to what was listed before: lists may differ per principal. Beyond the cap names are left out, first come first served. */
  learn(names: Iterable<string>): void {
    const at = this.#options.now()
    for (const name of names) {
      const known = this.#known.get(name)
      if (known?.listed === true) {
        known.at = at
      } else if (this.#listed < this.#options.listed && presentable(name)) {
        this.#listed++
        if (known === undefined) this.#add(name, true, at)
        else Object.assign(known, { listed: true, at })
      }
    }
  }

  /** A whole list was seen: from now on only listed names are labels. */
  complete(): void {
    this.#complete = true
    for (const known of this.#known.values()) if (!known.listed) this.#forget(known)
  }

  /** Forgets what was neither listed nor called for `ttlMs`; to be called by a timer. Looks at all, which are few. */
  expire(): void {
    const now = this.#options.now()
    for (const known of this.#known.values()) {
      if (known.called) {
        // A long session lists once and calls for hours: to forget the name would reset its counters.
        known.called = false
        known.at = now
      } else if (now - known.at >= this.ttlMs) {
        this.#forget(known)
      }
    }
  }

  /** Names that were listed and are not forgotten. */
  get listedSize(): number {
    return this.#listed
  }

  /** Names that are labels now. */
  get size(): number {
    return this.#known.size
  }

  #meet(name: string): string {
    this.misses++
    const { provisional, now, onOverflow } = this.#options
    if (!this.#complete && this.#known.size - this.#listed < provisional && presentable(name)) {
      return this.#add(name, false, now()).name
    }
    onOverflow()
    return OTHER
  }

  #add(name: string, listed: boolean, at: number): Known {
    const known = { name: Buffer.from(name).toString(), listed, at, called: false }
    this.#known.set(known.name, known)
    return known
  }

  #forget({ name, listed }: Known): void {
    this.#known.delete(name)
    if (listed) this.#listed--
    this.#options.onForgotten(name)
  }
}

/** An empty label is an absent one, and two ill-formed names may read the same once they are UTF-8. */
const presentable = (name: string): boolean =>
  name !== '' && name !== OTHER && name.length <= LONGEST_NAME && name.isWellFormed()
