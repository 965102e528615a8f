/** The view of shadowcat: connections, sessions, requests, interceptors, pools and resources, under OpenTelemetry names. */
import type { Derivation, Part, View } from './derivation.ts'
import { by, OPERATIONS, whole } from './labels.ts'

/** `status` is the only value that shadowcat gives its label. */
const closed: readonly Part[] = [{ source: 'mcp.connection.duration', labels: () => ['closed'] }]

const requests: readonly Part[] = [
  { source: OPERATIONS, labels: (of) => (of('mcp.method.name').startsWith('notifications/') ? undefined : []) },
]

function family(
  kind: Derivation['def']['kind'],
  name: string,
  unit: string,
  help: string,
  parts: readonly Part[],
  labels: readonly string[] = [],
): Derivation {
  return { def: { name, kind, unit, help, labels }, parts }
}

export const shadowcat: View = {
  name: 'shadowcat',
  about: 'The names of shadowcat, as its OpenTelemetry names read in Prometheus.',
  families: [
    family('counter', 'mcp.connections.total', '', 'Total number of connections.', whole('mcp.connections')),
    family(
      'upDownCounter',
      'mcp.connections.active',
      '',
      'Number of active connections.',
      whole('mcp.connections.active'),
    ),
    family('histogram', 'mcp.connection.duration', 's', 'Connection duration in seconds.', closed, ['status']),
    family('counter', 'mcp.connection.errors', '', 'Connections that failed.', whole('mcp.connection.errors')),

    family('counter', 'mcp.sessions.created', '', 'Total sessions created.', whole('mcp.sessions.created')),
    family('upDownCounter', 'mcp.sessions.active', '', 'Number of active sessions.', whole('mcp.sessions.active')),
    family('counter', 'mcp.sessions.evicted', '', 'Sessions evicted.', whole('mcp.sessions.evicted')),
    family(
      'histogram',
      'mcp.session.duration',
      's',
      'Session duration in seconds.',
      whole('mcp.server.session.duration'),
    ),
    family('counter', 'mcp.session.heartbeat_checks', '', 'Heartbeat checks.', whole('mcp.session.heartbeat_checks')),
    family('counter', 'mcp.session.dead_detected', '', 'Sessions found dead.', whole('mcp.session.dead_detected')),

    family('counter', 'mcp.requests.total', '', 'Total number of requests.', requests),
    family('histogram', 'mcp.request.duration', 's', 'Request processing duration.', requests),
    family('histogram', 'mcp.request.size', 'By', 'Size of requests.', whole('mcp.request.size')),
    family('histogram', 'mcp.response.size', 'By', 'Size of responses.', whole('mcp.response.size')),

    family(
      'histogram',
      'mcp.interceptor.duration',
      's',
      'Time that one phase of an interceptor took.',
      by('mcp.interceptor.duration', 'interceptor', 'phase'),
      ['interceptor', 'phase'],
    ),
    family(
      'counter',
      'mcp.interceptor.errors',
      '',
      'Failures of interceptors.',
      by('mcp.interceptor.errors', 'interceptor', 'error.type'),
      ['interceptor', 'error_type'],
    ),
    family(
      'counter',
      'mcp.interceptor.actions',
      '',
      'What interceptors decided.',
      by('mcp.interceptor.actions', 'interceptor', 'action'),
      ['interceptor', 'action'],
    ),

    family(
      'counter',
      'mcp.pool.connections.created',
      '',
      'Connections created.',
      whole('mcp.pool.connections.created'),
    ),
    family('counter', 'mcp.pool.connections.reused', '', 'Connections reused.', whole('mcp.pool.connections.reused')),
    family('upDownCounter', 'mcp.pool.connections.idle', '', 'Idle connections.', whole('mcp.pool.connections.idle')),
    family(
      'histogram',
      'mcp.pool.wait.duration',
      's',
      'Time that requests waited for a connection.',
      by('mcp.pool.wait.duration', 'upstream'),
      ['pool'],
    ),

    family('upDownCounter', 'mcp.memory.usage', 'By', 'Resident memory.', whole('process.memory.usage')),
    family('counter', 'mcp.task.spawns', '', 'Background tasks spawned.', whole('sidelight.tasks.spawned')),
  ],
}
