/** The figures that the view shows, out of what was counted. */
import type { Look, Series } from './look.ts'
import { merged, quantile } from './quantile.ts'
import type { Span } from './span.ts'

export interface Latencies {
  /** Seconds. */
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

export interface Calls extends Latencies {
  readonly upstream: string
  /** Name of the tool, else the method. */
  readonly target: string
  readonly count: number
  /** Per second. */
  readonly rate: number
  /** Calls that failed. */
  readonly errors: number
  /** What failed most: `timeout`, `jsonrpc_error -32602`. */
  readonly failure: string | undefined
}

export interface UpstreamFigures {
  readonly name: string
  readonly up: boolean | undefined
  /** Exchanges, and those that failed, per second. */
  readonly rate: number
  readonly errorRate: number
  readonly latencies: Latencies
  readonly active: number
  readonly streams: number
  readonly waiting: number
  readonly sessions: number
}

export interface Figures {
  readonly version: string
  /** Seconds. */
  readonly uptime: number
  /** How long the figures counted: all that the gateway ran, or seconds up to now. */
  readonly counted: 'all' | number
  readonly readiness: Look['readiness']
  readonly rate: number
  readonly errorRate: number
  readonly active: number
  readonly streams: number
  readonly sessions: number
  readonly sessionsCreated: number
  readonly sessionsDead: number
  readonly memory: number
  readonly loopDelay: number
  readonly upstreams: readonly UpstreamFigures[]
  readonly calls: readonly Calls[]
}

const OPERATIONS = 'mcp.server.operation.duration'
const EXCHANGES = 'mcp.exchange.duration'

/** A downstream that leaves is no failure of anybody. */
const failed = ({ labels: { outcome } }: Series): boolean => outcome !== 'ok' && outcome !== 'downstream_closed'

export function figuresOf(now: Look, span: Span): Figures {
  const exchanges = span.counted(EXCHANGES)
  const { seconds } = span
  const perSecond = (series: readonly Series[]) => total(series) / seconds
  return {
    version: span.values('sidelight.build.info', 'version')[0] ?? '',
    uptime: span.latest('sidelight.uptime'),
    counted: span.whole ? 'all' : seconds,
    readiness: now.readiness,
    rate: perSecond(exchanges),
    errorRate: perSecond(exchanges.filter(failed)),
    active: span.latest('mcp.requests.active'),
    streams: span.latest('mcp.streams.active'),
    sessions: span.latest('mcp.sessions.active'),
    sessionsCreated: total(span.counted('mcp.sessions.created')),
    sessionsDead: total(span.counted('mcp.session.dead_detected')),
    memory: span.latest('process.memory.usage'),
    loopDelay: span.latest('nodejs.eventloop.delay.p99'),
    upstreams: upstreamsOf(span, exchanges),
    calls: callsOf(span.counted(OPERATIONS), seconds),
  }
}

function upstreamsOf(span: Span, exchanges: readonly Series[]): UpstreamFigures[] {
  const names = span.values('mcp.pool.pending', 'upstream')
  return names.map((name) => {
    const own = exchanges.filter(({ labels }) => labels.upstream === name)
    const labels = { upstream: name }
    const probed = span.values('mcp.upstream.up', 'upstream').includes(name)
    return {
      name,
      up: probed ? span.latest('mcp.upstream.up', labels) === 1 : undefined,
      rate: total(own) / span.seconds,
      errorRate: total(own.filter(failed)) / span.seconds,
      latencies: latencies(own),
      active: span.latest('mcp.requests.active', labels),
      streams: span.latest('mcp.streams.active', labels),
      waiting: span.latest('mcp.pool.pending', labels),
      sessions: span.latest('mcp.sessions.active', labels),
    }
  })
}

/** The most frequent first. */
function callsOf(operations: readonly Series[], seconds: number): Calls[] {
  const groups = Map.groupBy(
    operations.filter(({ value }) => value > 0),
    ({ labels }) => JSON.stringify([labels.upstream ?? '', targetOf(labels)]),
  )
  const calls = [...groups].map(([key, series]): Calls => {
    const [upstream = '', target = ''] = JSON.parse(key) as string[]
    const wrong = series.filter(failed)
    const count = total(series)
    return {
      upstream,
      target,
      count,
      rate: count / seconds,
      errors: total(wrong),
      failure: failureOf(wrong),
      ...latencies(series),
    }
  })
  return calls.sort((a, b) => b.count - a.count || (a.target < b.target ? -1 : 1))
}

function targetOf(labels: Series['labels']): string {
  const tool = labels['gen_ai.tool.name']
  if (tool) return tool
  const prompt = labels['gen_ai.prompt.name']
  const method = labels['mcp.method.name'] ?? ''
  return prompt ? `${method} ${prompt}` : method
}

function failureOf(wrong: readonly Series[]): string | undefined {
  const worst = wrong.toSorted((a, b) => b.value - a.value)[0]
  if (worst === undefined) return undefined
  const { outcome = '', 'error.type': type = '' } = worst.labels
  return type === '' || type === outcome ? outcome : `${outcome} ${type}`
}

function latencies(series: readonly Series[]): Latencies {
  const all = merged(series.map(({ value, buckets }) => ({ count: value, buckets })))
  return { p50: quantile(0.5, all), p95: quantile(0.95, all), p99: quantile(0.99, all) }
}

function total(series: readonly Series[]): number {
  return series.reduce((sum, { value }) => sum + value, 0)
}
