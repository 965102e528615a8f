/** Builds what knows how the gateway is: the components of the health report, and the checks beside it. */
import type { Config } from './config/config.ts'
import { buildCheck } from './health/checks/checks.ts'
import { EndpointComponents } from './health/endpoint-components.ts'
import { type ComponentSource, Health } from './health/health.ts'
import { HealthGauges } from './health/health-gauges.ts'
import { eventLoopComponent, logComponent, memoryComponent } from './health/process-components.ts'
import { ReportedComponents } from './health/reported-components.ts'
import { upstreamComponent } from './health/upstream-component.ts'
import { memoryUse } from './session/memory-pressure.ts'
import type { Instruments } from './telemetry/instruments.ts'
import type { Log } from './telemetry/log.ts'
import type { SeriesStore } from './telemetry/series.ts'
import type { RunningUpstream } from './upstreams.ts'

export interface HealthParts {
  readonly health: Health
  readonly reported: ReportedComponents
  /** Looks of checks that were begun so far. */
  readonly looks: number
  /** Begins to check. */
  start(): void
  close(): void
}

export interface HealthSurroundings {
  readonly store: SeriesStore
  readonly instruments: Instruments
  readonly log: Log
  readonly version: string
  readonly upstreams: () => readonly RunningUpstream[]
  /** Listeners and exporters, as they are. */
  readonly others: ComponentSource
}

const TICK_MS = 1_000

export function buildHealth({ health: settings }: Config, surroundings: HealthSurroundings): HealthParts {
  const { store, instruments, log, version, upstreams, others } = surroundings
  const logger = log.module('health')
  const measured = [
    eventLoopComponent(settings.eventLoopDelay),
    memoryComponent(settings.memoryShare / 100, memoryUse()),
    logComponent(() => log.dropped),
  ]
  const checks = settings.checks.map((check) =>
    buildCheck(check, {
      version,
      onFailure: (name, { message, detail }) => logger.warn({ check: name, why: message, detail }, 'check failed'),
    }),
  )
  const health = new Health(version, [...measured, ...checks], ({ name, from, to, message }) => {
    // Of itself an upstream is told in the log by its probe.
    if (name.startsWith('upstream:')) return
    const words = { component: name, from, to, why: message }
    if (to === 'healthy') logger.info(words, 'component is healthy')
    else logger.warn(words, `component is ${to}`)
  })
  const endpoints = new EndpointComponents(upstreams, (upstream) => {
    const reasons = ['queue_full', 'queue_timeout', 'streams_full'] as const
    return reasons.reduce((sum, reason) => sum + instruments.pools.poolRejected.bind([upstream, reason]).value, 0)
  })
  const taken = new Set(['gateway', ...measured.map(({ name }) => name)])
  const reported = new ReportedComponents({ taken })
  health.add(() => upstreams().map(({ name, settings, probe }) => upstreamComponent(name, settings.required, probe)))
  health.add(() => endpoints.components())
  health.add(others)
  health.add(() => reported.components())
  const gauges = new HealthGauges(instruments.health)
  let timer: NodeJS.Timeout | undefined
  return {
    health,
    reported,
    get looks() {
      return checks.reduce((sum, check) => sum + check.looks, 0)
    },
    start() {
      for (const check of checks) check.start()
      store.observe(() => gauges.set(health.look(), upstreams()))
      timer = setInterval(() => {
        for (const component of measured) component.measure()
        endpoints.measure()
        health.look()
      }, TICK_MS).unref()
    },
    close() {
      clearInterval(timer)
      for (const check of checks) check.stop()
      for (const component of measured) component.stop?.()
    },
  }
}
