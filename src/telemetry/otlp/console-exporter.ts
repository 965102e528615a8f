/** Writes metrics as log lines, one a metric, so that they neither block the process nor break the log's JSON. */
import type { PushMetricExporter, ResourceMetrics } from '@opentelemetry/sdk-metrics'
import type { ExportLog } from '../export-target.ts'

export class ConsoleExporter implements PushMetricExporter {
  readonly #log: ExportLog

  constructor(log: ExportLog) {
    this.#log = log
  }

  export({ scopeMetrics }: ResourceMetrics, done: Parameters<PushMetricExporter['export']>[1]): void {
    for (const { scope, metrics } of scopeMetrics) {
      for (const { descriptor, dataPoints } of metrics) {
        const points = dataPoints.map(({ attributes, value }) => ({ attributes, value }))
        this.#log.info({ metric: descriptor.name, unit: descriptor.unit, scope: scope.name, points }, 'metric')
      }
    }
    done({ code: 0 })
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
