/** Makes spans as the OpenTelemetry SDK has them out of the record of an exchange, when it is sent and not before. */
import type { Attributes, HrTime, Link, SpanContext, SpanKind, SpanStatus, TraceState } from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { type ErrorCode, FAILURES } from '../../errors.ts'
import type { Outcome } from '../../exchange/outcome.ts'
import {
  exchangeAttributes,
  operationAttributes,
  operationName,
  type SpanOptions,
  spanName,
  upstreamAttributes,
} from './attributes.ts'
import type { Ids } from './ids.ts'
import type { OperationRecord, SpanRecord } from './record.ts'
import { isFailure } from './sampler.ts'
import { SAMPLED, type TraceContext } from './trace-context.ts'

/** The numbers of the API's enumerations, which would have to be loaded. */
const SERVER = 1 satisfies SpanKind
const CLIENT = 2 satisfies SpanKind
const UNSET: SpanStatus = { code: 0 }

export interface Scope {
  readonly name: string
  readonly version: string
}

export interface SpanFactoryOptions extends SpanOptions {
  readonly resource: Resource
  readonly scope: Scope
  readonly ids: Ids
}

type Event = ReadableSpan['events'][number]

interface Parts {
  readonly name: string
  readonly kind: SpanKind
  readonly context: SpanContext
  readonly parent: SpanContext | undefined
  readonly startTime: HrTime
  readonly endTime: HrTime
  readonly status: SpanStatus
  readonly attributes: Attributes
  readonly links: Link[]
  readonly events: Event[]
}

/** One for each exchange, one for its call of the upstream, and one for each operation of a batch. */
export class SpanFactory {
  readonly #options: SpanFactoryOptions

  constructor(options: SpanFactoryOptions) {
    this.#options = options
  }

  /** Parents before their children. */
  spansOf(record: SpanRecord): ReadableSpan[] {
    const { trace, operations } = record
    const state = stateOf(trace.parent?.tracestate ?? '')
    // Whatever was decided at the head: what is sent is sampled, and collectors may look.
    const flags = trace.traceFlags | SAMPLED
    const context: SpanContext = { traceId: trace.traceId, spanId: trace.spanId, traceFlags: flags, ...state }
    const spans = [this.#exchange(record, context)]
    if (operations.length > 1)
      for (const operation of operations) spans.push(this.#operation(operation, record, context))
    if (record.dispatchedAt > 0) spans.push(this.#upstream(record, context))
    return spans
  }

  #exchange(record: SpanRecord, context: SpanContext): ReadableSpan {
    const { trace, epoch } = record
    const failed = hasFailed(record)
    const failure = record.dispatchedAt > 0 && isUpstreams(record.outcome) ? undefined : exceptionOf(record)
    return this.#span({
      name: spanName(record),
      kind: SERVER,
      context,
      parent: trace.parent === undefined ? undefined : remote(trace.parent),
      startTime: hrTime(record.startedAt + epoch),
      endTime: hrTime(record.endedAt + epoch),
      status: failed ? errorStatus(record.errorType) : UNSET,
      attributes: exchangeAttributes(record, failed, this.#options),
      links: trace.links.map((link) => ({ context: remote(link) })),
      events: [...eventsOf(record), ...(failure ?? [])],
    })
  }

  #upstream(record: SpanRecord, parent: SpanContext): ReadableSpan {
    const { trace, epoch } = record
    const failed = hasFailed(record) && isUpstreams(record.outcome)
    return this.#span({
      name: spanName(record),
      kind: CLIENT,
      context: { ...parent, spanId: trace.upstreamSpanId },
      parent,
      startTime: hrTime(record.dispatchedAt + epoch),
      endTime: hrTime(record.endedAt + epoch),
      status: failed ? errorStatus(record.errorType) : UNSET,
      attributes: upstreamAttributes(record, failed, this.#options),
      links: [],
      events: failed ? (exceptionOf(record) ?? []) : [],
    })
  }

  #operation(operation: OperationRecord, record: SpanRecord, parent: SpanContext): ReadableSpan {
    const { epoch } = record
    const ended = operation.endedAt > 0
    const failed = ended && isFailure(operation.outcome, record)
    return this.#span({
      name: operationName(operation),
      kind: SERVER,
      context: { ...parent, spanId: this.#options.ids.span() },
      parent,
      startTime: hrTime(operation.startedAt + epoch),
      endTime: hrTime((ended ? operation.endedAt : record.endedAt) + epoch),
      status: failed ? errorStatus(operation.errorType) : UNSET,
      attributes: operationAttributes(operation, record, failed, this.#options),
      links: [],
      events: [],
    })
  }

  #span(parts: Parts): ReadableSpan {
    const { context, parent, startTime, endTime, ...rest } = parts
    const { resource, scope } = this.#options
    return {
      ...rest,
      spanContext: () => context,
      ...(parent === undefined ? {} : { parentSpanContext: parent }),
      startTime,
      endTime,
      duration: between(startTime, endTime),
      ended: true,
      resource,
      instrumentationScope: scope,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    }
  }
}

const hasFailed = (record: SpanRecord): boolean => isFailure(record.outcome, record)

/** Whether the call of the upstream is what failed; otherwise the gateway said no, or failed itself. */
const isUpstreams = (outcome: Outcome): boolean => outcome !== 'refused' && outcome !== 'gateway_error'

function eventsOf({ epoch, headAt, firstEventAt, endedAt, sessionCreated, session, outcome, errorType }: SpanRecord) {
  const events: Event[] = []
  if (sessionCreated)
    events.push(event('session.created', headAt + epoch, session === '' ? {} : { 'mcp.session.id': session }))
  if (firstEventAt > 0) events.push(event('first_event', firstEventAt + epoch, {}))
  if (outcome === 'refused') events.push(event('refused', endedAt + epoch, { 'error.type': errorType }))
  return events
}

/** Only failures of the table are told in words, and in the table's: those of upstreams may quote arguments. */
function exceptionOf({ outcome, errorType, endedAt, epoch }: SpanRecord): Event[] | undefined {
  if (outcome === 'ok' || outcome === 'refused' || !Object.hasOwn(FAILURES, errorType)) return undefined
  const { message } = FAILURES[errorType as ErrorCode]
  return [event('exception', endedAt + epoch, { 'exception.type': errorType, 'exception.message': message })]
}

function errorStatus(errorType: string): SpanStatus {
  return Object.hasOwn(FAILURES, errorType)
    ? { code: 2, message: FAILURES[errorType as ErrorCode].message }
    : { code: 2 }
}

function event(name: string, at: number, attributes: Attributes): Event {
  return { name, time: hrTime(at), attributes, droppedAttributesCount: 0 }
}

function remote({ traceId, spanId, flags, tracestate }: TraceContext): SpanContext {
  return { traceId, spanId, traceFlags: flags, isRemote: true, ...stateOf(tracestate) }
}

/** Exporters only ask for the text. */
function stateOf(text: string): { readonly traceState?: TraceState } {
  if (text === '') return {}
  const traceState: TraceState = {
    set: () => traceState,
    unset: () => traceState,
    get: () => undefined,
    serialize: () => text,
  }
  return { traceState }
}

/** Seconds and nanoseconds. @param at milliseconds since 1970 */
function hrTime(at: number): HrTime {
  const seconds = Math.floor(at / 1000)
  return [seconds, Math.floor((at - seconds * 1000) * 1e6)]
}

function between([fromSeconds, fromNanos]: HrTime, [toSeconds, toNanos]: HrTime): HrTime {
  const nanos = toNanos - fromNanos
  return nanos < 0 ? [toSeconds - fromSeconds - 1, nanos + 1e9] : [toSeconds - fromSeconds, nanos]
}
