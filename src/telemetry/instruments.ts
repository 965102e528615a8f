/** The catalogue: every instrument of the gateway, once. What a scrape shows and docs/metrics.md says comes from here. */
import { AdminInstruments } from './admin-instruments.ts'
import { Catalogue, CONNECTION_SECONDS, EXCHANGE_SECONDS, SIZE_BYTES, STEP_SECONDS, UPSTREAMS } from './catalogue.ts'
import { HealthInstruments } from './health-instruments.ts'
import { IncidentInstruments } from './incident-instruments.ts'
import { OperationInstruments } from './operation-instruments.ts'
import { PoolInstruments } from './pool-instruments.ts'
import { ProcessInstruments } from './process-instruments.ts'
import { ReloadInstruments } from './reload-instruments.ts'
import type { SeriesStore } from './series.ts'
import { SessionInstruments } from './session-instruments.ts'

export class Instruments extends Catalogue {
  // Exchanges
  readonly requests = this.store.counter({
    name: 'mcp.requests',
    kind: 'counter',
    unit: '{request}',
    help: 'Exchanges that ended, by upstream, HTTP method and outcome.',
    labels: ['upstream', 'http.request.method', 'outcome'],
    cap: 640,
  })
  readonly requestsActive = this.store.gauge({
    name: 'mcp.requests.active',
    kind: 'upDownCounter',
    unit: '{request}',
    help: 'Exchanges that have begun and not ended, open streams included.',
    labels: ['upstream'],
    cap: UPSTREAMS,
  })
  readonly requestSize = this.store.histogram({
    name: 'mcp.request.size',
    kind: 'histogram',
    unit: 'By',
    help: 'Size of request bodies as they came.',
    labels: ['upstream'],
    buckets: SIZE_BYTES,
    cap: UPSTREAMS,
  })
  readonly responseSize = this.store.histogram({
    name: 'mcp.response.size',
    kind: 'histogram',
    unit: 'By',
    help: 'Size of response bodies as they were passed on, streams included.',
    labels: ['upstream'],
    buckets: SIZE_BYTES,
    cap: UPSTREAMS,
  })
  readonly exchangeDuration = this.store.histogram({
    name: 'mcp.exchange.duration',
    kind: 'histogram',
    unit: 's',
    help: 'Time from the request head to the last byte of the response, by outcome.',
    labels: ['upstream', 'outcome'],
    buckets: EXCHANGE_SECONDS,
    cap: 320,
  })

  // Downstream connections
  readonly connections = this.store.counter({
    name: 'mcp.connections',
    kind: 'counter',
    unit: '{connection}',
    help: 'Downstream connections accepted.',
    labels: [],
    cap: 1,
  })
  readonly connectionsActive = this.store.gauge({
    name: 'mcp.connections.active',
    kind: 'upDownCounter',
    unit: '{connection}',
    help: 'Downstream connections open now.',
    labels: [],
    cap: 1,
  })
  readonly connectionDuration = this.store.histogram({
    name: 'mcp.connection.duration',
    kind: 'histogram',
    unit: 's',
    help: 'Time that downstream connections stayed open.',
    labels: [],
    buckets: CONNECTION_SECONDS,
    cap: 1,
  })
  readonly connectionErrors = this.store.counter({
    name: 'mcp.connection.errors',
    kind: 'counter',
    unit: '{error}',
    help: 'Downstream connections that failed or were refused before a request was read: reset, tls, limit or an error code.',
    labels: ['error.type'],
    cap: 8,
  })

  readonly pools = new PoolInstruments(this.store)

  // Interceptors
  readonly interceptorDuration = this.store.histogram({
    name: 'mcp.interceptor.duration',
    kind: 'histogram',
    unit: 's',
    help: 'Time that one phase of an interceptor took.',
    labels: ['interceptor', 'phase'],
    buckets: STEP_SECONDS,
    cap: 129,
  })
  readonly interceptorErrors = this.store.counter({
    name: 'mcp.interceptor.errors',
    kind: 'counter',
    unit: '{error}',
    help: 'Failures of interceptors, by type.',
    labels: ['interceptor', 'error.type'],
    cap: 129,
  })
  readonly interceptorActions = this.store.counter({
    name: 'mcp.interceptor.actions',
    kind: 'counter',
    unit: '{action}',
    help: 'What interceptors decided: continue, answer, refuse, modify or error.',
    labels: ['interceptor', 'action'],
    cap: 161,
  })

  // Sidelight itself
  readonly metricsOverflow = this.store.counter({
    name: 'sidelight.metrics.overflow',
    kind: 'counter',
    unit: '{series}',
    help: 'Times that a recording went to the _other series because the instrument had reached its cap.',
    labels: ['instrument'],
    cap: 101,
  })
  readonly tasksSpawned = this.store.counter({
    name: 'sidelight.tasks.spawned',
    kind: 'counter',
    unit: '{task}',
    help: 'What the gateway began beside exchanges: check, log_write, metrics_export, notification, probe, profile, reload or traces_export.',
    labels: ['task'],
    cap: 9,
  })
  readonly cacheLookups = this.store.counter({
    name: 'sidelight.cache.lookups',
    kind: 'counter',
    unit: '{lookup}',
    help: "Look-ups in the gateway's own caches, by cache and result (hit or miss): names, of the tools and prompts that are labels, and series, of the labels of an instrument.",
    labels: ['cache', 'result'],
    cap: 5,
  })
  readonly logDropped = this.store.counter({
    name: 'sidelight.log.dropped',
    kind: 'counter',
    unit: '{line}',
    help: 'Log lines lost because the log was closed or read too slowly.',
    labels: [],
    cap: 1,
  })
  readonly exportFailures = this.store.counter({
    name: 'sidelight.telemetry.export.failures',
    kind: 'counter',
    unit: '{export}',
    help: 'Exports of telemetry that no collector took, by signal: metrics or traces.',
    labels: ['signal'],
    cap: 3,
  })
  readonly spansExported = this.store.counter({
    name: 'sidelight.spans.exported',
    kind: 'counter',
    unit: '{span}',
    help: 'Spans that an exporter has taken: otlp or console.',
    labels: ['exporter'],
    cap: 3,
  })
  readonly spansDropped = this.store.counter({
    name: 'sidelight.spans.dropped',
    kind: 'counter',
    unit: '{span}',
    help: 'Spans lost because the queue was full (queue_full) or no collector took them (export_failed).',
    labels: ['exporter', 'reason'],
    cap: 5,
  })
  readonly traceMeta = this.store.counter({
    name: 'sidelight.trace_meta.bodies',
    kind: 'counter',
    unit: '{body}',
    help: 'Request bodies on routes with `traceMeta`: written, or passed as they came because they were compressed, signed, unreadable, would be too_large, or left for want of a place.',
    labels: ['result'],
    cap: 7,
  })
  readonly slowOperations = this.store.counter({
    name: 'mcp.slow_operations',
    kind: 'counter',
    unit: '{operation}',
    help: 'Operations that took longer than the threshold of `log.slow`.',
    labels: ['upstream', 'mcp.method.name'],
    cap: 200,
  })
  readonly buildInfo = this.store.gauge({
    name: 'sidelight.build.info',
    kind: 'gauge',
    unit: '',
    help: 'Always 1; the labels say what runs.',
    labels: ['version', 'node.version'],
    cap: 2,
  })
  readonly uptime = this.store.gauge({
    name: 'sidelight.uptime',
    kind: 'gauge',
    unit: 's',
    help: 'Time since the process started.',
    labels: [],
    cap: 1,
  })

  readonly operations = new OperationInstruments(this.store)
  readonly sessions = new SessionInstruments(this.store)
  readonly incidents = new IncidentInstruments(this.store)
  readonly config = new ReloadInstruments(this.store)
  readonly admin = new AdminInstruments(this.store)
  readonly health = new HealthInstruments(this.store)
  readonly process = new ProcessInstruments(this.store)

  constructor(store: SeriesStore) {
    super(store)
    store.observe(() => this.#readOverflows())
  }

  #readOverflows(): void {
    for (const { def, overflowed } of this.store.instruments) {
      if (overflowed > 0) this.metricsOverflow.bind([def.name]).observe(overflowed)
    }
  }
}
