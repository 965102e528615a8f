/** Remembers the last few thousand ids that passed untracked, so that each is counted once and not with every response. */

const SLOTS = 4096
/** What is hashed of an id that is longer. */
const HASHED = 512

export class RecentIds {
  /** 53 bits of each id's hash, at the place that its lowest bits name. */
  readonly #slots = new Float64Array(SLOTS)

  /** Whether the id is new, as far as is remembered. */
  add(upstream: string, id: string): boolean {
    let low = 0x811c9dc5
    let high = id.length
    const mix = (code: number) => {
      low = Math.imul(low ^ code, 0x01000193)
      high = Math.imul(high ^ code, 0x85ebca6b) ^ (high >>> 13)
    }
    for (let i = 0; i < upstream.length; i++) mix(upstream.charCodeAt(i))
    for (let i = 0; i < id.length && i < HASHED; i++) mix(id.charCodeAt(i))
    const hash = (high & 0x1fffff) * 0x1_0000_0000 + (low >>> 0)
    const slot = (low ^ (low >>> 16)) & (SLOTS - 1)
    if (this.#slots[slot] === hash) return false
    this.#slots[slot] = hash
    return true
  }
}
