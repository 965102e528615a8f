/** Gives every exchange its place in a trace, tells the upstream of it, and hands in what is kept. */
import type { Interceptor } from '../exchange/interceptor.ts'
import { upstreamContext } from '../telemetry/tracing/trace-context.ts'
import { type Traces, traceOf } from '../telemetry/tracing/traces.ts'

/** Must come after inspection: the message decides which trace it is, and how often its like is sampled. */
export function tracing(traces: Traces): Interceptor {
  return {
    name: 'tracing',
    onRequest(x) {
      const trace = traces.begin(x)
      x.trace = trace
      if (trace.sampled) for (const operation of x.operations) operation.span = trace
      const { traceparent, tracestate } = upstreamContext(trace)
      x.setUpstreamHeader('traceparent', traceparent)
      if (tracestate !== (x.headers.tracestate ?? '')) x.setUpstreamHeader('tracestate', tracestate)
      return undefined
    },
    onEnd(x) {
      // What was refused before it came here has none yet.
      const trace = traceOf(x) ?? traces.begin(x)
      x.trace = trace
      traces.end(x, trace)
      return undefined
    },
  }
}
