/** Builds the control plane: the admin listener and the routes on it. Those that need a token are one line each. */
import type { AddressInfo } from 'node:net'
import { AdminListener } from './admin/admin.ts'
import { configRoute } from './admin/config-route.ts'
import { drainRoute } from './admin/drain-route.ts'
import { logLevelRoutes } from './admin/log-level-routes.ts'
import { mcpRoutes } from './admin/mcp/route.ts'
import { pprofRoutes } from './admin/pprof-routes.ts'
import { Profiler } from './admin/profiler.ts'
import type { AdminRoute } from './admin/route.ts'
import { sessionRoutes } from './admin/sessions.ts'
import { tokensOf } from './admin/tokens-of-config.ts'
import { upstreamsRoute } from './admin/upstreams-route.ts'
import type { DataPlane } from './data-plane.ts'
import { componentRoutes } from './health/component-routes.ts'
import type { Health } from './health/health.ts'
import type { ReportedComponents } from './health/reported-components.ts'
import type { IncidentParts } from './incident-parts.ts'
import { errorRoutes } from './incidents/error-routes.ts'
import { reloadRoutes } from './reload/reload-route.ts'
import type { Reloader } from './reload/reloader.ts'
import type { SessionRegistry } from './session/registry.ts'
import type { ApiMetrics } from './telemetry/api-metrics.ts'
import type { Instruments } from './telemetry/instruments.ts'
import type { Log } from './telemetry/log.ts'
import type { SeriesStore } from './telemetry/series.ts'
import { Views } from './telemetry/views/views.ts'

export interface ControlParts {
  /** What a reload replaces. The admin listener itself keeps the configuration that it began with. */
  readonly running: () => Pick<DataPlane, 'config' | 'upstreams'>
  readonly version: string
  readonly log: Log
  readonly health: Health
  readonly reported: ReportedComponents
  readonly store: SeriesStore
  readonly instruments: Instruments
  readonly sessions: SessionRegistry
  readonly incidents: IncidentParts
  /** What users record through `@opentelemetry/api`. */
  readonly api: ApiMetrics | undefined
  readonly reload: Pick<Reloader, 'reload'>
  /** Begins the end of the process. */
  readonly drain: () => void
}

export interface Control {
  readonly listening: boolean
  /** Connections of the admin listener that are open. */
  readonly connections: number
  /** Profiles begun so far. */
  readonly profiles: number
  listen(): Promise<AddressInfo>
  /** The gateway drains: what takes long here ends. Everything is still answered. */
  drain(): void
  close(): Promise<void>
}

export function buildControl(parts: ControlParts): Control {
  const { version, running, log, health, reported, store, instruments, sessions, incidents, api, reload, drain } = parts
  const { config } = running()
  const logger = log.module('admin')
  const draining = new AbortController()
  const profiler = new Profiler({ pause: config.admin.profiles.pause, draining: draining.signal })
  const views = new Views(store)
  const page = views.beside(store, config.telemetry.metrics.views)
  const main = () => api?.page(page) ?? page
  const upstreams = () => running().upstreams.all.map(({ name }) => name)
  const routes: AdminRoute[] = [
    ...sessionRoutes(sessions, upstreams, logger),
    upstreamsRoute(() => running().upstreams.all, sessions),
    configRoute(() => running().config),
    ...logLevelRoutes(log),
    drainRoute(drain),
    ...pprofRoutes({ profiler, longest: config.admin.profiles.longest, draining: draining.signal }),
    ...reloadRoutes(reload),
    ...componentRoutes(health, reported),
    ...errorRoutes({ ...incidents, messages: config.errors.messages, upstreams }),
    ...mcpRoutes({
      ...{ version, upstreams, health, reported, sessions, logger, ...incidents },
      metrics: main,
      messages: config.errors.messages,
    }),
  ]
  const { connectionsClosed } = instruments.admin
  // There from the start, so that a rise from nothing can be told.
  const closed = { waiting: connectionsClosed.bind(['waiting']), busy: connectionsClosed.bind(['busy']) }
  const admin = new AdminListener({
    ...config.admin,
    limits: { ...config.limits, ...config.admin.limits },
    health,
    store,
    metrics: { main, views },
    routes,
    tokens: tokensOf(config.admin, logger),
    refused: (reason) => instruments.admin.refused.bind([reason]).add(1),
    onClosed: (what) => closed[what].add(1),
    logger,
  })
  return {
    get listening() {
      return admin.listening
    },
    get connections() {
      return admin.connections
    },
    get profiles() {
      return profiler.taken
    },
    listen: () => admin.listen(),
    drain: () => draining.abort(),
    close: () => admin.close(),
  }
}
