/** The part of the catalogue about the gateway's own health. */
import { Catalogue, UPSTREAMS } from './catalogue.ts'

/** Enough for the gateway's own components, its checks, and some that are told from outside. */
const COMPONENTS = 181

export class HealthInstruments extends Catalogue {
  readonly component = this.store.gauge({
    name: 'sidelight.component.health',
    kind: 'gauge',
    unit: '',
    help: 'Health of a component of the report of /health/ready: 1 healthy, 0.5 degraded, 0 unhealthy.',
    labels: ['component'],
    cap: COMPONENTS,
  })
  readonly probeAge = this.store.gauge({
    name: 'mcp.upstream.probe.age',
    kind: 'gauge',
    unit: 's',
    help: 'Time since the last probe of the upstream ended. It grows without end when probing has stopped.',
    labels: ['upstream'],
    cap: UPSTREAMS,
  })
  readonly checkAge = this.store.gauge({
    name: 'sidelight.component.check.age',
    kind: 'gauge',
    unit: 's',
    help: 'Time since a health check of the configuration last ended.',
    labels: ['component'],
    cap: 33,
  })
}
