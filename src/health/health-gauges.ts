/** Writes the health report as gauges, before each collection. */
import type { HealthInstruments } from '../telemetry/health-instruments.ts'
import type { ProbeResult } from '../upstream/probe.ts'
import type { HealthReport, Status } from './health.ts'

const VALUES: Readonly<Record<Status, number>> = { healthy: 1, degraded: 0.5, unhealthy: 0 }

interface Probed {
  readonly name: string
  readonly probe: { readonly result: ProbeResult | 'off' | undefined }
}

const CHECK = 'check:'

export class HealthGauges {
  readonly #instruments: HealthInstruments

  constructor(instruments: HealthInstruments) {
    this.#instruments = instruments
  }

  set(components: HealthReport['components'], upstreams: readonly Probed[]): void {
    const { component, checkAge, probeAge } = this.#instruments
    const now = Date.now()
    for (const { labelValues } of component.series)
      if (!Object.hasOwn(components, labelValues[0] ?? '')) component.unbind(labelValues)
    for (const [name, { status, checked_at: at }] of Object.entries(components)) {
      component.bind([name]).set(VALUES[status])
      if (name.startsWith(CHECK) && at !== undefined) checkAge.bind([name]).set(seconds(now - Date.parse(at)))
    }
    const names = new Set(upstreams.map(({ name }) => name))
    for (const { labelValues } of probeAge.series) if (!names.has(labelValues[0] ?? '')) probeAge.unbind(labelValues)
    for (const { name, probe } of upstreams) {
      const { result } = probe
      if (result !== undefined && result !== 'off') probeAge.bind([name]).set(seconds(now - result.at))
    }
  }
}

const seconds = (milliseconds: number): number => Math.max(0, milliseconds / 1000)
