/** The composition root: builds the two planes and what they share, and knows everything. */
import type { AddressInfo } from 'node:net'
import type { Config } from './config/config.ts'
import { buildControl } from './control.ts'
import { drain } from './drain.ts'
import { exportComponent } from './health/export-component.ts'
import { listenerComponent } from './health/listener-component.ts'
import { healthRoutes } from './health/routes.ts'
import { buildHealth } from './health-parts.ts'
import { downBecause } from './incidents/alert-rule.ts'
import { buildLastingParts } from './lasting-parts.ts'
import { ProxyListener } from './listener/proxy.ts'
import { openFilesLimit, openFilesNeeded } from './open-files.ts'
import { PlaneInForce } from './plane-in-force.ts'
import type { ReadConfig, ReloadReport, ReloadTrigger } from './reload/reloader.ts'
import { buildReload } from './reload-parts.ts'
import { startExports } from './telemetry/exports.ts'
import { Instruments } from './telemetry/instruments.ts'
import type { Log } from './telemetry/log.ts'
import { connectionMeter } from './telemetry/meters.ts'
import { observeProcess } from './telemetry/process.ts'
import { SeriesStore } from './telemetry/series.ts'
import { observeTasks } from './telemetry/tasks.ts'

export interface Gateway {
  /** Listens; resolves with where. */
  start(): Promise<{ readonly proxy: AddressInfo; readonly admin: AddressInfo }>
  /** Reads the configuration again, and puts in force what can be. Never rejects. */
  reload(trigger: ReloadTrigger): Promise<ReloadReport>
  /** Stops gracefully; resolves when everything is closed. */
  drain(): Promise<void>
  /** Stops at once. */
  close(): Promise<void>
}

/** What the last export may take. */
const EXPORT_MS = 2_000

export interface Surroundings {
  readonly log: Log
  readonly version: string
  /** Where the packages of interceptors are looked up; the working directory unless told. */
  readonly folder?: string
  /** Reads the configuration again, from the same sources. Unset, every reload is refused. */
  readonly read?: ReadConfig
  /** The configuration file, to be watched if the configuration says so. */
  readonly file?: string | undefined
  /** Somebody asked for a drain by the admin listener. Unset, only the gateway drains, not the process. */
  readonly onDrainAsked?: () => void
  /** Milliseconds that a module of an interceptor may take to load, and its factory again. */
  readonly loadLimit?: number | undefined
}

/** Throws what `refusalsOf` words, when a module cannot serve, or files of TLS are no use any more. */
export async function buildGateway(
  config: Config,
  { log, version, folder = process.cwd(), read, file, onDrainAsked, loadLimit }: Surroundings,
): Promise<Gateway> {
  const store = new SeriesStore()
  const instruments = new Instruments(store)
  const processMetrics = observeProcess(store, instruments, version)
  store.observe(() => instruments.logDropped.bind([]).observe(log.dropped))

  const lasting = buildLastingParts(config, { store, instruments, log })
  // Before the interceptors are loaded.
  const exports = await startExports({
    config,
    store,
    instruments,
    log,
    version,
    addressOf: (upstream) => inForce.upstream(upstream)?.address,
  })
  const connections = {
    open: () => instruments.connectionsActive.bind([]).value,
    limit: () => inForce.plane.config.limits.connections,
  }
  const healthParts = buildHealth(config, {
    store,
    instruments,
    log,
    version,
    upstreams: () => inForce.plane.upstreams.all,
    others: () => [
      listenerComponent('proxy', proxy, connections),
      listenerComponent('admin', control, {
        open: () => control.connections,
        limit: () => config.admin.limits.connections,
      }),
      ...exports.targets.map(exportComponent),
    ],
  })
  const { health, reported } = healthParts

  const proxy = new ProxyListener({
    ...config.listen,
    limits: config.limits,
    meter: connectionMeter(instruments),
    onTlsReload: (err) =>
      err
        ? log.module('listener').error({ err }, 'certificate not reloaded')
        : log.module('listener').info('certificate reloaded'),
  })
  const inForce: PlaneInForce = new PlaneInForce({
    instruments,
    log,
    version,
    folder,
    loadLimit,
    lasting,
    traces: exports.traces,
    proxy,
    extra: (app) => healthRoutes(app, health),
  })
  const first = await inForce.prepare(config)
  first.take()
  const reload = buildReload({
    inForce,
    instruments,
    log,
    read,
    file,
    draining: () => health.draining,
    collects: ({ telemetry, interceptors }) =>
      !telemetry.enabled || interceptors.length === 0 || exports.api !== undefined,
  })
  const control = buildControl({
    version,
    running: () => inForce.plane,
    log,
    health,
    reported,
    store,
    instruments,
    sessions: lasting.sessions,
    incidents: lasting.incidents,
    api: exports.api,
    reload,
    drain: onDrainAsked ?? (() => void drainOnce().catch((err: unknown) => log.logger.error({ err }, 'stop failed'))),
  })

  const exported = (signal: string) => () =>
    exports.targets.reduce((sum, target) => sum + (target.signal === signal ? target.attempts : 0), 0)
  observeTasks(store, instruments, {
    check: () => healthParts.looks,
    log_write: () => log.writes,
    metrics_export: exported('metrics'),
    profile: () => control.profiles,
    traces_export: exported('traces'),
  })

  const close = async (): Promise<void> => {
    reload.close()
    const { upstreams } = inForce.plane
    await upstreams.stopProbes()
    await proxy.close()
    await upstreams.close()
    await control.close()
    await exports.close(EXPORT_MS)
    lasting.close()
    healthParts.close()
    processMetrics.stop()
  }
  const stop = async (): Promise<void> => {
    health.draining = true
    control.drain()
    await drain(proxy, inForce.plane.config.drain)
    await close()
  }
  let stopping: Promise<void> | undefined
  const drainOnce = (): Promise<void> => {
    stopping ??= stop()
    return stopping
  }

  return {
    async start() {
      warnOfOpenFiles(config, log)
      const addresses = { admin: await control.listen(), proxy: await proxy.listen() }
      inForce.probe()
      lasting.incidents.start(() => inForce.plane.upstreams.all.map(({ name, probe }) => [name, downBecause(probe)]))
      healthParts.start()
      reload.start()
      return addresses
    },
    reload: (trigger) => reload.reload(trigger),
    drain: drainOnce,
    close,
  }
}

function warnOfOpenFiles({ upstreams, admin }: Config, log: Log): void {
  const needed = openFilesNeeded(Object.values(upstreams), admin.limits.connections)
  const limit = openFilesLimit()
  if (limit === undefined || limit >= needed) return
  const words = 'too few open files for the configured limits: raise "ulimit -n" or lower upstreams.*.limits'
  log.module('upstream').warn({ limit, needed }, words)
}
