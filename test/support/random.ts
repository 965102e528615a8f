/** A small seeded random source, so that a failing generated test can be run again from the seed that it prints. */

export class Random {
  readonly seed: number
  #state: number

  constructor(seed: number) {
    this.seed = seed >>> 0
    this.#state = this.seed
  }

  /** 32 random bits. A Weyl sequence through a mixing of its bits: poor for secrets, good enough for test data. */
  bits(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }

  /** 0 ≤ result < 1. */
  fraction(): number {
    return this.bits() / 0x1_0000_0000
  }

  /** An integer from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1))
  }

  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.integer(0, from.length - 1)]
    if (picked === undefined) throw new RangeError('nothing to pick from')
    return picked
  }

  /** `count` results of `make`. */
  times<T>(count: number, make: (index: number) => T): T[] {
    return Array.from({ length: count }, (_, index) => make(index))
  }

  shuffle<T>(items: readonly T[]): T[] {
    const keyed = items.map((item) => ({ item, key: this.bits() }))
    return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
  }

  bytes(length: number): Buffer {
    return Buffer.from(this.times(length, () => this.bits() & 0xff))
  }
}

/** The seed in `SIDELIGHT_TEST_SEED`, else a fresh one. */
export function freshSeed(): number {
  const given = process.env.SIDELIGHT_TEST_SEED
  return given === undefined ? Math.floor(Math.random() * 0x1_0000_0000) : Number(given) >>> 0
}

/** Runs `body` with a random source, and names the seed in whatever it throws. */
export async function seeded<T>(body: (random: Random) => Promise<T> | T, seed = freshSeed()): Promise<T> {
  try {
    return await body(new Random(seed))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`with SIDELIGHT_TEST_SEED=${seed}: ${why}`, { cause })
  }
}

/** The bytes cut into parts at up to `most` random places (at least one part, none empty unless all is). */
export function cuts(random: Random, bytes: Buffer, most = 8): Buffer[] {
  const places = random.times(random.integer(0, most), () => random.integer(1, Math.max(1, bytes.length - 1)))
  const sorted = [...new Set(places)].filter((place) => place < bytes.length).sort((a, b) => a - b)
  return [0, ...sorted].map((from, index) => bytes.subarray(from, sorted[index] ?? bytes.length))
}
