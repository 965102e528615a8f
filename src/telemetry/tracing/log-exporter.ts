/** Writes spans to the log, one line each, so that they neither block the process nor break the log's JSON. */
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'
import type { ExportLog } from '../export-target.ts'

export class LogExporter implements SpanExporter {
  readonly #log: ExportLog

  constructor(log: ExportLog) {
    this.#log = log
  }

  export(spans: ReadableSpan[], done: Parameters<SpanExporter['export']>[1]): void {
    for (const span of spans) this.#log.info(described(span), 'span')
    done({ code: 0 })
  }

  async shutdown(): Promise<void> {}
}

const KINDS = ['internal', 'server', 'client']

/** As a line of the log shows it. */
function described(span: ReadableSpan): Record<string, unknown> {
  const { traceId, spanId } = span.spanContext()
  return {
    name: span.name,
    kind: KINDS[span.kind],
    trace_id: traceId,
    span_id: spanId,
    parent_span_id: span.parentSpanContext?.spanId,
    start: new Date(span.startTime[0] * 1000 + span.startTime[1] / 1e6).toISOString(),
    duration_ms: span.duration[0] * 1000 + span.duration[1] / 1e6,
    status: span.status.code === 2 ? 'error' : 'unset',
    attributes: span.attributes,
    events: span.events.map(({ name, attributes }) => ({ name, ...attributes })),
    links: span.links.map(({ context }) => ({ trace_id: context.traceId, span_id: context.spanId })),
  }
}
