/** Takes the spans that interceptors of the user's make through `@opentelemetry/api`. Loads the whole SDK. */
import type { Resource } from '@opentelemetry/resources'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import type { SamplingSettings, TraceSettings } from './settings.ts'

export interface ApiSpansOptions {
  readonly resource: Resource
  readonly settings: TraceSettings
}

export interface ApiSpans {
  /** Sends what waits, for at most so many milliseconds. */
  close(within: number): Promise<void>
}

/** From now on they are taken, until it is closed. */
export async function startApiSpans(
  exporters: readonly SpanExporter[],
  { resource, settings }: ApiSpansOptions,
): Promise<ApiSpans> {
  const { NodeSDK } = await import('@opentelemetry/sdk-node')
  const { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler } = await import('@opentelemetry/sdk-trace')
  const { trace, context, propagation } = await import('@opentelemetry/api')
  const { queue, batch, delay, otlp } = settings
  const sdk = new NodeSDK({
    resource,
    autoDetectResources: false,
    // What stands in for its parts keeps it from making them as the environment says, a metrics server among them.
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
    // Below the span of an exchange they share its fate.
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(rootRate(settings.sampling)) }),
    spanProcessors: exporters.map(
      (exporter) =>
        new BatchSpanProcessor({
          exporter,
          maxQueueSize: queue,
          maxExportBatchSize: Math.min(batch, queue),
          scheduledDelayMillis: delay,
          exportTimeoutMillis: otlp.timeout,
        }),
    ),
  })
  sdk.start()
  return {
    async close(within) {
      const late = new Promise<void>((resolve) => setTimeout(resolve, within).unref())
      // A collector that is down then is told by the queue of exchanges already.
      await Promise.race([sdk.shutdown().catch(() => {}), late])
      for (const part of [trace, context, propagation]) part.disable()
    },
  }
}

function rootRate({ sampler, rate }: SamplingSettings): number {
  if (sampler.endsWith('always_on')) return 1
  return sampler.endsWith('always_off') ? 0 : rate
}
