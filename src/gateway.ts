/** The composition root: the only file that constructs parts and knows everything. */
import type { AddressInfo } from 'node:net'
import type { Config } from './config/config.ts'
import { buildControl } from './control.ts'
import { drain } from './drain.ts'
import { Chain } from './exchange/chain.ts'
import type { Sink } from './exchange/flow.ts'
import { exportComponent } from './health/export-component.ts'
import { Health } from './health/health.ts'
import { healthRoutes } from './health/routes.ts'
import { upstreamComponent } from './health/upstream-component.ts'
import { createInflater } from './inspection/inflate.ts'
import { Operations } from './inspection/operations.ts'
import { Readers } from './inspection/readers.ts'
import { loadInterceptors } from './interceptors/load.ts'
import { MetadataSink, WITHOUT } from './listener/metadata-sink.ts'
import { Passthrough } from './listener/passthrough.ts'
import { MCP_METHODS, ProxyListener, type ProxyRoute } from './listener/proxy.ts'
import { type Passage, type RouteTable, routeTable } from './listener/route-table.ts'
import { allowedHosts, allowedOrigins } from './mcp/allow-list.ts'
import { FallbackWatch } from './mcp/fallback.ts'
import { methodLabel } from './mcp/revision.ts'
import { openFilesLimit, openFilesNeeded } from './open-files.ts'
import { memoryPressure } from './session/memory-pressure.ts'
import { SessionRegistry } from './session/registry.ts'
import { stack } from './stack.ts'
import { ContextCost } from './telemetry/context-cost.ts'
import { ExchangeMeter } from './telemetry/exchange-meter.ts'
import { startExports } from './telemetry/exports.ts'
import { Instruments } from './telemetry/instruments.ts'
import type { Log } from './telemetry/log.ts'
import { chainMeter, connectionMeter, endpointMeter } from './telemetry/meters.ts'
import { Names } from './telemetry/names.ts'
import { OperationMeter } from './telemetry/operation-meter.ts'
import { observeProcess } from './telemetry/process.ts'
import { MetricRules } from './telemetry/rules/metric-rules.ts'
import { SeriesStore } from './telemetry/series.ts'
import { sessionMeter } from './telemetry/session-meter.ts'
import { SlowOperations } from './telemetry/slow-operations.ts'
import { Endpoint } from './upstream/endpoint.ts'
import { Forward, type Target } from './upstream/forward.ts'
import { Probe, type ProbeResult } from './upstream/probe.ts'
import { trustedProxies } from './upstream/request-headers.ts'
import { StreamForward, type StreamTarget } from './upstream/stream-forward.ts'

export interface Gateway {
  /** Listens; resolves with where. */
  start(): Promise<{ readonly proxy: AddressInfo; readonly admin: AddressInfo }>
  /** Stops gracefully; resolves when everything is closed. */
  drain(): Promise<void>
  /** Stops at once. */
  close(): Promise<void>
}

type Route = Config['routes'][number]

const NOWHERE = { path: '_none', upstream: '_none', mcp: false }

const addressOf = ({ hostname, port, protocol, host }: URL) => ({
  host: hostname,
  port: Number(port) || (protocol === 'https:' ? 443 : 80),
  text: host,
})

/** Between two looks at what has run out. */
const TICK_MS = 1_000
const EXPIRY_MS = 60_000

/** What the last export may take. */
const EXPORT_MS = 2_000

const now = (): number => performance.now()

export interface Surroundings {
  readonly log: Log
  readonly version: string
  /** Where the packages of interceptors are looked up; the working directory unless told. */
  readonly folder?: string
}

/** Throws `InterceptorLoadError` when a module of the configuration cannot serve. */
export async function buildGateway(
  config: Config,
  { log, version, folder = process.cwd() }: Surroundings,
): Promise<Gateway> {
  const logger = log.module('telemetry')
  const store = new SeriesStore()
  const instruments = new Instruments(store)
  const processMetrics = observeProcess(store, instruments, version)
  store.observe(() => instruments.logDropped.bind([]).observe(log.dropped))

  const { telemetry } = config
  const addresses = new Map(
    Object.entries(config.upstreams).map(([name, { url }]) => [name, addressOf(new URL(url))] as const),
  )
  // Before the interceptors are loaded.
  const exports = await startExports({
    config,
    store,
    instruments,
    log,
    version,
    addressOf: (upstream) => addresses.get(upstream),
  })

  const endpoints = new Map<string, Endpoint>()
  const probes = new Map<string, Probe>()
  const sessions = new SessionRegistry({
    max: config.sessions.max,
    idleMs: config.sessions.idle,
    resumeMs: config.sessions.resume,
    heartbeatMs: config.sessions.heartbeat,
    now,
    meter: sessionMeter(instruments.sessions),
    pressure: memoryPressure(),
  })
  const names = new Names(Object.keys(config.upstreams), {
    store,
    ttlMs: config.inspection.namesFor,
    now,
    onOverflow: () => instruments.operations.serverDuration.overflowed++,
  })
  const contextCost = new ContextCost(instruments.operations, names)
  store.observe(() => contextCost.observe())
  const meter = new OperationMeter(instruments.operations, names)
  const slow = new SlowOperations({
    thresholds: config.log.slow,
    logger: log.module('inspection'),
    onSlow: ({ upstream, method }) => instruments.slowOperations.bind([upstream, methodLabel(method)]).add(1),
  })
  const rules =
    telemetry.rules.length > 0
      ? new MetricRules(telemetry.rules, store, {
          nameLabel: (upstream, kind, name) => names.label(upstream, kind, name),
          onFault: (err, x) => logger.error({ err, correlation_id: x.correlationId }, 'metric rules failed'),
        })
      : undefined
  const operations = new Operations({
    abandonAfter: config.sessions.abandonAfter,
    now,
    ended: (operation) => {
      meter.ended(operation)
      slow.ended(operation)
      rules?.ended(operation)
    },
  })
  for (const [name, upstream] of Object.entries(config.upstreams)) {
    const meter = endpointMeter(instruments, name)
    const onRestart = () => sessions.endpointRestarted(name, upstream.url)
    const endpoint = new Endpoint({ ...upstream, headBytes: config.limits.headBytes, meter, onRestart })
    endpoints.set(name, endpoint)
    let alive: boolean | undefined
    const onResult = (result: ProbeResult): void => {
      meter.probed(result)
      if (result.alive === alive) return
      alive = result.alive
      const upstreamLog = log.module('upstream')
      if (alive) upstreamLog.info({ upstream: name, probe: result.message }, 'upstream is alive')
      else upstreamLog.warn({ upstream: name, probe: result.message }, 'upstream is not alive')
    }
    probes.set(name, new Probe({ ...upstream.probe, endpoint, version, onResult }))
  }

  const health = new Health(version, [
    ...Object.entries(config.upstreams).map(([name, { required }]) =>
      upstreamComponent(name, required, probes.get(name) as Probe),
    ),
    ...exports.targets.map(exportComponent),
  ])

  const inflateLimits = { bytes: config.inspection.inflatedBytes, ratio: config.inspection.inflatedRatio }
  const table = routeTable(config.routes, (name) => (endpoints.get(name) as Endpoint).path)
  const fallbacks = new FallbackWatch({ now })
  const chain: Chain = new Chain(
    stack({
      exchangeMeter: new ExchangeMeter(instruments),
      accessLog: log.access,
      endpointOf: (upstream) => addresses.get(upstream)?.text,
      guard: {
        hosts: allowedHosts(
          config.listen.hosts,
          config.listen.host,
          config.routes.flatMap(({ hostnames }) => hostnames),
        ),
        origins: allowedOrigins(config.listen.origins, config.listen.host),
      },
      inspection: {
        lenient: new Set(table.mcp.filter(({ route }) => route.invalidRequests === 'count').map(({ facts }) => facts)),
        onInvalid: (upstream, reason) => instruments.operations.invalidRequests.bind([upstream, reason]).add(1),
        parts: {
          sessions,
          operations,
          readers: new Readers(),
          requestBytes: config.limits.requestBytes,
          inflater: (coding, onData, onEnd) => createInflater(coding, inflateLimits, onData, onEnd),
          endpointOf: (upstream) => config.upstreams[upstream]?.url ?? '',
          onMessage: (x, message, from) => {
            meter.message(x, message, from)
            chain.message(x, message, from)
          },
          onList: (x, page, cursor) => {
            // Also of a session that is not tracked: its cursors are its own all the same.
            const session = x.session?.id ?? x.headers['mcp-session-id']
            names.listed(x.route.upstream, typeof session === 'string' ? session : undefined, cursor, page)
            contextCost.listed(x.route.upstream, page)
          },
          onInitialize: (x) => {
            if (fallbacks.initialized(x.remoteAddress, x.route.upstream))
              instruments.operations.fallbackProbes.bind([x.route.upstream]).add(1)
          },
          onModernAnswer: (x, answer) => fallbacks.answered(x.remoteAddress, x.route.upstream, answer),
          onUnread: (upstream, body, reason) => {
            const side = body === 'request' ? 'downstream' : 'upstream'
            instruments.operations.unread.bind([upstream, side, reason]).add(1)
          },
          onFault: (err, x) =>
            log.module('inspection').error({ err, correlation_id: x.correlationId }, 'inspection failed'),
        },
      },
      traces: exports.traces,
      rules,
      publicResources: table.resources,
      own: await loadInterceptors(config.interceptors, folder),
    }),
    chainMeter(instruments),
    (interceptor, phase, err, x) =>
      log
        .module('interceptors')
        .error({ err, interceptor, phase, correlation_id: x.correlationId }, 'interceptor failed'),
  )

  const timers = [
    setInterval(() => {
      sessions.tick()
      operations.sweep()
    }, TICK_MS).unref(),
    setInterval(() => names.expire(), EXPIRY_MS).unref(),
  ]

  const trusts = trustedProxies(config.listen.trustedProxies)
  const active = (upstream: string) => instruments.requestsActive.bind([upstream])
  const targetOf = (route: Route): Target => {
    const endpoint = endpoints.get(route.upstream) as Endpoint
    const host = route.host === 'preserve' ? undefined : endpoint.host
    return { endpoint, deadlines: route.deadlines, host, trusts }
  }
  const mcpRoute = ({ route, facts }: RouteTable<Route>['mcp'][number]): ProxyRoute => {
    const target = targetOf(route)
    return {
      facts,
      path: route.path,
      hostnames: route.hostnames,
      methods: MCP_METHODS,
      active: active(route.upstream),
      take: (x, downstream) => {
        const forward = new Forward(x, downstream, chain, target)
        forward.start()
        return forward
      },
    }
  }
  const passthrough = new Passthrough()
  const passthroughRoute = ({ route, facts, path, hostnames, upstreamPath, resource }: Passage<Route>): ProxyRoute => {
    const without = resource === undefined ? undefined : WITHOUT
    const target: StreamTarget = { ...targetOf(route), path: upstreamPath, without }
    const { origin } = target.endpoint.url
    return {
      facts,
      path,
      hostnames,
      methods: undefined,
      streams: true,
      active: active(route.upstream),
      take: (x, downstream, req, res) => {
        let sink: Sink = downstream
        if (resource !== undefined) {
          x.setUpstreamHeader('accept-encoding', 'identity')
          const onUntouched = (why: string) =>
            log.module('listener').warn({ path: x.url, why }, 'metadata not rewritten to publicUrl')
          sink = new MetadataSink(downstream, x, resource, onUntouched)
        }
        const forward = new StreamForward(x, sink, chain, target, req)
        passthrough.serve(forward, origin, req, res)
        return forward
      },
    }
  }

  const proxy = new ProxyListener({
    ...config.listen,
    limits: config.limits,
    chain,
    routes: [...table.mcp.map(mcpRoute), ...table.passages.map(passthroughRoute)],
    nowhere: { facts: NOWHERE, active: active(NOWHERE.upstream) },
    meter: connectionMeter(instruments),
    extra: (app) => healthRoutes(app, health),
    onTlsReload: (err) =>
      err
        ? log.module('listener').error({ err }, 'certificate not reloaded')
        : log.module('listener').info('certificate reloaded'),
  })
  const admin = buildControl({ config, log, health, store, api: exports.api })

  const close = async (): Promise<void> => {
    await Promise.all([...probes.values()].map((probe) => probe.stop()))
    await proxy.close()
    await Promise.all([...endpoints.values()].map(({ pool }) => pool.destroy()))
    await admin.close()
    await exports.close(EXPORT_MS)
    for (const timer of timers) clearInterval(timer)
    sessions.drain()
    processMetrics.stop()
  }

  return {
    async start() {
      const needed = openFilesNeeded(Object.values(config.upstreams))
      const limit = openFilesLimit()
      if (limit !== undefined && limit < needed) {
        log
          .module('upstream')
          .warn(
            { limit, needed },
            'too few open files for the configured limits: raise "ulimit -n" or lower upstreams.*.limits',
          )
      }
      const addresses = { admin: await admin.listen(), proxy: await proxy.listen() }
      for (const probe of probes.values()) probe.start()
      return addresses
    },
    async drain() {
      health.draining = true
      await drain(proxy, config.drain)
      await close()
    },
    close,
  }
}
