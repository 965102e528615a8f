/** Endpoints as health components: whether there is room on them, or calls had to be refused. */
import type { PermitLimits } from '../upstream/permits.ts'
import type { Component, ComponentState } from './health.ts'

export interface WatchedEndpoint {
  readonly name: string
  readonly settings: { readonly limits: PermitLimits }
  readonly endpoint: {
    readonly permits: { readonly calls: number; readonly streams: number; readonly pending: number }
  }
}

/** Measurements for which refused calls count. */
const LOOKS = 60

export class EndpointComponents {
  /** What each upstream had refused at each of the last measurements. */
  readonly #refused = new Map<string, number[]>()
  readonly #endpoints: () => readonly WatchedEndpoint[]
  readonly #count: (upstream: string) => number

  /** @param count calls and streams that an upstream's limits have refused so far */
  constructor(endpoints: () => readonly WatchedEndpoint[], count: (upstream: string) => number) {
    this.#endpoints = endpoints
    this.#count = count
  }

  /** To be called about once a second. */
  measure(): void {
    const names = new Set<string>()
    for (const { name } of this.#endpoints()) {
      names.add(name)
      const seen = this.#refused.get(name) ?? []
      const count = this.#count(name)
      // Removed and there again meanwhile, it counts anew.
      if (count < (seen.at(-1) ?? 0)) seen.length = 0
      seen.push(count)
      if (seen.length > LOOKS) seen.shift()
      this.#refused.set(name, seen)
    }
    for (const name of this.#refused.keys()) if (!names.has(name)) this.#refused.delete(name)
  }

  components(): readonly Component[] {
    return this.#endpoints().map((each) => ({
      name: `endpoint:${each.name}`,
      required: false,
      report: () => this.#state(each),
    }))
  }

  #state({ name, settings: { limits }, endpoint: { permits } }: WatchedEndpoint): ComponentState {
    const seen = this.#refused.get(name)
    const refused = (seen?.at(-1) ?? 0) - (seen?.[0] ?? 0)
    const use = `${permits.calls} of ${limits.calls} calls, ${permits.streams} of ${limits.streams} streams`
    const line = permits.pending > 0 ? `, ${permits.pending} waiting` : ''
    if (refused === 0) return { status: 'healthy', message: use + line }
    return { status: 'degraded', message: `${refused} refused in the last minute; ${use}${line}` }
  }
}
