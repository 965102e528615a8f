/** Writes the trace context of the upstream's span into the messages themselves, on the routes that allow it. */
import type { RouteFacts } from '../exchange/exchange.ts'
import type { Interceptor } from '../exchange/interceptor.ts'
import { writeTraceMeta } from '../mcp/trace-meta.ts'
import { upstreamContext } from '../telemetry/tracing/trace-context.ts'
import { traceOf } from '../telemetry/tracing/traces.ts'

/** What became of a request body: `left` has no message with a place for it. */
export type TraceMetaResult = 'written' | 'left' | 'compressed' | 'signed' | 'unreadable' | 'too_large'

export interface TraceMetaOptions {
  /** By identity; other routes pass untouched. */
  readonly routes: ReadonlySet<RouteFacts>
  /** Bytes that are added to a body at most. */
  readonly most: number
  readonly onBody: (result: TraceMetaResult) => void
}

/** Headers that hold for the very bytes of the body. */
const DIGESTS = ['content-digest', 'repr-digest', 'digest', 'content-md5', 'x-amz-content-sha256']

/** Must come after tracing, and mutates. */
export function traceMeta({ routes, most, onBody }: TraceMetaOptions): Interceptor {
  return {
    name: 'trace_meta',
    onRequest(x) {
      const trace = traceOf(x)
      if (trace === undefined || x.method !== 'POST' || x.body.length === 0 || !routes.has(x.route)) return undefined
      const coding = x.headers['content-encoding']
      if (coding !== undefined && coding !== 'identity') {
        onBody('compressed')
        return undefined
      }
      if (DIGESTS.some((name) => x.headers[name] !== undefined)) {
        onBody('signed')
        return undefined
      }
      const made = writeTraceMeta(x.body, upstreamContext(trace), most)
      if (typeof made === 'string') onBody(made)
      else if (made.written === 0) onBody('left')
      else {
        onBody('written')
        x.replaceBody(made.body)
      }
      return undefined
    },
  }
}
