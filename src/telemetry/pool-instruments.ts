/** The part of the catalogue that tells of upstreams and the connections to them. */
import { Catalogue, UPSTREAMS, WAIT_SECONDS } from './catalogue.ts'

export class PoolInstruments extends Catalogue {
  // Pools
  readonly poolConnectionsCreated = this.store.counter({
    name: 'mcp.pool.connections.created',
    kind: 'counter',
    unit: '{connection}',
    help: 'Upstream connections opened.',
    labels: ['upstream'],
    cap: UPSTREAMS,
  })
  readonly poolConnectionsReused = this.store.counter({
    name: 'mcp.pool.connections.reused',
    kind: 'counter',
    unit: '{connection}',
    help: 'Times that an open upstream connection was used again.',
    labels: ['upstream'],
    cap: UPSTREAMS,
  })
  readonly poolConnectionsClosed = this.store.counter({
    name: 'mcp.pool.connections.closed',
    kind: 'counter',
    unit: '{connection}',
    help: 'Upstream connections closed, by either side.',
    labels: ['upstream'],
    cap: UPSTREAMS,
  })
  readonly poolConnectionsIdle = this.store.gauge({
    name: 'mcp.pool.connections.idle',
    kind: 'upDownCounter',
    unit: '{connection}',
    help: 'Upstream connections open and unused.',
    labels: ['upstream'],
    cap: UPSTREAMS,
  })
  readonly poolConnectionsActive = this.store.gauge({
    name: 'mcp.pool.connections.active',
    kind: 'upDownCounter',
    unit: '{connection}',
    help: 'Upstream connections that carry an exchange.',
    labels: ['upstream'],
    cap: UPSTREAMS,
  })
  readonly poolStreamsActive = this.store.gauge({
    name: 'mcp.pool.streams.active',
    kind: 'upDownCounter',
    unit: '{stream}',
    help: 'Event streams that hold a stream permit.',
    labels: ['upstream'],
    cap: UPSTREAMS,
  })
  readonly poolPending = this.store.gauge({
    name: 'mcp.pool.pending',
    kind: 'upDownCounter',
    unit: '{request}',
    help: 'Exchanges that wait for a permit.',
    labels: ['upstream'],
    cap: UPSTREAMS,
  })
  readonly poolWaitDuration = this.store.histogram({
    name: 'mcp.pool.wait.duration',
    kind: 'histogram',
    unit: 's',
    help: 'Time that exchanges waited for a permit.',
    labels: ['upstream'],
    buckets: WAIT_SECONDS,
    cap: UPSTREAMS,
  })
  readonly poolRejected = this.store.counter({
    name: 'mcp.pool.rejected',
    kind: 'counter',
    unit: '{request}',
    help: 'Exchanges refused for want of a permit: queue_full, queue_timeout or streams_full.',
    labels: ['upstream', 'reason'],
    cap: 3 * UPSTREAMS,
  })

  // Upstreams
  readonly upstreamRetries = this.store.counter({
    name: 'mcp.upstream.retries',
    kind: 'counter',
    unit: '{request}',
    help: 'Requests sent again because they had not reached a socket.',
    labels: ['upstream'],
    cap: UPSTREAMS,
  })
  readonly upstreamUp = this.store.gauge({
    name: 'mcp.upstream.up',
    kind: 'gauge',
    unit: '',
    help: 'Whether the last probe saw the upstream alive (1) or not (0).',
    labels: ['upstream'],
    cap: UPSTREAMS,
  })
  readonly upstreamProbeDuration = this.store.histogram({
    name: 'mcp.upstream.probe.duration',
    kind: 'histogram',
    unit: 's',
    help: 'Time that readiness probes of the upstream took.',
    labels: ['upstream'],
    buckets: WAIT_SECONDS,
    cap: UPSTREAMS,
  })
}
