/** THE ordered list of interceptors: the first sees the request first, the response last and the end last. */
import type { Link } from './exchange/chain.ts'
import type { Exchange, RouteFacts } from './exchange/exchange.ts'
import type { Interceptor } from './exchange/interceptor.ts'
import { accessLog } from './interceptors/access-log.ts'
import { correlation } from './interceptors/correlation.ts'
import { type GuardOptions, guard } from './interceptors/guard.ts'
import { type InspectionOptions, inspection } from './interceptors/inspection.ts'
import { metricRules } from './interceptors/metric-rules.ts'
import { metrics } from './interceptors/metrics.ts'
import { publicUrl } from './interceptors/public-url.ts'
import { type TraceMetaOptions, traceMeta } from './interceptors/trace-meta.ts'
import { tracing } from './interceptors/tracing.ts'
import type { PublicResource } from './mcp/well-known.ts'
import type { AccessLog } from './telemetry/access-log.ts'
import type { ExchangeMeter } from './telemetry/exchange-meter.ts'
import type { MetricRules } from './telemetry/rules/metric-rules.ts'
import { type Traces, traceOf } from './telemetry/tracing/traces.ts'

export interface StackParts {
  readonly exchangeMeter: ExchangeMeter
  /** Is told of each exchange that did not end well, with everything that is known of it. */
  readonly onError?: (x: Exchange) => void
  readonly accessLog: AccessLog | undefined
  /** Address of the endpoint behind an upstream, without credentials. */
  readonly endpointOf: (upstream: string) => string | undefined
  readonly guard: GuardOptions
  readonly inspection: InspectionOptions
  /** `undefined`: off. */
  readonly traces: Traces | undefined
  /** Where the configuration has metric rules. */
  readonly rules: MetricRules | undefined
  /** What downstreams may know of the routes that have a public URL. */
  readonly publicResources: ReadonlyMap<RouteFacts, PublicResource>
  readonly traceMeta: TraceMetaOptions
  /** The user's own, in the order of the configuration. */
  readonly own: readonly Link[]
}

export function stack(parts: StackParts): readonly Link[] {
  const links: (Link | undefined)[] = [
    // Ends last, so that it counts what really went over the wire.
    builtIn(metrics(parts.exchangeMeter, parts.onError)),
    // Likewise; off costs nothing.
    parts.accessLog && builtIn(accessLog(parts.accessLog, { endpointOf: parts.endpointOf, traceOf })),
    // Before anything can refuse, so that every answer and every line carries the id.
    builtIn(correlation()),
    // Before anything reads what a hostile page may have sent.
    builtIn(guard(parts.guard)),
    // Before anything that decides by messages; refuses what no upstream could read the same way.
    builtIn(inspection(parts.inspection)),
    // Behind it, because sampling reads the messages; before the user's own, whose spans are its children.
    parts.traces && builtIn(tracing(parts.traces)),
    // Behind it likewise: rules are about its operations.
    parts.rules && builtIn(metricRules(parts.rules)),
    // Nearest to the downstream of all that may touch a response head; there only if a route asks for it.
    parts.publicResources.size > 0 ? builtIn(publicUrl(parts.publicResources)) : undefined,
    // The user's own see only what the guard let pass, and the upstream's response untouched.
    ...parts.own,
    // Behind them, so that it writes into what really goes on; the one built-in step that mutates, where a route allows it.
    parts.traces && parts.traceMeta.routes.size > 0
      ? { interceptor: traceMeta(parts.traceMeta), failOpen: false, mutates: true }
      : undefined,
  ]
  return links.filter((link) => link !== undefined)
}

function builtIn(interceptor: Interceptor): Link {
  return { interceptor, failOpen: false, mutates: false }
}
