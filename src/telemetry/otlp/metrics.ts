/** Sends metrics: starts the exporters that the settings name, and loads the OpenTelemetry SDK only then. */
import type { MetricReader, PushMetricExporter } from '@opentelemetry/sdk-metrics'
import type { ApiMetrics } from '../api-metrics.ts'
import { type ExportLog, ExportTarget } from '../export-target.ts'
import type { SeriesStore } from '../series.ts'
import { createOtlpExporter, type OtlpSettings } from './otlp-exporter.ts'

export interface MetricExportSettings {
  readonly enabled: boolean
  readonly metrics: {
    readonly exporters: readonly ('prometheus' | 'otlp' | 'console' | 'none')[] | undefined
    /** Milliseconds. */
    readonly interval: number
    /** Milliseconds. */
    readonly timeout: number
    readonly otlp: OtlpSettings
  }
}

export interface MetricExportSurroundings {
  readonly version: string
  /** See `resourceAttributes`. */
  readonly resource: Readonly<Record<string, string>>
  readonly log: ExportLog
  /** Called for each export that failed. */
  readonly failed: () => void
  /** What users record through `@opentelemetry/api`; it is collected and sent with the rest. */
  readonly api?: Pick<ApiMetrics, 'reader' | 'bounded'>
}

export interface MetricExport {
  /** Where metrics are sent to, each with how the last attempt went. */
  readonly targets: readonly ExportTarget[]
  /** Sends what there is now; resolves when that is done, or after `within` milliseconds. Never rejects. */
  flush(within: number): Promise<void>
  /** Sends what there is a last time and ends, within `within` milliseconds. Never rejects. */
  close(within: number): Promise<void>
}

const OFF: MetricExport = { targets: [], flush: async () => {}, close: async () => {} }

/** Points in one request: it is written in one go, which must not hold up an exchange for long. */
const BATCH = 250

/** Rejects when an exporter cannot be made: see `createOtlpExporter`. */
export async function startMetricExport(
  { enabled, metrics }: MetricExportSettings,
  store: SeriesStore,
  { version, resource, log, failed, api }: MetricExportSurroundings,
): Promise<MetricExport> {
  const exporters = enabled ? exportersOf(metrics) : []
  if (!enabled || (exporters.length === 0 && api === undefined)) return OFF

  const [
    { MeterProvider, PeriodicExportingMetricReader },
    { defaultResource, resourceFromAttributes },
    { diag, DiagLogLevel, metrics: global },
  ] = await Promise.all([
    import('@opentelemetry/sdk-metrics'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/api'),
  ])
  const { SeriesProducer } = await import('./producer.ts')
  const { WatchedExporter } = await import('./watched-exporter.ts')

  const { diagnostics } = await import('./diagnostics.ts')
  diag.setLogger(diagnostics(log), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })

  const targets: ExportTarget[] = []
  const exporting: { abandon(): void }[] = []
  const periodic = async (exporter: 'otlp' | 'console'): Promise<MetricReader> => {
    const target = new ExportTarget({ signal: 'metrics', exporter, log, failed })
    targets.push(target)
    const made = exporter === 'otlp' ? await createOtlpExporter(metrics.otlp) : await createConsoleExporter(log)
    const producer = new SeriesProducer(store, version)
    const timeout = Math.min(metrics.timeout, metrics.interval)
    const watched = new WatchedExporter(made, { target, timeout, collection: () => producer.collections })
    exporting.push(watched)
    return new PeriodicExportingMetricReader({
      exporter: watched,
      exportIntervalMillis: metrics.interval,
      exportTimeoutMillis: metrics.interval,
      metricProducers: [producer],
      maxExportBatchSize: BATCH,
    })
  }
  const readers = await Promise.all(exporters.map(periodic))
  const provider = new MeterProvider({
    resource: defaultResource().merge(resourceFromAttributes({ ...resource })),
    readers: api === undefined ? readers : [api.reader, ...readers],
  })
  const isGlobal = api !== undefined && global.setGlobalMeterProvider(api.bounded(provider))
  if (api !== undefined && !isGlobal) log.warn({}, 'another meter provider is registered: its metrics are not shown')

  return {
    targets,
    flush: (within) => inTime(provider.forceFlush({ timeoutMillis: within }), log),
    close: async (within) => {
      if (isGlobal) global.disable()
      await inTime(provider.shutdown({ timeoutMillis: within }), log)
      for (const exporter of exporting) exporter.abandon()
      diag.disable()
    },
  }
}

/** Unset means none unless a collector is named. */
function exportersOf({ exporters, otlp }: MetricExportSettings['metrics']): ('otlp' | 'console')[] {
  const named = otlp.endpoint !== undefined || otlp.url !== undefined
  const asked = exporters ?? (named ? ['otlp'] : [])
  return (['otlp', 'console'] as const).filter((exporter) => asked.includes(exporter))
}

async function createConsoleExporter(log: ExportLog): Promise<PushMetricExporter> {
  const { ConsoleExporter } = await import('./console-exporter.ts')
  return new ConsoleExporter(log)
}

async function inTime(work: Promise<void>, log: ExportLog): Promise<void> {
  try {
    await work
  } catch (err) {
    log.warn({ err }, 'metrics not sent in time')
  }
}
