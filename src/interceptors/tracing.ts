/** Gives every exchange its place in a trace, tells the upstream of it, and hands in what is kept. */
import type { Interceptor } from '../exchange/interceptor.ts'
import { formatTraceparent } from '../telemetry/tracing/trace-context.ts'
import type { Traced, Traces } from '../telemetry/tracing/traces.ts'

/** Must come after inspection: the message decides which trace it is, and how often its like is sampled. */
export function tracing(traces: Traces): Interceptor {
  return {
    name: 'tracing',
    onRequest(x: Traced) {
      const trace = traces.begin(x)
      x.trace = trace
      x.setUpstreamHeader('traceparent', formatTraceparent(trace.traceId, trace.upstreamSpanId, trace.traceFlags))
      // What came with a context that does not count is not the upstream's either.
      const tracestate = trace.parent?.tracestate ?? ''
      if (tracestate !== (x.headers.tracestate ?? '')) x.setUpstreamHeader('tracestate', tracestate)
      return undefined
    },
    onEnd(x: Traced) {
      // What was refused before it came here has none yet.
      x.trace ??= traces.begin(x)
      traces.end(x, x.trace)
      return undefined
    },
  }
}
