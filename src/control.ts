/** Builds the control plane: the admin listener and the routes on it. Those that need a token are one line each. */
import { AdminListener } from './admin/admin.ts'
import type { AdminRoute } from './admin/route.ts'
import { tokensOf } from './admin/tokens-of-config.ts'
import type { Config } from './config/config.ts'
import type { Health } from './health/health.ts'
import type { IncidentParts } from './incident-parts.ts'
import { errorRoutes } from './incidents/error-routes.ts'
import type { ApiMetrics } from './telemetry/api-metrics.ts'
import type { Log } from './telemetry/log.ts'
import type { SeriesStore } from './telemetry/series.ts'
import { Views } from './telemetry/views/views.ts'

export interface ControlParts {
  readonly config: Config
  readonly log: Log
  readonly health: Health
  readonly store: SeriesStore
  readonly incidents: IncidentParts
  /** What users record through `@opentelemetry/api`. */
  readonly api: ApiMetrics | undefined
}

export function buildControl({ config, log, health, store, incidents, api }: ControlParts): AdminListener {
  const logger = log.module('admin')
  const routes: AdminRoute[] = [...errorRoutes({ ...incidents, messages: config.errors.messages })]
  const views = new Views(store)
  const page = views.beside(store, config.telemetry.metrics.views)
  return new AdminListener({
    ...config.admin,
    limits: config.limits,
    health,
    store,
    metrics: { main: () => api?.page(page) ?? page, views },
    routes,
    tokens: tokensOf(config.admin, logger),
    logger,
  })
}
