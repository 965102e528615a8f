/** Errors in one place: each kind once, with how often, since when, how fast, and the last few of it. Bounded. */
import { hash } from 'node:crypto'
import type { Exchange } from '../exchange/exchange.ts'
import type { Operation } from '../exchange/operation.ts'
import type { Outcome } from '../exchange/outcome.ts'
import { isFault } from '../telemetry/access-record.ts'
import {
  type ErrorKind,
  type ErrorSample,
  kindOfExchange,
  kindOfOperation,
  type NameLabel,
  sampleOfExchange,
  sampleOfOperation,
} from './error-kind.ts'
import { SlidingCount } from './sliding-count.ts'

const MINUTE = 60_000

/** A batch may hold a hundred thousand messages. */
const SAMPLES_PER_EXCHANGE = 10

export interface ErrorLedgerOptions {
  /** Kinds that are remembered; for one more, the one that was not seen for longest is forgotten. */
  readonly kinds: number
  /** Samples that are kept of each. */
  readonly samples: number
  readonly nameLabel: NameLabel
  /** Is told of every error. */
  readonly onError?: (kind: ErrorKind, at: number) => void
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

export interface ErrorEntry {
  readonly kind: ErrorKind
  /** The same for the same kind, in every process. */
  readonly fingerprint: string
  /** The gateway or the upstream failed. */
  readonly fault: boolean
  readonly count: number
  /** Milliseconds since the epoch. */
  readonly firstAt: number
  readonly lastAt: number
  /** Errors a minute, over the last 1, 5 and 60 minutes. */
  readonly perMinute: readonly [one: number, five: number, sixty: number]
  /** The latest first. */
  readonly samples: readonly ErrorSample[]
}

export interface ErrorQuery {
  readonly upstream?: string | undefined
  /** Empty: any. */
  readonly outcomes?: ReadonlySet<Outcome> | undefined
  readonly limit: number
}

interface Entry {
  readonly kind: ErrorKind
  readonly firstAt: number
  lastAt: number
  count: number
  fault: boolean
  readonly one: SlidingCount
  readonly five: SlidingCount
  readonly sixty: SlidingCount
  readonly samples: ErrorSample[]
}

export class ErrorLedger {
  readonly #options: ErrorLedgerOptions
  readonly #now: () => number
  /** From the one not seen for longest to the latest. */
  readonly #entries = new Map<string, Entry>()
  /** Kinds forgotten to make room. */
  evicted = 0

  constructor(options: ErrorLedgerOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  get size(): number {
    return this.#entries.size
  }

  /** To be told of every exchange that did not end well; its own operations come with it. */
  exchangeEnded(x: Exchange): void {
    const { nameLabel } = this.#options
    const at = this.#now()
    let told = 0
    for (const operation of x.operations) {
      if (operation.outcome === 'ok' || !ownedByExchange(operation)) continue
      const sample = told++ < SAMPLES_PER_EXCHANGE ? sampleOfExchange(x, operation, at) : undefined
      this.#add(kindOfOperation(operation, nameLabel), x.status, sample, at)
    }
    // Streams that a downstream has had enough of are no errors.
    if (told > 0 || x.outcome === 'downstream_closed') return
    this.#add(kindOfExchange(x, nameLabel), x.status, sampleOfExchange(x, undefined, at), at)
  }

  /** To be told of every operation that did not end well; leaves alone what comes with its exchange. */
  operationEnded(operation: Operation): void {
    if (ownedByExchange(operation)) return
    const at = this.#now()
    this.#add(kindOfOperation(operation, this.#options.nameLabel), 0, sampleOfOperation(operation, at), at)
  }

  /** The latest first, and how many there are that fit. */
  list({ upstream, outcomes, limit }: ErrorQuery): { readonly total: number; readonly errors: ErrorEntry[] } {
    const at = this.#now()
    const fitting = [...this.#entries].reverse().filter(([, { kind }]) => {
      if (upstream !== undefined && kind.upstream !== upstream) return false
      return outcomes === undefined || outcomes.size === 0 || outcomes.has(kind.outcome)
    })
    return { total: fitting.length, errors: fitting.slice(0, limit).map(([key, entry]) => shown(key, entry, at)) }
  }

  /** These upstreams, and those that are there no more but still have errors here. */
  upstreamsBeside(upstreams: readonly string[]): string[] {
    return [...new Set([...upstreams, ...[...this.#entries.values()].map(({ kind }) => kind.upstream)])]
  }

  #add(kind: ErrorKind, status: number, sample: ErrorSample | undefined, at: number): void {
    const { outcome, errorType, upstream, method, httpMethod, target } = kind
    const key = `${outcome}\n${errorType}\n${upstream}\n${method}\n${httpMethod}\n${target}`
    const entry = this.#entries.get(key) ?? this.#create(kind, at)
    // A Map keeps the order of insertion: the latest last.
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    entry.count++
    entry.lastAt = at
    entry.fault ||= isFault({ outcome, status })
    entry.one.add(at)
    entry.five.add(at)
    entry.sixty.add(at)
    if (sample !== undefined && this.#options.samples > 0) {
      if (entry.samples.length === this.#options.samples) entry.samples.shift()
      entry.samples.push(sample)
    }
    this.#options.onError?.(kind, at)
  }

  #create(kind: ErrorKind, at: number): Entry {
    if (this.#entries.size >= this.#options.kinds) {
      const [oldest] = this.#entries.keys()
      if (oldest !== undefined) this.#entries.delete(oldest)
      this.evicted++
    }
    const [one, five, sixty] = [1, 5, 60].map((minutes) => new SlidingCount(minutes * MINUTE)) as [
      SlidingCount,
      SlidingCount,
      SlidingCount,
    ]
    return { kind, firstAt: at, lastAt: at, count: 0, fault: false, one, five, sixty, samples: [] }
  }
}

/** Whether the exchange that began it will tell of it, with all that it knows. */
const ownedByExchange = ({ direction, adriftAt, endedAt }: Operation): boolean =>
  direction === 'server' && adriftAt === 0 && endedAt > 0

function shown(key: string, entry: Entry, at: number): ErrorEntry {
  const { kind, fault, count, firstAt, lastAt, one, five, sixty, samples } = entry
  return {
    kind,
    fingerprint: hash('sha256', key, 'hex').slice(0, 12),
    fault,
    count,
    firstAt,
    lastAt,
    perMinute: [one.count(at), five.count(at) / 5, sixty.count(at) / 60],
    samples: samples.toReversed(),
  }
}
