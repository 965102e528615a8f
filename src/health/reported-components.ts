/** Components whose state is told from outside, for good or for a while. */
import { scrub } from '../telemetry/scrub.ts'
import type { Component, ComponentState, Status } from './health.ts'

export interface Reported {
  readonly status: Status
  readonly message: string
  /** Milliseconds, after which the component is again what it was before; or is gone, if it was nothing. */
  readonly ttlMs?: number | undefined
  /** Whether its being unhealthy makes the gateway not ready. */
  readonly required?: boolean | undefined
}

export interface ReportedComponent {
  readonly name: string
  readonly required: boolean
  readonly state: ComponentState
  /** Milliseconds since the epoch; `undefined`: it stays. */
  readonly expiresAt: number | undefined
}

/** Why a component cannot be told of. */
export class ReportRefusedError extends Error {
  readonly code: 'name' | 'taken' | 'full'

  constructor(code: ReportRefusedError['code'], message: string) {
    super(message)
    this.code = code
  }
}

export const MOST_REPORTED = 256
export const LONGEST_MESSAGE = 500
/** No colon: names of the gateway's own have one. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/

interface Entry {
  lasting: ReportedComponent | undefined
  passing: ReportedComponent | undefined
}

export interface ReportedComponentsOptions {
  /** Names without a colon that are taken. */
  readonly taken: ReadonlySet<string>
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

export class ReportedComponents {
  readonly #taken: ReadonlySet<string>
  readonly #now: () => number
  readonly #entries = new Map<string, Entry>()

  constructor({ taken, now = Date.now }: ReportedComponentsOptions) {
    this.#taken = taken
    this.#now = now
  }

  /** Throws a `ReportRefusedError`. Returns what holds from now on. */
  set(name: string, { status, message, ttlMs, required }: Reported): ReportedComponent {
    if (!NAME.test(name))
      throw new ReportRefusedError(
        'name',
        'A name has 1 to 63 letters, digits, "-", "_" and ".", and begins with neither',
      )
    if (this.#taken.has(name)) throw new ReportRefusedError('taken', `${name} is a component of the gateway itself`)
    this.#expire()
    const entry = this.#entries.get(name) ?? { lasting: undefined, passing: undefined }
    if (!this.#entries.has(name) && this.#entries.size >= MOST_REPORTED)
      throw new ReportRefusedError('full', `There are ${MOST_REPORTED} components already: delete some first`)
    const now = this.#now()
    const component: ReportedComponent = {
      name,
      required: required ?? (entry.passing ?? entry.lasting)?.required ?? false,
      state: { status, message: shortened(scrub(message)), checked_at: new Date(now).toISOString() },
      expiresAt: ttlMs === undefined ? undefined : now + ttlMs,
    }
    if (ttlMs === undefined) this.#entries.set(name, { lasting: component, passing: undefined })
    else this.#entries.set(name, { ...entry, passing: component })
    return component
  }

  /** False if there was none. */
  delete(name: string): boolean {
    this.#expire()
    return this.#entries.delete(name)
  }

  list(): readonly ReportedComponent[] {
    this.#expire()
    return [...this.#entries.values()].flatMap(({ passing, lasting }) => passing ?? lasting ?? [])
  }

  /** For the health report. */
  components(): readonly Component[] {
    return this.list().map(({ name, required, state }) => ({ name, required, report: () => state }))
  }

  #expire(): void {
    const now = this.#now()
    for (const [name, entry] of this.#entries) {
      const until = entry.passing?.expiresAt
      if (until === undefined || until > now) continue
      entry.passing = undefined
      if (entry.lasting === undefined) this.#entries.delete(name)
    }
  }
}

const shortened = (text: string): string =>
  text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE - 1)}…` : text
