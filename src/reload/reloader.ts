/** Reads the configuration again when told to, and has what can be changed applied: all of it, or nothing. */
import type { Config } from '../config/config.ts'
import type { ConfigError } from '../config/errors.ts'
import { refusalsOf } from '../refusals.ts'
import { type Changes, changesBetween } from './changes.ts'

export type ReloadTrigger = 'signal' | 'request' | 'file'

export type ReadConfig = () => Promise<
  { readonly config: Config; readonly warnings: readonly string[] } | { readonly errors: readonly ConfigError[] }
>

export type ReloadReport =
  | {
      readonly result: 'applied' | 'unchanged'
      /** Paths of settings. */
      readonly applied: readonly string[]
      /** Paths of settings that differ from what runs, and go on doing so until the process starts anew. */
      readonly needsRestart: readonly string[]
      readonly warnings: readonly string[]
    }
  | { readonly result: 'refused'; readonly errors: readonly ConfigError[] }

export interface ReloaderOptions {
  /** From the same sources as at the start. */
  readonly read: ReadConfig
  /** What is in force. */
  readonly running: () => Config
  /**
   * Puts another configuration in force, in one go. Resolves with what there is to be said beside the changes. Throws a
   * `ConfigRefusedError` or an `InterceptorLoadError`, and then nothing has changed.
   */
  readonly apply: (changes: Changes) => Promise<{
    readonly applied: readonly string[]
    readonly needsRestart: readonly string[]
    readonly warnings: readonly string[]
  }>
  readonly meter: (report: ReloadReport) => void
  readonly logger: {
    info(fields: object, message: string): void
    warn(fields: object, message: string): void
    error(fields: object, message: string): void
  }
}

export class Reloader {
  readonly #options: ReloaderOptions
  #current: Promise<unknown> = Promise.resolve()
  /** Has not begun to read yet: whoever asks now is served by it too. */
  #next: Promise<ReloadReport> | undefined

  constructor(options: ReloaderOptions) {
    this.#options = options
  }

  /** One after the other. Never rejects. */
  reload(trigger: ReloadTrigger): Promise<ReloadReport> {
    this.#next ??= this.#current.then(() => {
      this.#next = undefined
      return this.#reload(trigger)
    })
    this.#current = this.#next
    return this.#next
  }

  async #reload(trigger: ReloadTrigger): Promise<ReloadReport> {
    const { meter } = this.#options
    const report = await this.#attempt()
    meter(report)
    this.#tell(trigger, report)
    return report
  }

  async #attempt(): Promise<ReloadReport> {
    const { read, running, apply } = this.#options
    try {
      const loaded = await read()
      if ('errors' in loaded) return { result: 'refused', errors: loaded.errors }
      const changes = changesBetween(running(), loaded.config)
      const told = await apply(changes)
      const applied = [...changes.applied, ...told.applied]
      const needsRestart = [...changes.needsRestart, ...told.needsRestart]
      const result = applied.length > 0 ? 'applied' : 'unchanged'
      return { result, applied, needsRestart, warnings: [...loaded.warnings, ...told.warnings] }
    } catch (error) {
      return { result: 'refused', errors: errorsOf(error) }
    }
  }

  #tell(trigger: ReloadTrigger, report: ReloadReport): void {
    const { logger } = this.#options
    if (report.result === 'refused') {
      logger.error({ trigger, errors: report.errors }, 'configuration refused: the one before stays in force')
      return
    }
    const { result, applied, needsRestart, warnings } = report
    const fields = { trigger, applied, ...(warnings.length > 0 && { warnings }) }
    const words = result === 'applied' ? 'configuration applied' : 'configuration read, nothing to apply'
    if (needsRestart.length === 0) logger.info(fields, words)
    else logger.warn({ ...fields, needs_restart: needsRestart }, `${words}; some settings need a restart`)
  }
}

function errorsOf(error: unknown): readonly ConfigError[] {
  const refusals = refusalsOf(error)
  if (refusals !== undefined) return refusals
  const message = `cannot be applied: ${error instanceof Error ? error.message : String(error)}`
  return [{ path: 'configuration', message, hint: undefined }]
}
