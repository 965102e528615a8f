/** Records every exchange once, at its end, on rows that were bound at its upstream's first. */
import type { Exchange } from '../exchange/exchange.ts'
import type { Outcome } from '../exchange/outcome.ts'
import type { CounterSeries, HistogramSeries } from './bound-series.ts'
import type { Instruments } from './instruments.ts'

/** Anything else a downstream may send shares one label. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS', 'PUT', 'PATCH', 'TRACE'])

/** The rows of one upstream. */
interface Rows {
  readonly requestSize: HistogramSeries
  readonly responseSize: HistogramSeries
  readonly overhead: HistogramSeries
  readonly requestRead: HistogramSeries
  readonly interceptors: HistogramSeries
  readonly poolWait: HistogramSeries
  readonly responseHead: HistogramSeries
  /** By outcome, then method. */
  readonly requests: Map<Outcome, Map<string, CounterSeries>>
  readonly durations: Map<Outcome, HistogramSeries>
}

export class ExchangeMeter {
  readonly #instruments: Instruments
  /** Upstreams come from the configuration: as many as there are, until they are forgotten. */
  readonly #rows = new Map<string, Rows>()

  constructor(instruments: Instruments) {
    this.#instruments = instruments
  }

  /** The series of the upstream have ended. What ends on it after all, or when it is there again, counts on new ones. */
  forget(upstream: string): void {
    this.#rows.delete(upstream)
  }

  /** The response head of an event stream is about to be written on. */
  streaming(x: Exchange): void {
    x.streamKind = kindOf(x)
    this.#instruments.operations.streamsActive.bind([x.route.upstream, x.streamKind]).add(1)
  }

  ended(x: Exchange): void {
    const { upstream } = x.route
    const rows = this.#rows.get(upstream) ?? this.#bind(upstream)
    this.#request(rows, x).add(1)
    this.#duration(rows, x).record((x.endedAt - x.startedAt) / 1000, x.trace?.sampled ? x.trace : undefined)
    rows.requestSize.record(x.requestBytes)
    rows.responseSize.record(x.responseBytes)
    if (x.revision !== '') this.#instruments.operations.byRevision.bind([upstream, x.revision]).add(1)
    this.#phases(rows, x)
  }

  /** What was not reached is not recorded. */
  #phases(rows: Rows, x: Exchange): void {
    const { readAt, decidedAt, dispatchedAt, sentAt, headAt, headSentAt, firstEventAt } = x
    if (readAt > 0) rows.requestRead.record((readAt - x.startedAt) / 1000)
    if (decidedAt > 0) rows.interceptors.record((decidedAt - readAt) / 1000)
    if (dispatchedAt > 0) rows.poolWait.record((dispatchedAt - decidedAt) / 1000)
    if (x.connected && sentAt > 0) this.#rare(x, 'connect', sentAt - dispatchedAt)
    if (headAt > 0) rows.responseHead.record((headAt - sentAt) / 1000)
    if (headSentAt > 0) {
      const handover = x.connected ? 0 : sentAt - dispatchedAt
      rows.overhead.record((decidedAt - readAt + handover + headSentAt - headAt) / 1000)
    }
    if (firstEventAt > 0) this.#rare(x, 'first_event', firstEventAt - x.startedAt)
    if (x.streamKind !== '') this.#stream(x)
  }

  #stream(x: Exchange): void {
    const { streamsActive, streamEvents, streamKeepAlives } = this.#instruments.operations
    const { upstream } = x.route
    this.#rare(x, 'stream', x.endedAt - x.headAt)
    streamsActive.bind([upstream, x.streamKind]).add(-1)
    streamEvents.bind([upstream]).add(x.events)
    streamKeepAlives.bind([upstream]).add(x.keepAlives)
  }

  #rare(x: Exchange, phase: string, milliseconds: number): void {
    this.#instruments.operations.phases.bind([x.route.upstream, phase]).record(milliseconds / 1000)
  }

  #request({ requests }: Rows, { route, method, outcome }: Exchange): CounterSeries {
    const found = requests.get(outcome)?.get(method)
    if (found !== undefined) return found
    const label = METHODS.has(method) ? method : '_other'
    const series = this.#instruments.requests.bind([route.upstream, label, outcome])
    const methods = requests.get(outcome) ?? new Map<string, CounterSeries>()
    requests.set(outcome, methods)
    if (label === method) methods.set(method, series)
    return series
  }

  #duration({ durations }: Rows, { route, outcome }: Exchange): HistogramSeries {
    const found = durations.get(outcome)
    if (found !== undefined) return found
    const series = this.#instruments.exchangeDuration.bind([route.upstream, outcome])
    durations.set(outcome, series)
    return series
  }

  #bind(upstream: string): Rows {
    const { requestSize, responseSize, operations } = this.#instruments
    const phase = (name: string) => operations.phases.bind([upstream, name])
    const rows: Rows = {
      requestSize: requestSize.bind([upstream]),
      responseSize: responseSize.bind([upstream]),
      overhead: operations.overhead.bind([upstream]),
      requestRead: phase('request_read'),
      interceptors: phase('interceptors'),
      poolWait: phase('pool_wait'),
      responseHead: phase('response_head'),
      requests: new Map(),
      durations: new Map(),
    }
    this.#rows.set(upstream, rows)
    return rows
  }
}

function kindOf({ route, method, messages }: Exchange): string {
  if (!route.mcp) return 'passthrough'
  if (method === 'GET') return 'get'
  return messages[0]?.method === 'subscriptions/listen' ? 'subscription' : 'call'
}
