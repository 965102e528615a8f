/** Builds what takes another configuration while the gateway runs: on request, on a signal, or when its file changes. */
import { checkConfig } from './config/checks.ts'
import type { Config } from './config/config.ts'
import { type ConfigError, ConfigRefusedError } from './config/errors.ts'
import type { PlaneInForce } from './plane-in-force.ts'
import type { Changes } from './reload/changes.ts'
import { FileWatch } from './reload/file-watch.ts'
import { reloadMeter } from './reload/reload-meter.ts'
import { type ReadConfig, Reloader, type ReloadReport, type ReloadTrigger } from './reload/reloader.ts'
import type { Instruments } from './telemetry/instruments.ts'
import type { Log } from './telemetry/log.ts'

export interface ReloadSurroundings {
  readonly inForce: PlaneInForce
  readonly instruments: Instruments
  readonly log: Log
  /** Reads the configuration from where it came from. */
  readonly read: ReadConfig | undefined
  /** The configuration file, if there is one. */
  readonly file: string | undefined
  readonly draining: () => boolean
  /** Whether what interceptors record by `@opentelemetry/api` is collected, or need not be. */
  readonly collects: (config: Config) => boolean
}

export interface ReloadParts {
  reload(trigger: ReloadTrigger): Promise<ReloadReport>
  /** Watches the file, if the configuration says so. */
  start(): void
  close(): void
}

const UNCOLLECTED =
  'interceptors: what they record by @opentelemetry/api is collected from the next start on, because there were none at this one'

export function buildReload(surroundings: ReloadSurroundings): ReloadParts {
  const { inForce, instruments, log, read = nowhere, file, draining, collects } = surroundings
  let closed = false
  const refuseAtTheEnd = (): void => {
    if (closed || draining()) throw refusal('is not read any more: the gateway is draining')
  }
  const apply = async ({ applied, config }: Changes) => {
    refuseAtTheEnd()
    // What waits for a restart may not go together with what does not: a new upstream at the old address of a listener.
    const errors: ConfigError[] = []
    checkConfig(config, errors)
    if (errors.length > 0) throw new ConfigRefusedError(errors)
    const prepared = await inForce.prepare(config)
    refuseAtTheEnd()
    if (applied.length + prepared.changed.length > 0) prepared.take()
    watch()
    return {
      applied: prepared.changed,
      needsRestart: prepared.outdated,
      warnings: collects(config) ? [] : [UNCOLLECTED],
    }
  }
  const reloader = new Reloader({
    read: async () => {
      await fileWatch?.reading()
      return read()
    },
    running: () => inForce.plane.config,
    apply,
    meter: reloadMeter(instruments.config),
    logger: log.logger,
  })
  const fileWatch = file === undefined ? undefined : new FileWatch(file, () => void reloader.reload('file'))
  const watch = (): void => {
    if (inForce.plane.config.reload.watch) fileWatch?.start()
    else fileWatch?.stop()
  }
  return {
    reload: (trigger) => reloader.reload(trigger),
    start: watch,
    close() {
      closed = true
      fileWatch?.stop()
    },
  }
}

function refusal(message: string): ConfigRefusedError {
  return new ConfigRefusedError([{ path: 'configuration', message, hint: undefined }])
}

const nowhere: ReadConfig = async () => {
  throw refusal('cannot be read again: the gateway was not started from one that can')
}
