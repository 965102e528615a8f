/** Builds what one configuration says of traffic: its upstreams, the chain of interceptors, and the routes. */
import type { Config } from './config/config.ts'
import { Chain } from './exchange/chain.ts'
import { createInflater } from './inspection/inflate.ts'
import type { InspectionParts } from './inspection/parts.ts'
import type { LoadedLink } from './interceptors/load.ts'
import type { LastingParts } from './lasting-parts.ts'
import { routeTable } from './listener/route-table.ts'
import type { ProxyRoute } from './listener/router.ts'
import { allowedHosts, allowedOrigins } from './mcp/allow-list.ts'
import { proxyRoutes } from './proxy-routes.ts'
import { stack } from './stack.ts'
import type { AccessLog } from './telemetry/access-log.ts'
import type { Instruments } from './telemetry/instruments.ts'
import type { Log } from './telemetry/log.ts'
import { chainMeter } from './telemetry/meters.ts'
import type { Traces } from './telemetry/tracing/traces.ts'
import type { Upstreams } from './upstreams.ts'

/** An exchange keeps the one that it began with. */
export interface DataPlane {
  readonly config: Config
  readonly upstreams: Upstreams
  /** The user's interceptors. */
  readonly own: readonly LoadedLink[]
  readonly chain: Chain
  readonly routes: readonly ProxyRoute[]
}

export interface DataPlaneSurroundings {
  readonly instruments: Instruments
  readonly log: Log
  readonly lasting: LastingParts
  /** `undefined`: tracing is off. */
  readonly traces: Traces | undefined
}

export interface DataPlaneParts {
  readonly upstreams: Upstreams
  /** The interceptors of the configuration, loaded. */
  readonly own: readonly LoadedLink[]
  /** `undefined`: off. */
  readonly accessLog: AccessLog | undefined
}

/** Changes nothing: what it makes can be thrown away. */
export function buildDataPlane(
  config: Config,
  { upstreams, own, accessLog }: DataPlaneParts,
  surroundings: DataPlaneSurroundings,
): DataPlane {
  const { instruments, log, lasting, traces } = surroundings
  const table = routeTable(config.routes, (name) => upstreams.endpoint(name).path)
  const parts = inspectionParts(config, upstreams, surroundings, (...message) => chain.message(...message))
  const lenient = table.mcp.filter(({ route }) => route.invalidRequests === 'count').map(({ facts }) => facts)
  const hostnames = config.routes.flatMap((route) => route.hostnames)
  const chain: Chain = new Chain(
    stack({
      exchangeMeter: lasting.exchangeMeter,
      onError: (x) => lasting.incidents.ledger.exchangeEnded(x),
      accessLog,
      endpointOf: (upstream) => upstreams.get(upstream)?.address.text,
      guard: {
        hosts: allowedHosts(config.listen.hosts, config.listen.host, hostnames),
        origins: allowedOrigins(config.listen.origins, config.listen.host),
      },
      inspection: {
        lenient: new Set(lenient),
        onInvalid: (upstream, reason) => instruments.operations.invalidRequests.bind([upstream, reason]).add(1),
        parts,
      },
      traces,
      rules: lasting.rules,
      publicResources: table.resources,
      traceMeta: {
        routes: new Set(table.mcp.filter(({ route }) => route.traceMeta).map(({ facts }) => facts)),
        most: config.limits.requestBytes,
        onBody: (result) => instruments.traceMeta.bind([result]).add(1),
      },
      own,
    }),
    chainMeter(instruments),
    (interceptor, phase, err, x) =>
      log
        .module('interceptors')
        .error({ err, interceptor, phase, correlation_id: x.correlationId }, 'interceptor failed'),
  )
  const routes = proxyRoutes(table, {
    endpointOf: (name) => upstreams.endpoint(name),
    chain,
    trustedProxies: config.listen.trustedProxies,
    passthrough: lasting.passthrough,
    instruments,
    log,
  })
  return { config, upstreams, own, chain, routes }
}

function inspectionParts(
  { limits, inspection }: Config,
  upstreams: Upstreams,
  { instruments: { operations: counted }, log, lasting }: DataPlaneSurroundings,
  onward: Chain['message'],
): InspectionParts {
  const { sessions, operations, readers, operationMeter, names, contextCost, fallbacks } = lasting
  const inflateLimits = { bytes: inspection.inflatedBytes, ratio: inspection.inflatedRatio }
  return {
    sessions,
    operations,
    readers,
    requestBytes: limits.requestBytes,
    inflater: (coding, onData, onEnd) => createInflater(coding, inflateLimits, onData, onEnd),
    endpointOf: (upstream) => upstreams.get(upstream)?.settings.url ?? '',
    onMessage: (x, message, from) => {
      operationMeter.message(x, message, from)
      onward(x, message, from)
    },
    onList: (x, page, cursor) => {
      // Also of a session that is not tracked: its cursors are its own all the same.
      const session = x.session?.id ?? x.headers['mcp-session-id']
      names.listed(x.route.upstream, typeof session === 'string' ? session : undefined, cursor, page)
      contextCost.listed(x.route.upstream, page)
    },
    onInitialize: (x) => {
      if (fallbacks.initialized(x.remoteAddress, x.route.upstream))
        counted.fallbackProbes.bind([x.route.upstream]).add(1)
    },
    onModernAnswer: (x, answer) => fallbacks.answered(x.remoteAddress, x.route.upstream, answer),
    onUnread: (upstream, body, reason) => {
      counted.unread.bind([upstream, body === 'request' ? 'downstream' : 'upstream', reason]).add(1)
    },
    onFault: (err, x) => log.module('inspection').error({ err, correlation_id: x.correlationId }, 'inspection failed'),
  }
}
