/** Remembers the last slow operations, as the log told of them. */
import { redact } from './redact.ts'
import type { SlowFacts } from './slow-operations.ts'

/** About half a kilobyte each. */
const MOST = 200

export interface SlowCall extends SlowFacts {
  /** When it ended, ISO 8601. */
  readonly time: string
}

export class SlowCalls {
  readonly #calls: { readonly at: number; readonly facts: SlowFacts }[] = []
  #next = 0

  add(facts: SlowFacts): void {
    this.#calls[this.#next] = { at: Date.now(), facts }
    this.#next = (this.#next + 1) % MOST
  }

  /** The latest first. `upstream`: those of this one alone. */
  list({ upstream, limit }: { readonly upstream?: string | undefined; readonly limit: number }): SlowCall[] {
    const { length } = this.#calls
    const found: SlowCall[] = []
    for (let i = 1; i <= length && found.length < limit; i++) {
      const { at, facts } = this.#calls[(this.#next - i + length) % length]!
      if (upstream !== undefined && facts.upstream !== upstream) continue
      found.push({ time: new Date(at).toISOString(), ...(redact(facts) as SlowFacts) })
    }
    return found
  }
}
