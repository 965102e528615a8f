/** Somewhere telemetry is sent to, and how the last attempt went. */

export interface ExportAttempt {
  readonly ok: boolean
  readonly message: string
  /** Milliseconds since the epoch, when it was over. */
  readonly at: number
  /** Milliseconds. */
  readonly duration: number
}

export interface ExportLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export interface ExportTargetOptions {
  /** What is sent: `metrics`, `traces`. */
  readonly signal: string
  /** Where to: `otlp`, `console`. */
  readonly exporter: string
  readonly log: ExportLog
  /** Called for each attempt that failed. */
  readonly failed: () => void
}

export class ExportTarget {
  readonly signal: string
  readonly exporter: string
  /** Undefined until something was sent. */
  last: ExportAttempt | undefined = undefined
  /** So far. */
  attempts = 0
  readonly #log: ExportLog
  readonly #failed: () => void

  constructor({ signal, exporter, log, failed }: ExportTargetOptions) {
    this.signal = signal
    this.exporter = exporter
    this.#log = log
    this.#failed = failed
  }

  /** Notes the end of an attempt. The log tells changes only: a collector that is down for a day is one line. */
  settled(error: Error | undefined, duration: number): void {
    this.attempts++
    const before = this.last
    this.last = { ok: error === undefined, message: error?.message ?? 'sent', at: Date.now(), duration }
    const { signal, exporter } = this
    if (error !== undefined) this.#failed()
    if (error !== undefined && before?.ok !== false) this.#log.warn({ signal, exporter, err: error }, 'export failed')
    if (error === undefined && before?.ok === false) this.#log.info({ signal, exporter }, 'export works again')
  }
}
