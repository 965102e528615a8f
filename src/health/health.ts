/** Whether the process can serve, and whether it should get traffic: the reports behind /health and /health/ready. */

export type Status = 'healthy' | 'degraded' | 'unhealthy'

export interface ComponentReport {
  readonly status: Status
  readonly message: string
  /** Milliseconds that the last check took. */
  readonly duration_ms?: number
  /** ISO 8601. */
  readonly checked_at?: string
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
  /** Whether its being unhealthy makes the gateway not ready. */
  readonly required: boolean
  readonly report: () => ComponentReport
}

export class Health {
  readonly #version: string
  readonly #components: readonly Component[]
  draining = false

  constructor(version: string, components: readonly Component[]) {
    this.#version = version
    this.#components = components
  }

  /** Alive as long as this can be asked: also while draining, and whatever the upstreams do. */
  live(): HealthReport {
    return this.#report('healthy')
  }

  ready(): { readonly code: 200 | 503; readonly report: HealthReport } {
    const status = this.#aggregate()
    return { code: status === 'unhealthy' ? 503 : 200, report: this.#report(status) }
  }

  #aggregate(): Status {
    if (this.draining) return 'unhealthy'
    let worst: Status = 'healthy'
    for (const { required, report } of this.#components) {
      const { status } = report()
      if (status === 'unhealthy' && required) return 'unhealthy'
      if (status !== 'healthy') worst = 'degraded'
    }
    return worst
  }

  #report(status: Status): HealthReport {
    const components: Record<string, ComponentReport> = {
      gateway: this.draining ? { status: 'unhealthy', message: 'draining' } : { status: 'healthy', message: 'serving' },
    }
    for (const { name, report } of this.#components) components[name] = report()
    return { status, version: this.#version, uptime: Math.round(process.uptime() * 10) / 10, components }
  }
}
