/** The view: a head of totals, the upstreams, and the calls by tool. */
import type { Calls, Figures, Latencies, UpstreamFigures } from './figures.ts'
import { type Line, type Piece, piece, type Style, table } from './lines.ts'
import { age, bytes, plain, rate, seconds, share } from './words.ts'

export interface ViewOptions {
  /** Whom it is about: `127.0.0.1:9090`. */
  readonly place: string
  /** Lines that there are; what does not fit is told by number. */
  readonly rows: number
  /** Why the figures are old. */
  readonly trouble?: string | undefined
}

const LEFT_OF_UPSTREAMS = new Set([0, 1])
const LEFT_OF_CALLS = new Set([0, 1, 8])

export function view(figures: Figures, options: ViewOptions): Line[] {
  const upstreams = table([UPSTREAM_HEAD, ...figures.upstreams.map(upstreamRow)], LEFT_OF_UPSTREAMS)
  const calls = table([CALLS_HEAD, ...figures.calls.map(callsRow)], LEFT_OF_CALLS)
  const all = [...head(figures, options), [], ...upstreams, [], ...calls]
  if (figures.calls.length === 0) all.push([piece('no calls yet', 'dim')])
  if (all.length <= options.rows) return all
  const shown = Math.max(0, options.rows - 1)
  return [...all.slice(0, shown), [piece(`… and ${all.length - shown} lines more`, 'dim')]]
}

const STATUS: Readonly<Record<string, Piece>> = {
  healthy: piece('ready', 'good'),
  degraded: piece('degraded', 'warning'),
  unhealthy: piece('not ready', 'bad'),
}

function head(figures: Figures, { place, trouble }: ViewOptions): Line[] {
  const { readiness, version, uptime, counted } = figures
  const title: Line = [
    piece(`Sidelight ${plain(version)}`, 'bold'),
    piece(`  ${place}  up ${age(uptime)}  `),
    STATUS[readiness?.status ?? ''] ?? piece(''),
    piece(counted === 'all' ? '  since its start' : `  the last ${age(Math.ceil(counted))}`, 'dim'),
  ]
  const totals: Line = [
    ...figure(rate(figures.rate), 'exchanges/s'),
    ...figure(share(figures.errorRate, figures.rate), 'failed', figures.errorRate > 0 ? 'bad' : 'bold'),
    ...figure(String(figures.active), 'active'),
    ...figure(String(figures.streams), 'streams'),
    ...figure(String(figures.sessions), `sessions (+${figures.sessionsCreated})`),
    ...(figures.sessionsDead > 0 ? figure(String(figures.sessionsDead), 'died', 'bad') : []),
    ...figure(bytes(figures.memory), 'memory'),
    ...figure(seconds(figures.loopDelay), 'event loop p99'),
  ]
  const reasons = (readiness?.wrong ?? []).map(({ name, status, message }): Line => {
    return [piece(plain(`! ${name}: ${message}`, 120), status === 'unhealthy' ? 'bad' : 'warning')]
  })
  const missing: Line[] = trouble === undefined ? [] : [[piece(`! ${trouble}; trying again`, 'bad')]]
  return [title, totals, ...missing, ...reasons]
}

const figure = (value: string, of: string, style: Style = 'bold'): Piece[] => [
  piece(value, style),
  piece(` ${of}   `, 'dim'),
]

const heads = (...words: readonly string[]): Line => words.map((word) => piece(word, 'dim'))

const UPSTREAM_HEAD = heads(
  'UPSTREAM',
  'STATE',
  '/S',
  'FAILED',
  'P50',
  'P95',
  'P99',
  'ACTIVE',
  'STREAMS',
  'WAITING',
  'SESSIONS',
)

function upstreamRow(upstream: UpstreamFigures): Line {
  const { name, up, errorRate, waiting } = upstream
  const state = up === undefined ? piece('not probed', 'dim') : up ? piece('up', 'good') : piece('down', 'bad')
  return [
    piece(plain(name)),
    state,
    piece(rate(upstream.rate)),
    piece(share(errorRate, upstream.rate), errorRate > 0 ? 'bad' : 'plain'),
    ...latencies(upstream.latencies),
    piece(String(upstream.active)),
    piece(String(upstream.streams)),
    piece(String(waiting), waiting > 0 ? 'warning' : 'plain'),
    piece(String(upstream.sessions)),
  ]
}

const CALLS_HEAD = heads('TOOL OR METHOD', 'UPSTREAM', '/S', 'FAILED', 'P50', 'P95', 'P99', 'CALLS', 'MOST OFTEN BY')

function callsRow(calls: Calls): Line {
  const { target, upstream, errors, count, failure } = calls
  return [
    piece(plain(target)),
    piece(plain(upstream)),
    piece(rate(calls.rate)),
    piece(share(errors, count), errors > 0 ? 'bad' : 'plain'),
    ...latencies(calls),
    piece(String(count)),
    piece(plain(failure ?? ''), 'bad'),
  ]
}

function latencies({ p50, p95, p99 }: Latencies): Piece[] {
  return [p50, p95, p99].map((value) => piece(seconds(value), value > 2 ? 'warning' : 'plain'))
}
