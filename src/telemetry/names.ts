/** The tool and prompt names of every upstream that may be labels, fed by the lists that pass. */
import type { Envelope } from '../mcp/message.ts'
import { LearnedNames } from './learned-names.ts'
import { Listings } from './listings.ts'
import type { SeriesStore } from './series.ts'

type Kind = 'tool' | 'prompt'

/** Every instrument with such a label names its upstream `upstream`. */
const LABELS: Readonly<Record<Kind, string>> = { tool: 'gen_ai.tool.name', prompt: 'gen_ai.prompt.name' }

interface NamesOf {
  readonly learned: LearnedNames
  readonly listings: Listings
}

export interface NamesOptions {
  readonly store: SeriesStore
  readonly ttlMs: number
  /** Milliseconds, like `performance.now()`. */
  readonly now: () => number
  /** A call was labelled `_other`. */
  readonly onOverflow: () => void
}

export class Names {
  readonly #options: Omit<NamesOptions, 'ttlMs'>
  #ttlMs: number
  readonly #upstreams = new Map<string, Readonly<Record<Kind, NamesOf>>>()
  /** What was asked of names of upstreams that are forgotten. */
  readonly #before = { lookups: 0, misses: 0 }

  constructor(upstreams: Iterable<string>, options: NamesOptions) {
    this.#options = options
    this.#ttlMs = options.ttlMs
    this.follow(upstreams, options.ttlMs)
  }

  /** Names of these upstreams too. Those of others are forgotten in their time. */
  follow(upstreams: Iterable<string>, ttlMs: number): void {
    this.#ttlMs = ttlMs
    for (const { tool, prompt } of this.#upstreams.values()) tool.learned.ttlMs = prompt.learned.ttlMs = ttlMs
    for (const name of upstreams) {
      if (this.#upstreams.has(name)) continue
      this.#upstreams.set(name, { tool: this.#namesOf(name, 'tool'), prompt: this.#namesOf(name, 'prompt') })
    }
  }

  /** The upstream is gone, and so are the series with its names. */
  forget(upstream: string): void {
    const names = this.#upstreams.get(upstream)
    if (names === undefined) return
    this.#upstreams.delete(upstream)
    for (const { learned } of [names.tool, names.prompt]) {
      this.#before.lookups += learned.lookups
      this.#before.misses += learned.misses
    }
  }

  /** Hot path: the name, or `_other`. */
  label(upstream: string, kind: Kind, name: string | undefined): string {
    return name === undefined ? '' : (this.#upstreams.get(upstream)?.[kind].learned.label(name) ?? '')
  }

  /** A list result passed. `cursor`: the one that was asked for. */
  listed(upstream: string, session: string | undefined, cursor: string | undefined, page: Envelope): void {
    const { tools, prompts, nextCursor } = page
    const names = this.#upstreams.get(upstream)
    if (names === undefined) return
    if (tools !== undefined)
      names.tool.listings.page({ session, cursor, nextCursor, names: tools.map(({ name }) => name) })
    if (prompts !== undefined)
      names.prompt.listings.page({ session, cursor, nextCursor, names: prompts.map(({ name }) => name) })
  }

  /** Tools that were listed and are not forgotten. */
  listedTools(upstream: string): number {
    return this.#upstreams.get(upstream)?.tool.learned.listedSize ?? 0
  }

  /** What was asked of the names so far, over all upstreams. */
  get asked(): { readonly lookups: number; readonly misses: number } {
    let { lookups, misses } = this.#before
    for (const { tool, prompt } of this.#upstreams.values())
      for (const { learned } of [tool, prompt]) {
        lookups += learned.lookups
        misses += learned.misses
      }
    return { lookups, misses }
  }

  /** To be called about once a minute. */
  expire(): void {
    for (const { tool, prompt } of this.#upstreams.values()) {
      tool.learned.expire()
      prompt.learned.expire()
    }
  }

  #namesOf(upstream: string, kind: Kind): NamesOf {
    const { store, now, onOverflow } = this.#options
    const learned = new LearnedNames({
      ttlMs: this.#ttlMs,
      now,
      onOverflow,
      onForgotten: (name) => forget(store, upstream, kind, name),
    })
    return { learned, listings: new Listings(learned, { now }) }
  }
}

function forget(store: SeriesStore, upstream: string, kind: Kind, name: string): void {
  for (const instrument of store.instruments) {
    const { labels } = instrument.def
    const at = labels.indexOf(LABELS[kind])
    if (at < 0) continue
    const values: (string | undefined)[] = labels.map(() => undefined)
    values[at] = name
    values[labels.indexOf('upstream')] = upstream
    instrument.unbindWhere(values)
  }
}
