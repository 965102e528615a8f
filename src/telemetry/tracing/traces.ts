/** Follows exchanges for tracing: a place in a trace at their beginning, and a record at their end if they are kept. */
import type { Exchange } from '../../exchange/exchange.ts'
import { targetOf } from '../../mcp/revision.ts'
import type { Ids } from './ids.ts'
import { type ExchangeTrace, recordOf, type SpanRecord } from './record.ts'
import { keepReason, Sampler } from './sampler.ts'
import type { KeepSettings, SamplingSettings, TraceSettings } from './settings.ts'
import { flagsOf, originOf, SAMPLED } from './trace-context.ts'

export interface TracesOptions {
  readonly settings: {
    readonly sampling: SamplingSettings
    readonly keep: KeepSettings
    readonly sessionId: TraceSettings['sessionId']
  }
  readonly ids: Ids
  /** Takes what is kept. */
  readonly add: (record: SpanRecord) => void
}

export class Traces {
  readonly #options: TracesOptions
  readonly #sampler: Sampler

  constructor(options: TracesOptions) {
    this.#options = options
    this.#sampler = new Sampler(options.settings.sampling)
  }

  /** Its messages must have been read. */
  begin({ messages, headers }: Exchange): ExchangeTrace {
    const { ids } = this.#options
    const { parent, links } = originOf(messages, headers)
    const traceId = parent?.traceId ?? ids.trace()
    const [first] = messages
    const method = first?.method ?? ''
    const tool = first !== undefined && targetOf(method) === 'tool' ? first.name : undefined
    const parentSampled = parent === undefined ? undefined : (parent.flags & SAMPLED) !== 0
    const sampled = this.#sampler.decide(traceId, parentSampled, method, tool)
    const traceFlags = flagsOf(parent, sampled)
    return { traceId, spanId: ids.span(), upstreamSpanId: ids.span(), sampled, traceFlags, parent, links }
  }

  /** Its outcome must stand. */
  end(x: Exchange, trace: ExchangeTrace): void {
    const { settings, add } = this.#options
    const kept = trace.sampled ? undefined : keepReason(x, settings.keep)
    if (trace.sampled || kept !== undefined) add(recordOf(x, trace, kept, settings.sessionId))
  }
}

/** The place of an exchange in its trace, as logs and exemplars name it; `undefined` while it has none. */
export function traceOf(x: Exchange): ExchangeTrace | undefined {
  // Nobody else sets it.
  return x.trace as ExchangeTrace | undefined
}
