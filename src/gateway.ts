/** The composition root: builds the two planes and what they share, and knows everything. */
import type { AddressInfo } from 'node:net'
import type { Config } from './config/config.ts'
import { buildControl } from './control.ts'
import { buildDataPlane, type DataPlane } from './data-plane.ts'
import { drain } from './drain.ts'
import { exportComponent } from './health/export-component.ts'
import { Health } from './health/health.ts'
import { healthRoutes } from './health/routes.ts'
import { upstreamComponent } from './health/upstream-component.ts'
import { downBecause } from './incidents/alert-rule.ts'
import { loadInterceptors } from './interceptors/load.ts'
import { buildLastingParts } from './lasting-parts.ts'
import { ProxyListener } from './listener/proxy.ts'
import { Router } from './listener/router.ts'
import { openFilesLimit, openFilesNeeded } from './open-files.ts'
import { startExports } from './telemetry/exports.ts'
import { Instruments } from './telemetry/instruments.ts'
import type { Log } from './telemetry/log.ts'
import { connectionMeter } from './telemetry/meters.ts'
import { observeProcess } from './telemetry/process.ts'
import { SeriesStore } from './telemetry/series.ts'
import { Upstreams } from './upstreams.ts'

export interface Gateway {
  /** Listens; resolves with where. */
  start(): Promise<{ readonly proxy: AddressInfo; readonly admin: AddressInfo }>
  /** Stops gracefully; resolves when everything is closed. */
  drain(): Promise<void>
  /** Stops at once. */
  close(): Promise<void>
}

const NOWHERE = { path: '_none', upstream: '_none', mcp: false }

/** What the last export may take. */
const EXPORT_MS = 2_000

export interface Surroundings {
  readonly log: Log
  readonly version: string
  /** Where the packages of interceptors are looked up; the working directory unless told. */
  readonly folder?: string
  /** Somebody asked for a drain by the admin listener. Unset, only the gateway drains, not the process. */
  readonly onDrainAsked?: () => void
}

/** Throws `InterceptorLoadError` when a module of the configuration cannot serve. */
export async function buildGateway(
  config: Config,
  { log, version, folder = process.cwd(), onDrainAsked }: Surroundings,
): Promise<Gateway> {
  const store = new SeriesStore()
  const instruments = new Instruments(store)
  const processMetrics = observeProcess(store, instruments, version)
  store.observe(() => instruments.logDropped.bind([]).observe(log.dropped))

  const lasting = buildLastingParts(config, { store, instruments, log })
  const upstreams = new Upstreams(config, { instruments, log, version, sessions: lasting.sessions })
  // Before the interceptors are loaded.
  const exports = await startExports({
    config,
    store,
    instruments,
    log,
    version,
    addressOf: (upstream) => upstreams.get(upstream)?.address,
  })
  const health = new Health(version, [
    ...upstreams.all.map(({ name, settings, probe }) => upstreamComponent(name, settings.required, probe)),
    ...exports.targets.map(exportComponent),
  ])
  const own = await loadInterceptors(config.interceptors, folder)
  const plane = buildDataPlane(config, upstreams, own, { instruments, log, lasting, traces: exports.traces })

  const proxy = new ProxyListener({
    ...config.listen,
    limits: config.limits,
    meter: connectionMeter(instruments),
    onTlsReload: (err) =>
      err
        ? log.module('listener').error({ err }, 'certificate not reloaded')
        : log.module('listener').info('certificate reloaded'),
  })
  const routerOf = async ({ config: { listen, limits }, chain, routes }: DataPlane): Promise<Router> => {
    const router = new Router(
      {
        host: listen.host,
        origins: listen.origins,
        requestBytes: limits.requestBytes,
        chain,
        routes,
        nowhere: { facts: NOWHERE, active: instruments.requestsActive.bind([NOWHERE.upstream]) },
        extra: (app) => healthRoutes(app, health),
      },
      proxy,
    )
    await router.ready()
    return router
  }
  proxy.use(await routerOf(plane))
  const control = buildControl({
    running: () => plane,
    log,
    health,
    store,
    sessions: lasting.sessions,
    incidents: lasting.incidents,
    api: exports.api,
    drain: onDrainAsked ?? (() => void drainOnce().catch((err: unknown) => log.logger.error({ err }, 'stop failed'))),
  })

  const close = async (): Promise<void> => {
    await upstreams.stopProbes()
    await proxy.close()
    await upstreams.close()
    await control.close()
    await exports.close(EXPORT_MS)
    lasting.close()
    processMetrics.stop()
  }
  const stop = async (): Promise<void> => {
    health.draining = true
    control.drain()
    await drain(proxy, config.drain)
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
      upstreams.start()
      lasting.incidents.start(() => upstreams.all.map(({ name, probe }) => [name, downBecause(probe)]))
      return addresses
    },
    drain: drainOnce,
    close,
  }
}

function warnOfOpenFiles({ upstreams }: Config, log: Log): void {
  const needed = openFilesNeeded(Object.values(upstreams))
  const limit = openFilesLimit()
  if (limit === undefined || limit >= needed) return
  const words = 'too few open files for the configured limits: raise "ulimit -n" or lower upstreams.*.limits'
  log.module('upstream').warn({ limit, needed }, words)
}
