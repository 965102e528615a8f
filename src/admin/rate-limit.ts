/** Bounds how often each address may do something: a bucket for each, in a table of bounded size. */
import { isIPv6 } from 'node:net'

export interface RateLimitOptions {
  /** At once. */
  readonly burst: number
  /** On average. */
  readonly perSecond: number
  /** Milliseconds; must not run backwards. */
  readonly now: () => number
}

/** Addresses that are remembered; the one not heard of for longest makes room. */
const MAX_ADDRESSES = 1_000

interface Bucket {
  left: number
  at: number
}

export class RateLimit {
  readonly #options: RateLimitOptions
  readonly #buckets = new Map<string, Bucket>()

  constructor(options: RateLimitOptions) {
    this.#options = options
  }

  /** Seconds until the address may go on; 0: now. */
  wait(address: string): number {
    const bucket = this.#buckets.get(networkOf(address))
    if (bucket === undefined) return 0
    this.#fill(bucket)
    return bucket.left >= 1 ? 0 : Math.ceil((1 - bucket.left) / this.#options.perSecond)
  }

  /** It did it once more. */
  count(address: string): void {
    const key = networkOf(address)
    const bucket = this.#buckets.get(key) ?? { left: this.#options.burst, at: this.#options.now() }
    this.#fill(bucket)
    bucket.left = Math.max(0, bucket.left - 1)
    // Moves to the end, so that the first is the one to go.
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    if (this.#buckets.size <= MAX_ADDRESSES) return
    for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest)
      break
    }
  }

  #fill(bucket: Bucket): void {
    const { burst, perSecond, now } = this.#options
    const at = now()
    bucket.left = Math.min(burst, bucket.left + ((at - bucket.at) / 1000) * perSecond)
    bucket.at = at
  }
}

/** Whoever has one IPv6 address has its whole /64. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const missing = 8 - groups.length - (tail === '' ? 0 : tail.split(':').length)
    groups.push(...Array<string>(Math.max(0, missing)).fill('0'))
  }
  return groups.slice(0, 4).join(':')
}
