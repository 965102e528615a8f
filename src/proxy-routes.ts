/** Builds what takes the exchanges of each path of a route table: forwarding for MCP, passthrough for the rest. */
import type { Config } from './config/config.ts'
import type { Chain } from './exchange/chain.ts'
import type { Sink } from './exchange/flow.ts'
import { MetadataSink, WITHOUT } from './listener/metadata-sink.ts'
import type { Passthrough } from './listener/passthrough.ts'
import type { Passage, RouteTable } from './listener/route-table.ts'
import { MCP_METHODS, type ProxyRoute } from './listener/router.ts'
import type { Instruments } from './telemetry/instruments.ts'
import type { Log } from './telemetry/log.ts'
import type { Endpoint } from './upstream/endpoint.ts'
import { Forward, type Target } from './upstream/forward.ts'
import { trustedProxies } from './upstream/request-headers.ts'
import { StreamForward, type StreamTarget } from './upstream/stream-forward.ts'

type Route = Config['routes'][number]

export interface RouteParts {
  /** Of the upstreams that the routes lead to. */
  readonly endpointOf: (upstream: string) => Endpoint
  readonly chain: Chain
  readonly trustedProxies: readonly string[]
  readonly passthrough: Passthrough
  readonly instruments: Instruments
  readonly log: Log
}

export function proxyRoutes(table: RouteTable<Route>, parts: RouteParts): ProxyRoute[] {
  const { endpointOf, chain, passthrough, instruments, log } = parts
  const trusts = trustedProxies(parts.trustedProxies)
  const active = (upstream: string) => instruments.requestsActive.bind([upstream])
  const targetOf = ({ upstream, host, deadlines }: Route): Target => {
    const endpoint = endpointOf(upstream)
    return { endpoint, deadlines, host: host === 'preserve' ? undefined : endpoint.host, trusts }
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
  const passageRoute = ({ route, facts, path, hostnames, upstreamPath, resource }: Passage<Route>): ProxyRoute => {
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
  return [...table.mcp.map(mcpRoute), ...table.passages.map(passageRoute)]
}
