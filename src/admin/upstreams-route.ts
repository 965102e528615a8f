/** `/upstreams`: each upstream with its endpoint, what is on its connections now, and what its last probe said. */
import type { SessionRegistry } from '../session/registry.ts'
import type { Probe } from '../upstream/probe.ts'
import type { RunningUpstream } from '../upstreams.ts'
import type { AdminRoute } from './route.ts'

export interface UpstreamReport {
  readonly name: string
  readonly required: boolean
  readonly sessions: number
  readonly probe: ProbeReport
  readonly endpoints: readonly EndpointReport[]
}

interface ProbeReport {
  /** `unknown`: no probe has ended yet. `off`: it is not probed. */
  readonly status: 'alive' | 'down' | 'unknown' | 'off'
  readonly message?: string
  readonly duration_ms?: number
  /** ISO 8601. */
  readonly checked_at?: string
}

interface EndpointReport {
  readonly url: string
  readonly connections: { readonly open: number; readonly idle: number }
  /** Of what the limits allow. */
  readonly calls: Share
  readonly streams: Share
  readonly waiting: Share
}

interface Share {
  readonly now: number
  readonly limit: number
}

export function reportUpstream(
  { name, settings, endpoint, probe }: RunningUpstream,
  sessions: SessionRegistry,
): UpstreamReport {
  const { pool, permits } = endpoint
  const { limits } = settings
  return {
    name,
    required: settings.required,
    sessions: sessions.count(name),
    probe: reportProbe(probe),
    endpoints: [
      {
        url: endpoint.url.origin + endpoint.path,
        connections: { open: pool.open, idle: pool.idle },
        calls: { now: permits.calls, limit: limits.calls },
        streams: { now: permits.streams, limit: limits.streams },
        waiting: { now: permits.pending, limit: limits.queue },
      },
    ],
  }
}

export function upstreamsRoute(upstreams: () => readonly RunningUpstream[], sessions: SessionRegistry): AdminRoute {
  return {
    method: 'GET',
    path: '/upstreams',
    right: 'read',
    summary: 'upstreams: endpoints, connections, calls and streams against their limits, last probe',
    serve: () => ({ upstreams: upstreams().map((upstream) => reportUpstream(upstream, sessions)) }),
  }
}

function reportProbe({ result, alive }: Probe): ProbeReport {
  if (result === 'off') return { status: 'off' }
  if (result === undefined) return { status: 'unknown' }
  return {
    status: alive ? 'alive' : 'down',
    message: result.message,
    duration_ms: Math.round(result.duration * 10) / 10,
    checked_at: new Date(result.at).toISOString(),
  }
}
