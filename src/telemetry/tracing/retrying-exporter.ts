/** Sends spans again that a collector could not take just now, over gRPC: over HTTP, the SDK's exporter does that itself. */
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'

type Done = Parameters<SpanExporter['export']>[1]

export interface RetryOptions {
  /** Milliseconds from the first attempt on, in which a further one may begin. */
  readonly within: number
  /** Milliseconds before the second attempt; each further pause is half as long again. */
  readonly pause?: number
}

/** The gRPC codes after which OTLP asks to try again: cancelled, deadline, aborted, out of range, unavailable, data loss. */
const PASSING: ReadonlySet<unknown> = new Set([1, 4, 10, 11, 14, 15])

/** Gateways that lost the same collector should not all come back in the same moment. */
const JITTER = 0.2

export class RetryingExporter implements SpanExporter {
  readonly #exporter: SpanExporter
  readonly #within: number
  readonly #pause: number
  readonly #waiting = new Map<NodeJS.Timeout, () => void>()
  #closing = false

  constructor(exporter: SpanExporter, { within, pause = 1_000 }: RetryOptions) {
    this.#exporter = exporter
    this.#within = within
    this.#pause = pause
  }

  export(spans: ReadableSpan[], done: Done): void {
    this.#attempt(spans, done, performance.now() + this.#within, this.#pause)
  }

  /** From now on nothing is tried again; what waits for that is tried a last time, at once. */
  hurry(): void {
    this.#closing = true
    for (const [timer, again] of this.#waiting) {
      clearTimeout(timer)
      again()
    }
  }

  shutdown(): Promise<void> {
    this.hurry()
    return this.#exporter.shutdown()
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.()
  }

  #attempt(spans: ReadableSpan[], done: Done, until: number, pause: number): void {
    this.#exporter.export(spans, (result) => {
      const wait = pause * (1 - JITTER + 2 * JITTER * Math.random())
      if (result.code === 0 || this.#closing || !isPassing(result.error) || performance.now() + wait > until) {
        done(result)
        return
      }
      const again = (): void => {
        this.#waiting.delete(timer)
        try {
          this.#attempt(spans, done, until, pause * 1.5)
        } catch (error) {
          // Nobody is above a timer to hear of it.
          done({ code: 1, error: error as Error })
        }
      }
      const timer = setTimeout(again, wait).unref()
      this.#waiting.set(timer, again)
    })
  }
}

const isPassing = (error: Error | undefined): boolean =>
  error !== undefined && 'code' in error && PASSING.has(error.code)
