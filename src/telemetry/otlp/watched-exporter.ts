/** An exporter that is watched: each attempt ends in time, and its end is noted. */
import type { PushMetricExporter, ResourceMetrics } from '@opentelemetry/sdk-metrics'
import type { ExportTarget } from '../export-target.ts'

type Done = Parameters<PushMetricExporter['export']>[1]
type Result = Parameters<Done>[0]

const SUCCESS: Result['code'] = 0
const FAILED: Result['code'] = 1

export interface WatchedExporterOptions {
  readonly target: ExportTarget
  /** Milliseconds. The exporters' own time-outs bound the silence between two bytes, not the whole. */
  readonly timeout: number
  /** A number that is another for each collection. */
  readonly collection: () => number
}

export class WatchedExporter implements PushMetricExporter {
  readonly #exporter: PushMetricExporter
  readonly #options: WatchedExporterOptions
  /** The collection of which a part failed: what is left of it is not tried, it would only wait as long. */
  #lost: number | undefined = undefined
  #abandoned = false
  /** Ends the attempt that is under way. */
  #fail: ((reason: string) => void) | undefined = undefined

  constructor(exporter: PushMetricExporter, options: WatchedExporterOptions) {
    this.#exporter = exporter
    this.#options = options
  }

  export(metrics: ResourceMetrics, done: Done): void {
    const { target, timeout, collection } = this.#options
    const part = collection()
    if (this.#abandoned || this.#lost === part) {
      done({ code: FAILED, error: new Error('not tried') })
      return
    }
    const began = performance.now()
    let open = true
    const settle = (result: Result): void => {
      if (!open) return
      open = false
      clearTimeout(timer)
      const error = result.code === SUCCESS ? undefined : (result.error ?? new Error('the exporter gave no reason'))
      if (error !== undefined) this.#lost = part
      target.settled(error, performance.now() - began)
      done(result)
    }
    this.#fail = (reason) => settle({ code: FAILED, error: new Error(reason) })
    const timer = setTimeout(this.#fail, timeout, `not taken within ${timeout} ms`).unref()
    try {
      this.#exporter.export(metrics, settle)
    } catch (error) {
      settle({ code: FAILED, error: error instanceof Error ? error : new Error(String(error)) })
    }
  }

  /** Gives up what is under way, and whatever comes. */
  abandon(): void {
    this.#abandoned = true
    this.#fail?.('given up at the end')
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush()
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown()
  }
}
