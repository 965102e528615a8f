/** Starts tracing: what is kept of exchanges goes into a queue for each exporter, and from there to its collector. */
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import { type ExportLog, ExportTarget } from '../export-target.ts'
import { type ApiSpans, startApiSpans } from './api-spans.ts'
import type { Address } from './attributes.ts'
import { Ids } from './ids.ts'
import { LogExporter } from './log-exporter.ts'
import { otlpExporter, ownOtlpExporter } from './otlp.ts'
import { type SpanMeter, SpanQueue, type SpanSender } from './queue.ts'
import { exportersOf, type TraceSettings } from './settings.ts'
import { SpanFactory } from './spans.ts'
import { Traces } from './traces.ts'

export type ExporterName = 'otlp' | 'console'

export interface TracingSurroundings {
  /** Resource attributes, `service.name` among them. */
  readonly resource: Readonly<Record<string, string>>
  readonly version: string
  readonly addressOf: (upstream: string) => Address | undefined
  readonly meter: (exporter: ExporterName) => SpanMeter
  /** Is told when an exporter fails and when it works again, and takes the spans of the exporter `console`. */
  readonly log: ExportLog
  /** Called for each batch that was not taken. */
  readonly failed: (exporter: ExporterName) => void
  /** Whether spans are taken that others in the process make through `@opentelemetry/api`, as interceptors may. */
  readonly apiSpans: boolean
}

export interface Tracing {
  /** For the interceptor. */
  readonly traces: Traces
  readonly queues: ReadonlyMap<ExporterName, SpanQueue>
  /** Of each exporter, how its last batch went. */
  readonly targets: readonly ExportTarget[]
  /** Sends what waits, for at most so many milliseconds. */
  close(within: number): Promise<void>
}

/** `undefined`: no exporter is configured, tracing is off, and nothing of OpenTelemetry is loaded. */
export async function startTracing(
  settings: TraceSettings,
  { resource, version, addressOf, meter, log, failed, apiSpans }: TracingSurroundings,
): Promise<Tracing | undefined> {
  const names = exportersOf(settings)
  if (names.length === 0) return undefined
  const { resourceFromAttributes } = await import('@opentelemetry/resources')
  const ids = new Ids()
  const attributes = resourceFromAttributes({ ...resource })
  const factory = new SpanFactory({
    resource: attributes,
    scope: { name: 'sidelight', version },
    ids,
    addressOf,
    resourceUris: settings.resourceUris,
  })
  type Otlp = typeof otlpExporter
  const exporterOf = (name: ExporterName, otlp: Otlp): Promise<SpanExporter> | SpanExporter =>
    name === 'otlp' ? otlp(settings.otlp) : new LogExporter(log)
  const queues = new Map<ExporterName, SpanQueue>()
  const targets: ExportTarget[] = []
  for (const name of names) {
    const target = new ExportTarget({ signal: 'traces', exporter: name, log, failed: () => failed(name) })
    targets.push(target)
    const settled = (error: Error | undefined, duration: number) => target.settled(error, duration)
    const options = { sender: sending(await exporterOf(name, ownOtlpExporter), factory), meter: meter(name), settled }
    // The exporter has a time-out of its own; ours is for one that forgets it.
    const timeout = settings.otlp.timeout + 1_000
    const { queue: most, batch, delay } = settings
    queues.set(name, new SpanQueue({ ...options, most, batch, delay, timeout }))
  }
  let api: ApiSpans | undefined
  if (apiSpans) {
    // Exporters of their own: whoever closes first would close it for both.
    const exporters = await Promise.all(names.map((name) => exporterOf(name, otlpExporter)))
    api = await startApiSpans(exporters, { resource: attributes, settings })
  }
  const all = [...queues.values()]
  const traces = new Traces({
    settings,
    ids,
    add: (record) => {
      for (const queue of all) queue.add(record)
    },
  })
  return {
    traces,
    queues,
    targets,
    async close(within) {
      await Promise.all([...all.map((queue) => queue.close(within)), api?.close(within)])
    },
  }
}

function sending(exporter: SpanExporter & { hurry?(): void }, factory: SpanFactory): SpanSender {
  return {
    send: (batch) =>
      new Promise((resolve, reject) => {
        const spans = batch.flatMap((record) => factory.spansOf(record))
        // 0 is success.
        exporter.export(spans, ({ code, error }) => (code === 0 ? resolve() : reject(error ?? new Error('not taken'))))
      }),
    hurry: () => exporter.hurry?.(),
    close: () => exporter.shutdown(),
  }
}
