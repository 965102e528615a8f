/** When something is critical: the rules of the configuration, and what they have seen of one upstream each. */
import type { Outcome } from '../exchange/outcome.ts'
import { compilePattern } from '../telemetry/rules/pattern.ts'
import type { Probe } from '../upstream/probe.ts'
import type { ErrorKind } from './error-kind.ts'
import { SlidingCount } from './sliding-count.ts'

/** All durations in milliseconds. */
export interface AlertRule {
  readonly name: string
  readonly severity: string
  /** Unset: of each upstream. */
  readonly upstream: string | undefined
  /** So many errors in so long. */
  readonly errors: ErrorCondition | undefined
  /** The upstream has not been seen alive for so long. */
  readonly down: number | undefined
}

export interface ErrorCondition {
  /** Empty: any. */
  readonly outcomes: readonly Outcome[]
  readonly method: string | undefined
  /** Pattern with `*`. */
  readonly tool: string | undefined
  readonly count: number
  readonly window: number
}

/** What a condition found, in words; `undefined`: nothing. */
export type Finding = string | undefined

/** Why an upstream counts as down. One that was never probed, or not yet, does not. */
export function downBecause({ alive, result }: Pick<Probe, 'alive' | 'result'>): Finding {
  return alive || result === undefined || result === 'off' ? undefined : result.message
}

/** One rule's view of one upstream. */
export interface Watch {
  /** `firing`: whether it was so before. */
  check(at: number, firing: boolean, down: Finding): Finding
  error?(at: number): void
}

/** Which errors the condition is about. */
export function fits({ outcomes, method, tool }: ErrorCondition): (kind: ErrorKind) => boolean {
  const words = new Set<Outcome>(outcomes)
  const pattern = tool === undefined ? undefined : compilePattern(tool)
  return (kind) =>
    (words.size === 0 || words.has(kind.outcome)) &&
    (method === undefined || method === kind.method) &&
    (pattern === undefined || (kind.method === 'tools/call' && pattern(kind.target)))
}

export function watchFor({ errors, down }: AlertRule): Watch {
  return errors === undefined ? new DownWatch(down ?? 0) : new ErrorWatch(errors)
}

class ErrorWatch implements Watch {
  readonly #condition: ErrorCondition
  readonly #count: SlidingCount

  constructor(condition: ErrorCondition) {
    this.#condition = condition
    this.#count = new SlidingCount(condition.window)
  }

  error(at: number): void {
    this.#count.add(at)
  }

  /** It ends at half of what began it, so that what hovers around the limit is one alert and not many. */
  check(at: number, firing: boolean): Finding {
    const { count, window } = this.#condition
    const seen = this.#count.count(at)
    if (seen < (firing ? count / 2 : count)) return undefined
    return `${Math.round(seen)} errors in ${inWords(window)}`
  }
}

class DownWatch implements Watch {
  readonly #longest: number
  #since: number | undefined = undefined

  constructor(longest: number) {
    this.#longest = longest
  }

  check(at: number, _firing: boolean, down: Finding): Finding {
    if (down === undefined) this.#since = undefined
    else this.#since ??= at
    if (this.#since === undefined || at - this.#since < this.#longest) return undefined
    return `down for ${inWords(at - this.#since)}: ${down}`
  }
}

function inWords(milliseconds: number): string {
  const seconds = milliseconds / 1000
  if (seconds < 120) return `${Math.round(seconds * 10) / 10} s`
  return `${Math.round(seconds / 6) / 10} min`
}
