/** One MCP session as this process knows it: facts, counts, and its places in the registry's lists. */
import type { IdleOrder } from './idle-order.ts'

export type DeadReason = 'upstream_404' | 'restart' | 'stream_lost'

export type EndedBy = 'delete' | 'idle' | 'evicted_cap' | 'evicted_memory' | 'drain' | DeadReason

/** What waits for messages of the session, such as its open operations. */
export interface Pending {
  /** The session is over; what was pending will not be answered. */
  ended(by: EndedBy): void
}

/** Characters of a downstream's name, version and revision that are kept. */
const FACT_LENGTH = 64

export class Session {
  readonly id: string
  readonly upstream: string
  readonly endpoint: string
  /** Milliseconds of the registry's clock, as all times here. */
  readonly createdAt: number
  clientName: string | undefined = undefined
  clientVersion: string | undefined = undefined
  revision: string | undefined = undefined
  /** Last use, the end of a stream or of what was pending included. */
  lastSeenAt: number
  /** Last sign that the upstream still knows the session. */
  answeredAt: number
  requests = 0
  notifications = 0
  responses = 0
  /** Counted by the registry's `streamOpened` and `streamClosed` only. */
  openStreams = 0
  /** Set by the registry's `end` only. */
  ended: EndedBy | undefined = undefined

  /** The registry's links: order of creation, and order of last use while idle. */
  readonly serial: number
  previous: Session | undefined = undefined
  next: Session | undefined = undefined
  idle = false
  previousIdle: Session | undefined = undefined
  nextIdle: Session | undefined = undefined
  readonly #order: IdleOrder
  #pending: Pending | undefined = undefined

  constructor(upstream: string, endpoint: string, id: string, serial: number, at: number, order: IdleOrder) {
    this.upstream = upstream
    this.endpoint = endpoint
    // A copy too: header values are slices of the whole head, and ids are ASCII.
    this.id = Buffer.from(id, 'latin1').toString('latin1')
    this.serial = serial
    this.createdAt = at
    this.lastSeenAt = at
    this.answeredAt = at
    this.#order = order
  }

  /** While set, the session is neither expired as idle nor evicted. */
  get pending(): Pending | undefined {
    return this.#pending
  }

  set pending(pending: Pending | undefined) {
    this.#pending = pending
    this.#order.settle(this)
  }

  get busy(): boolean {
    return this.openStreams > 0 || this.#pending !== undefined
  }

  /** What `initialize` told; what it did not tell stays as it was. */
  describe(name: string | undefined, version: string | undefined, revision: string | undefined): void {
    this.clientName = kept(name) ?? this.clientName
    this.clientVersion = kept(version) ?? this.clientVersion
    this.revision = kept(revision) ?? this.revision
  }
}

/** A copy, because a slice keeps the whole text in memory that it was cut from. Half a surrogate pair becomes U+FFFD. */
function kept(text: string | undefined): string | undefined {
  return text === undefined ? undefined : Buffer.from(text.slice(0, FACT_LENGTH)).toString()
}
