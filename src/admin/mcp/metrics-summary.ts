/** Makes a short table of the metrics for people and agents: how each upstream is, and each tool. */
import type { Family, FamilySource, HistogramRow, ScalarRow } from '../../telemetry/family.ts'

export interface MetricsSummary {
  readonly upstreams: readonly UpstreamSummary[]
  /** The most called first. Methods other than `tools/call` stand for themselves. */
  readonly operations: readonly OperationSummary[]
}

export interface UpstreamSummary {
  readonly upstream: string
  /** What the last probe saw; left out where there is none. */
  up?: boolean
  sessions: number
  requests_active: number
}

export interface OperationSummary {
  readonly upstream: string
  readonly method: string
  readonly tool?: string
  readonly calls: number
  /** Calls that did not end well, by outcome. */
  readonly errors: Readonly<Record<string, number>>
  /** Milliseconds; left out where nobody can tell. */
  readonly p50_ms?: number
  readonly p95_ms?: number
  readonly p99_ms?: number
}

const DURATION = 'mcp.server.operation.duration'

/** @param most operations that are told */
export function summarize(source: FamilySource, upstream: string | undefined, most: number): MetricsSummary {
  const upstreams = new Map<string, UpstreamSummary>()
  const operations = new Map<string, Tally>()
  const ofUpstream = (name: string): UpstreamSummary => {
    const found = upstreams.get(name) ?? { upstream: name, sessions: 0, requests_active: 0 }
    upstreams.set(name, found)
    return found
  }
  const wanted = (name: string): boolean => upstream === undefined || upstream === name
  for (const family of source.collect()) {
    if (family.def.name === DURATION) {
      for (const row of rowsOf<HistogramRow>(family)) if (wanted(row.upstream)) tally(operations, family, row)
      continue
    }
    for (const { upstream: name, row } of rowsOf<ScalarRow>(family)) {
      if (!wanted(name)) continue
      if (family.def.name === 'mcp.upstream.up') ofUpstream(name).up = row.value === 1
      else if (family.def.name === 'mcp.sessions.active') ofUpstream(name).sessions = row.value
      else if (family.def.name === 'mcp.requests.active' && name !== '_none')
        ofUpstream(name).requests_active = row.value
    }
  }
  const sorted = [...operations.values()].sort((a, b) => b.calls - a.calls)
  return { upstreams: [...upstreams.values()], operations: sorted.slice(0, most).map(summaryOf) }
}

interface Tally {
  readonly upstream: string
  readonly method: string
  readonly tool: string
  readonly bounds: readonly number[]
  readonly buckets: number[]
  calls: number
  readonly errors: Record<string, number>
}

interface Labelled<R> {
  readonly upstream: string
  readonly label: (name: string) => string
  readonly row: R
}

/** Those of a family with the label `upstream`. */
function rowsOf<R extends ScalarRow | HistogramRow>({ def, series }: Family): Labelled<R>[] {
  const at = def.labels.indexOf('upstream')
  if (at < 0) return []
  return [...series].map((row) => ({
    upstream: row.labelValues[at] ?? '',
    label: (name) => row.labelValues[def.labels.indexOf(name)] ?? '',
    row: row as R,
  }))
}

function tally(
  operations: Map<string, Tally>,
  { def }: Family,
  { upstream, label, row }: Labelled<HistogramRow>,
): void {
  const method = label('mcp.method.name')
  const tool = label('gen_ai.tool.name')
  const key = `${upstream}\n${method}\n${tool}`
  const bounds = def.kind === 'histogram' ? def.buckets : []
  const found = operations.get(key) ?? {
    upstream,
    method,
    tool,
    bounds,
    buckets: bounds.map(() => 0),
    calls: 0,
    errors: {},
  }
  operations.set(key, found)
  found.calls += row.count
  for (let i = 0; i < bounds.length; i++) found.buckets[i]! += row.bucket(i)
  const outcome = label('outcome')
  if (outcome !== 'ok') found.errors[outcome] = (found.errors[outcome] ?? 0) + row.count
}

function summaryOf(of: Tally): OperationSummary {
  const { upstream, method, tool, calls, errors } = of
  const percentiles = ([50, 95, 99] as const).flatMap((percent) => {
    const value = quantile(of, percent / 100)
    return value === undefined ? [] : [[`p${percent}_ms`, Math.round(value * 10_000) / 10]]
  })
  return { upstream, method, ...(tool !== '' && { tool }), calls, errors, ...Object.fromEntries(percentiles) }
}

/** As Prometheus estimates it: evenly within a bucket, and what is above the last bound is at that bound. */
function quantile({ bounds, buckets, calls }: Tally, share: number): number | undefined {
  if (calls === 0) return undefined
  let left = calls * share
  let lower = 0
  for (const [i, bound] of bounds.entries()) {
    const inside = buckets[i] ?? 0
    if (inside > 0 && left <= inside) return lower + ((bound - lower) * left) / inside
    left -= inside
    lower = bound
  }
  return bounds.at(-1)
}
