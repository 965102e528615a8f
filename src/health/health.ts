/** Whether the process can serve, and whether it should get traffic: the reports behind /health and /health/ready. */

export type Status = 'healthy' | 'degraded' | 'unhealthy'

export const STATUSES: readonly Status[] = ['healthy', 'degraded', 'unhealthy']

export interface ComponentState {
  readonly status: Status
  readonly message: string
  /** Milliseconds that the last check took. */
  readonly duration_ms?: number
  /** Of the last check, ISO 8601. */
  readonly checked_at?: string
}

export interface ComponentReport extends ComponentState {
  /** Whether its being unhealthy makes the gateway not ready. */
  readonly required: boolean
  /** When it took the status that it has, ISO 8601. */
  readonly changed_at: string
}

export interface HealthReport {
  readonly status: Status
  readonly version: string
  /** Seconds. */
  readonly uptime: number
  readonly components: Readonly<Record<string, ComponentReport>>
}

/** Something whose state counts. */
export interface Component {
  readonly name: string
  readonly required: boolean
  /** Asked at every look, so it must cost nothing: what has to be measured is measured beforehand. */
  readonly report: () => ComponentState
}

/** Components that come and go. */
export type ComponentSource = () => readonly Component[]

export interface StatusChange {
  readonly name: string
  readonly from: Status
  readonly to: Status
  readonly message: string
}

interface Known {
  status: Status
  since: string
}

const GATEWAY = 'gateway'

export class Health {
  readonly #version: string
  readonly #sources: ComponentSource[]
  readonly #onChange: ((change: StatusChange) => void) | undefined
  readonly #known = new Map<string, Known>()
  draining = false

  constructor(version: string, components: readonly Component[] = [], onChange?: (change: StatusChange) => void) {
    this.#version = version
    this.#sources = [() => components]
    this.#onChange = onChange
  }

  add(source: ComponentSource): void {
    this.#sources.push(source)
  }

  /** Alive as long as this can be asked: also while draining, and whatever the upstreams do. */
  live(): HealthReport {
    return this.#report('healthy', this.look())
  }

  ready(): { readonly code: 200 | 503; readonly report: HealthReport } {
    const components = this.look()
    const status = aggregate(Object.values(components))
    return { code: status === 'unhealthy' ? 503 : 200, report: this.#report(status, components) }
  }

  /** Every component as it is now. To be called about once a second too, so that no change passes unseen. */
  look(): Readonly<Record<string, ComponentReport>> {
    const found: Record<string, ComponentReport> = {}
    const gateway: ComponentState = this.draining
      ? { status: 'unhealthy', message: 'draining' }
      : { status: 'healthy', message: 'serving' }
    found[GATEWAY] = this.#dated(GATEWAY, true, gateway)
    let size = 1
    for (const source of this.#sources) {
      for (const { name, required, report } of source()) {
        found[name] = this.#dated(name, required, report())
        size++
      }
    }
    if (this.#known.size > size)
      for (const name of this.#known.keys()) if (!Object.hasOwn(found, name)) this.#known.delete(name)
    return found
  }

  #dated(name: string, required: boolean, state: ComponentState): ComponentReport {
    const { status, message } = state
    let known = this.#known.get(name)
    if (known === undefined) {
      known = { status, since: new Date().toISOString() }
      this.#known.set(name, known)
    } else if (known.status !== status) {
      const from = known.status
      known.status = status
      known.since = new Date().toISOString()
      this.#onChange?.({ name, from, to: status, message })
    }
    return { ...state, required, changed_at: known.since }
  }

  #report(status: Status, components: HealthReport['components']): HealthReport {
    return { status, version: this.#version, uptime: Math.round(process.uptime() * 10) / 10, components }
  }
}

function aggregate(components: readonly ComponentReport[]): Status {
  let worst: Status = 'healthy'
  for (const { status, required } of components) {
    if (status === 'unhealthy' && required) return 'unhealthy'
    if (status !== 'healthy') worst = 'degraded'
  }
  return worst
}
