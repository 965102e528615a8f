/** Starts whatever telemetry leaves the process by itself: metrics and spans for collectors. What is off is not loaded. */
import type { Config } from '../config/config.ts'
import { type ApiMetrics, createApiMetrics } from './api-metrics.ts'
import type { ExportTarget } from './export-target.ts'
import type { Instruments } from './instruments.ts'
import type { Log } from './log.ts'
import { startMetricExport } from './otlp/metrics.ts'
import { resourceAttributes } from './resource.ts'
import type { SeriesStore } from './series.ts'
import { startTracing } from './tracing/export.ts'
import type { Traces } from './tracing/traces.ts'

export interface ExportSurroundings {
  readonly config: Config
  readonly store: SeriesStore
  readonly instruments: Instruments
  readonly log: Log
  readonly version: string
  readonly addressOf: (upstream: string) => { readonly host: string; readonly port: number } | undefined
}

export interface Exports {
  /** What interceptors record through `@opentelemetry/api`; `undefined` where there are none. */
  readonly api: ApiMetrics | undefined
  /** `undefined`: tracing is off. */
  readonly traces: Traces | undefined
  /** Where telemetry is sent, and how that went last. */
  readonly targets: readonly ExportTarget[]
  /** Sends what waits, for at most so many milliseconds. */
  close(within: number): Promise<void>
}

/** To be awaited before interceptors are loaded: a meter that they take earlier records nothing, for ever. */
export async function startExports(surroundings: ExportSurroundings): Promise<Exports> {
  const { config, store, instruments, version, addressOf } = surroundings
  const { telemetry, interceptors } = config
  const log = surroundings.log.module('telemetry')
  const resource = resourceAttributes(telemetry.resource, version)
  const own = interceptors.length > 0
  const api = telemetry.enabled && own ? await createApiMetrics(log) : undefined
  const metrics = await startMetricExport(telemetry, store, {
    version,
    resource,
    log,
    failed: () => instruments.exportFailures.bind(['metrics']).add(1),
    ...(api && { api }),
  })
  const tracing = telemetry.enabled
    ? await startTracing(telemetry.traces, {
        resource,
        version,
        addressOf,
        meter: (exporter) => ({
          exported: (n) => instruments.spansExported.bind([exporter]).add(n),
          dropped: (reason, n) => instruments.spansDropped.bind([exporter, reason]).add(n),
        }),
        failed: () => instruments.exportFailures.bind(['traces']).add(1),
        log,
        apiSpans: own,
      })
    : undefined
  return {
    api,
    traces: tracing?.traces,
    targets: [...metrics.targets, ...(tracing?.targets ?? [])],
    close: async (within) => {
      await Promise.all([metrics.close(within), tracing?.close(within)])
    },
  }
}
