/** Counts events over a sliding window, in constant memory. */

/** The window moves in steps of this part of it. */
const STEPS = 12

export class SlidingCount {
  readonly #stepMs: number
  /** One more than the window has: the oldest is leaving it. */
  readonly #counts: number[] = new Array(STEPS + 1).fill(0)
  /** Number of the newest step, counted from the epoch. */
  #newest = 0

  constructor(windowMs: number) {
    this.#stepMs = windowMs / STEPS
  }

  /** `at`: milliseconds, of the same clock each time. */
  add(at: number): void {
    this.#advance(at)
    this.#counts[this.#newest % this.#counts.length]! += 1
  }

  /** Exact but for the step that is leaving, which counts by how much of it is still in the window. */
  count(at: number): number {
    this.#advance(at)
    const { length } = this.#counts
    let sum = 0
    for (const count of this.#counts) sum += count
    const leaving = this.#counts[(this.#newest + 1) % length]!
    const gone = Math.min(1, Math.max(0, at / this.#stepMs - this.#newest))
    return sum - leaving * gone
  }

  /** A clock that was put back counts into the newest step. */
  #advance(at: number): void {
    const step = Math.floor(at / this.#stepMs)
    const { length } = this.#counts
    const passed = Math.min(length, step - this.#newest)
    for (let i = 0; i < passed; i++) this.#counts[(step - i) % length] = 0
    if (step > this.#newest) this.#newest = step
  }
}
