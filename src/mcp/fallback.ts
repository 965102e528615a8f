/** Tells when a modern downstream asked a legacy upstream, was told so, and began anew with `initialize`. Pure. */

/** How the upstream itself (not the gateway) answered a request of revision 2026-07-28. */
export interface ModernAnswer {
  readonly method: string
  readonly status: number
  /** `error.code` of the response message, if there was one. */
  readonly errorCode: number | undefined
}

const DISCOVER = 'server/discover'
const METHOD_NOT_FOUND = -32601

/** Header mismatch, missing capability, unsupported version: only modern servers say these. */
const MODERN_ERRORS: ReadonlySet<number | undefined> = new Set([-32020, -32021, -32022])

/** Client errors about who asks, how long or how often, not about what was asked. */
const OF_CIRCUMSTANCE: ReadonlySet<number> = new Set([401, 403, 407, 408, 429])

/**
 * Whether the answer makes a client of both eras take the upstream for a legacy one: a 4xx without an error that only
 * modern servers give (2026-07-28, Streamable HTTP, Backward Compatibility). To `server/discover`, which every modern
 * server has, any other JSON-RPC error says the same, also in a 200.
 */
export function legacyAnswer({ method, status, errorCode }: ModernAnswer): boolean {
  if (MODERN_ERRORS.has(errorCode) || OF_CIRCUMSTANCE.has(status)) return false
  if (status >= 400 && status < 500) {
    return !(status === 404 && errorCode === METHOD_NOT_FOUND) || method === DISCOVER
  }
  return method === DISCOVER && status < 300 && errorCode !== undefined
}

/**
 * Whether the answer is all that was asked for: `server/discover` asks which era the upstream is of, and "legacy" is
 * an answer. Nobody's work failed, so it is no error, whatever its status and whether or not `initialize` follows.
 * Any other request that a legacy upstream refuses did fail, even if its downstream then falls back.
 */
export function answeredProbe(answer: ModernAnswer): boolean {
  return answer.method === DISCOVER && legacyAnswer(answer)
}

export interface FallbackOptions {
  readonly now: () => number
  /** How long after the answer an `initialize` belongs to it, in milliseconds. */
  readonly ttlMs?: number
  /** Pairs of downstream and upstream remembered at most; the longest known go first. */
  readonly most?: number
}

interface Refused {
  until: number
  times: number
}

export class FallbackWatch {
  readonly #now: () => number
  readonly #ttlMs: number
  readonly #most: number
  /** In the order of their times, so that what is over is always at the front. */
  readonly #refused = new Map<string, Refused>()

  constructor({ now, ttlMs = 10_000, most = 1_000 }: FallbackOptions) {
    this.#now = now
    this.#ttlMs = ttlMs
    this.#most = most
  }

  /** @param downstream what tells downstreams apart: the remote address. They may share one, hence the count. */
  answered(downstream: string, upstream: string, answer: ModernAnswer): void {
    if (!legacyAnswer(answer)) return
    const now = this.#now()
    this.#drop(now)
    const key = keyOf(downstream, upstream)
    const times = this.#refused.get(key)?.times ?? 0
    this.#refused.delete(key)
    if (this.#refused.size >= this.#most) this.#refused.delete(this.#refused.keys().next().value!)
    this.#refused.set(key, { until: now + this.#ttlMs, times: times + 1 })
  }

  /** An `initialize` was read; true when it ends a fallback, once for each. */
  initialized(downstream: string, upstream: string): boolean {
    // Nearly always: nobody has just been refused.
    if (this.#refused.size === 0) return false
    this.#drop(this.#now())
    const key = keyOf(downstream, upstream)
    const refused = this.#refused.get(key)
    if (refused === undefined) return false
    if (--refused.times === 0) this.#refused.delete(key)
    return true
  }

  get size(): number {
    return this.#refused.size
  }

  #drop(now: number): void {
    for (const [key, { until }] of this.#refused) {
      if (until > now) return
      this.#refused.delete(key)
    }
  }
}

/** Neither an address nor an upstream's name contains a line feed. */
const keyOf = (downstream: string, upstream: string): string => `${downstream}\n${upstream}`
