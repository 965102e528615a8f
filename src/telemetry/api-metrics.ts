/** What users record through `@opentelemetry/api` in their interceptors: bounded, collected, and put onto our own pages. */
import type { MeterProvider } from '@opentelemetry/api'
import type { MetricReader } from '@opentelemetry/sdk-metrics'
import { joined } from './api/joined.ts'
import type { ExportLog } from './export-target.ts'
import type { Family, FamilySource } from './family.ts'

/** Series of all users' instruments together. */
const SERIES = 1_000
const INSTRUMENTS = 100

export interface ApiMetrics {
  /** For the meter provider, see `startMetricExport`. */
  readonly reader: MetricReader
  /** The provider as users may have it. */
  bounded(provider: MeterProvider): MeterProvider
  /** A page of our own families and, behind them, what users recorded. Never rejects. */
  page(own: FamilySource): Promise<FamilySource>
}

/** Loads the SDK: call it only where an interceptor of a user is, and before that is loaded. */
export async function createApiMetrics(log: ExportLog): Promise<ApiMetrics> {
  const [{ PrometheusExporter }, { createNoopMeter }, { boundedMeters }, { familiesOf }] = await Promise.all([
    import('@opentelemetry/exporter-prometheus'),
    import('@opentelemetry/api'),
    import('./api/bounded-meters.ts'),
    import('./api/families.ts'),
  ])
  const told = new Set<string>()
  const tell = (metric: string, message: string, more: object = {}): void => {
    if (told.has(metric + message)) return
    told.add(metric + message)
    log.warn({ metric, ...more }, message)
  }
  const reader = new PrometheusExporter({ preventServerStart: true })
  const collect = async (): Promise<Family[]> => {
    try {
      const { resourceMetrics } = await reader.collect()
      return familiesOf(resourceMetrics.scopeMetrics, (metric, scope, reason) =>
        tell(metric, 'metric of an interceptor refused', { scope, reason }),
      )
    } catch {
      // Not started yet, or over already.
      return []
    }
  }
  return {
    reader,
    bounded: (provider) =>
      boundedMeters(provider, {
        series: SERIES,
        instruments: INSTRUMENTS,
        noop: createNoopMeter(),
        onOverflow: (metric) => tell(metric, 'too many series recorded by interceptors'),
      }),
    page: async (own) =>
      joined(own, await collect(), (metric) =>
        tell(metric, 'metric of an interceptor refused', { reason: 'its name is that of one of ours' }),
      ),
  }
}
