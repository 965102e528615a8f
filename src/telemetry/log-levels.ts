/** Which level each module logs at: what is configured, and over it what somebody set for a while. */

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

/** Who writes: `access` for the access log, `main` for the process, else a folder of src. */
export const LOG_MODULES = [
  'access',
  'admin',
  'demo',
  'health',
  'incidents',
  'inspection',
  'interceptors',
  'listener',
  'main',
  'session',
  'telemetry',
  'upstream',
] as const

export type LogModule = (typeof LOG_MODULES)[number]

export interface ConfiguredLevels {
  readonly level: LogLevel
  /** In place of `level`, for single modules. */
  readonly levels?: Readonly<Partial<Record<LogModule, LogLevel>>>
}

interface Override {
  readonly level: LogLevel
  /** Milliseconds since the epoch. */
  readonly until: number | undefined
  readonly timer: NodeJS.Timeout | undefined
}

export interface ModuleLevel {
  readonly level: LogLevel
  readonly configured: LogLevel
  /** ISO 8601: when it will be the configured one again. */
  readonly until?: string
}

export class LogLevels {
  #configured: ConfiguredLevels
  readonly #overrides = new Map<LogModule, Override>()
  readonly #apply: (module: LogModule, level: LogLevel) => void

  /** @param apply hears of every change */
  constructor(configured: ConfiguredLevels, apply: (module: LogModule, level: LogLevel) => void) {
    this.#configured = configured
    this.#apply = apply
  }

  of(module: LogModule): LogLevel {
    return this.#overrides.get(module)?.level ?? this.#configuredFor(module)
  }

  list(): Record<LogModule, ModuleLevel> {
    const rows = LOG_MODULES.map((module) => {
      const until = this.#overrides.get(module)?.until
      const row = { level: this.of(module), configured: this.#configuredFor(module) }
      return [module, until === undefined ? row : { ...row, until: new Date(until).toISOString() }]
    })
    return Object.fromEntries(rows)
  }

  /** Another configuration. What was set without an end gives way to it. */
  configure(configured: ConfiguredLevels): void {
    this.#configured = configured
    for (const [module, { until }] of this.#overrides) if (until === undefined) this.#overrides.delete(module)
    for (const module of LOG_MODULES) this.#apply(module, this.of(module))
  }

  /** @param forMs after so many milliseconds the configured level returns; without it, it stays until somebody says so */
  set(modules: readonly LogModule[], level: LogLevel, forMs?: number): void {
    for (const module of modules) {
      clearTimeout(this.#overrides.get(module)?.timer)
      const timer = forMs === undefined ? undefined : setTimeout(() => this.reset([module]), forMs).unref()
      const until = forMs === undefined ? undefined : Date.now() + forMs
      this.#overrides.set(module, { level, until, timer })
      this.#apply(module, level)
    }
  }

  /** Back to what is configured. */
  reset(modules: readonly LogModule[]): void {
    for (const module of modules) {
      clearTimeout(this.#overrides.get(module)?.timer)
      if (this.#overrides.delete(module)) this.#apply(module, this.of(module))
    }
  }

  #configuredFor(module: LogModule): LogLevel {
    return this.#configured.levels?.[module] ?? this.#configured.level
  }
}
