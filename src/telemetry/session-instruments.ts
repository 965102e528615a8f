/** The part of the catalogue that tells of MCP sessions. */
import { Catalogue, SESSION_SECONDS, UPSTREAMS } from './catalogue.ts'

export class SessionInstruments extends Catalogue {
  readonly created = this.store.counter({
    name: 'mcp.sessions.created',
    kind: 'counter',
    unit: '{session}',
    help: 'Sessions that an upstream opened.',
    labels: ['upstream'],
    cap: UPSTREAMS,
  })
  readonly active = this.store.gauge({
    name: 'mcp.sessions.active',
    kind: 'upDownCounter',
    unit: '{session}',
    help: 'Sessions known and not ended.',
    labels: ['upstream'],
    cap: UPSTREAMS,
  })
  readonly evicted = this.store.counter({
    name: 'mcp.sessions.evicted',
    kind: 'counter',
    unit: '{session}',
    help: 'Idle sessions forgotten to make room: cap or memory.',
    labels: ['upstream', 'reason'],
    cap: 2 * UPSTREAMS,
  })
  readonly untracked = this.store.counter({
    name: 'mcp.sessions.untracked',
    kind: 'counter',
    unit: '{session}',
    help: 'Sessions that pass without being tracked, because there was no room.',
    labels: ['upstream'],
    cap: UPSTREAMS,
  })
  readonly duration = this.store.histogram({
    name: 'mcp.server.session.duration',
    kind: 'histogram',
    unit: 's',
    help: 'Age of sessions at their end, by what ended them: delete, idle, upstream_404, restart, stream_lost, evicted_cap, evicted_memory or drain.',
    labels: ['upstream', 'ended_by'],
    buckets: SESSION_SECONDS,
    cap: 4 * UPSTREAMS,
  })
  readonly heartbeatChecks = this.store.counter({
    name: 'mcp.session.heartbeat_checks',
    kind: 'counter',
    unit: '{check}',
    help: 'Times that a session was checked for signs of life.',
    labels: ['upstream'],
    cap: UPSTREAMS,
  })
  readonly deadDetected = this.store.counter({
    name: 'mcp.session.dead_detected',
    kind: 'counter',
    unit: '{session}',
    help: 'Sessions found dead: the upstream answered 404 (upstream_404), was restarted (restart), or reset a stream that was not resumed (stream_lost).',
    labels: ['upstream', 'reason'],
    cap: 3 * UPSTREAMS,
  })
}
