/** Gateway internals: what the gateway itself costs, what it refuses, and whether its telemetry is whole. */
import type { Board } from './board.ts'
import { bands, bars, figure, lines, type Query, stacked } from './panels.ts'
import { events, mean, ofGateway, ofProcess, ofUpstream, quantile, rate, sum, sumRate } from './promql.ts'
import { rows } from './tables.ts'

const INSTANCE = '{{instance}}'
const INTERCEPTOR = 'mcp_interceptor_duration_seconds'
const LOOKUPS = 'sidelight_cache_lookups_total'
const OVERHEAD = 'sidelight_overhead_duration_seconds_bucket'

const processGauge = (metric: string, legend = INSTANCE): Query => ({ expr: ofProcess(ofGateway(metric)), legend })
const cpu = sum('job, instance', rate(ofGateway('process_cpu_time_seconds_total')))

export const gateway: Board = {
  name: 'gateway',
  title: 'Gateway internals',
  description: 'Overhead, interceptors, event loop, memory, and losses of telemetry.',
  variables: ['instance', 'upstream'],
  sections: [
    {
      title: 'Now',
      panels: [
        figure({
          title: 'Overhead, p50',
          description:
            'Time of an exchange that is the gateway’s alone. Waits for permits and connections are left out.',
          unit: 's',
          queries: [{ expr: quantile(0.5, '', ofUpstream(OVERHEAD)) }],
        }),
        figure({
          title: 'Overhead, p99',
          description: 'One in a hundred exchanges was delayed by more than this.',
          unit: 's',
          limits: [0.01, 0.1],
          queries: [{ expr: quantile(0.99, '', ofUpstream(OVERHEAD)) }],
        }),
        figure({
          title: 'CPU',
          description:
            'Cores in use, by all gateways that are looked at. One gateway uses little more than one at most.',
          unit: 'short',
          queries: [{ expr: sum('', ofProcess(cpu)) }],
        }),
        figure({
          title: 'Memory',
          description: 'Resident memory of the largest gateway.',
          unit: 'bytes',
          queries: [{ expr: `max(${ofProcess(ofGateway('process_memory_usage_bytes'))})` }],
        }),
        figure({
          title: 'Event loop, p99',
          description: 'The latest of the gateways. Every exchange waits for it.',
          unit: 's',
          limits: [0.05, 0.1],
          queries: [{ expr: `max(${ofProcess(ofGateway('nodejs_eventloop_delay_p99_seconds'))})` }],
        }),
        figure({
          title: 'Gateways',
          description: 'How many are being watched.',
          unit: 'short',
          queries: [{ expr: `count(${ofGateway('sidelight_build_info')})` }],
        }),
        rows({
          title: 'Gateways',
          description: 'What runs where, and since when.',
          sortBy: 'Up for',
          labels: [
            { label: 'namespace', title: 'Namespace' },
            { label: 'job', title: 'Job' },
            { label: 'instance', title: 'Instance' },
            { label: 'version', title: 'Version' },
            { label: 'node_version', title: 'Node' },
          ],
          columns: [
            {
              title: 'Up for',
              unit: 's',
              expr:
                `max by (namespace, job, instance) (${ofGateway('sidelight_uptime_seconds')}) * on (namespace, job, instance) ` +
                `group_right () max by (namespace, job, instance, version, node_version) (${ofGateway('sidelight_build_info')})`,
            },
          ],
        }),
      ],
    },
    {
      title: 'Overhead',
      panels: [
        lines({
          title: 'Overhead',
          description:
            'From the last byte of the request until it was written on, waits for permit and connection left out, and from the response head until that was written on.',
          unit: 's',
          queries: [0.5, 0.95, 0.99].map((q) => ({
            expr: quantile(q, '', ofUpstream(OVERHEAD)),
            legend: `p${q * 100}`,
          })),
        }),
        stacked({
          title: 'Time in interceptors',
          description: 'Seconds per second: which step of the way uses the time, your own interceptors included.',
          unit: 'percentunit',
          queries: [{ expr: sumRate('interceptor', ofGateway(`${INTERCEPTOR}_sum`)), legend: '{{interceptor}}' }],
        }),
        lines({
          title: 'Mean time of an interceptor',
          description: 'By interceptor and phase.',
          unit: 's',
          queries: [{ expr: mean('interceptor, phase', INTERCEPTOR, ofGateway), legend: '{{interceptor}} {{phase}}' }],
        }),
        stacked({
          title: 'What interceptors decided',
          description:
            'Requests per second that an interceptor let pass (continue), answered, refused, modified or failed.',
          unit: 'ops',
          queries: [
            {
              expr: sumRate('interceptor, action', ofGateway('mcp_interceptor_actions_total')),
              legend: '{{interceptor}} {{action}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'Process',
      panels: [
        lines({
          title: 'Event loop, late by',
          description:
            'Above 100 ms (p99) for minutes, SidelightEventLoopLate fires: the machine is too busy, or an own interceptor blocks.',
          unit: 's',
          limits: [0.05, 0.1],
          queries: ['p50', 'p99', 'max'].map((name) =>
            processGauge(`nodejs_eventloop_delay_${name}_seconds`, `${name} ${INSTANCE}`),
          ),
        }),
        lines({
          title: 'Event loop, busy',
          description: 'Share of the time in which the one thread had work. Near 1, another replica is needed.',
          unit: 'percentunit',
          limits: [0.7, 0.9],
          queries: [processGauge('nodejs_eventloop_utilization_ratio')],
        }),
        lines({
          title: 'CPU',
          description: 'Cores in use, garbage collection included.',
          unit: 'short',
          queries: [{ expr: ofProcess(cpu), legend: INSTANCE }],
        }),
        lines({
          title: 'Memory',
          description: 'Resident memory, which the container’s limit is about.',
          unit: 'bytes',
          queries: [processGauge('process_memory_usage_bytes')],
        }),
        stacked({
          title: 'Heap by space',
          description:
            'JavaScript’s memory in use, and buffers outside it (external). old_space that only grows is a leak.',
          unit: 'bytes',
          queries: [
            {
              expr: `sum by (v8js_heap_space_name) (${ofProcess(`${ofGateway('v8js_memory_heap_used_bytes')} > 0`)})`,
              legend: '{{v8js_heap_space_name}}',
            },
            { expr: sum('', ofProcess(ofGateway('v8js_memory_external_bytes'))), legend: 'external' },
          ],
        }),
        stacked({
          title: 'Garbage collection',
          description: 'Seconds per second in which nothing else ran, by kind.',
          unit: 'percentunit',
          queries: [
            {
              expr: sum('v8js_gc_type', ofProcess(rate(ofGateway('v8js_gc_duration_seconds_sum')))),
              legend: '{{v8js_gc_type}}',
            },
          ],
        }),
        lines({
          title: 'File descriptors',
          description:
            'Open ones, sockets included. A gateway warns at its start if the limit of the system is too low.',
          unit: 'short',
          queries: [processGauge('process_file_descriptors_open')],
        }),
        lines({
          title: 'Heap taken',
          description: 'Memory that the heap has taken from the system, used or not.',
          unit: 'bytes',
          queries: [{ expr: sum('instance', ofProcess(ofGateway('v8js_memory_heap_limit_bytes'))), legend: INSTANCE }],
        }),
      ],
    },
    {
      title: 'Who asks',
      panels: [
        lines({
          title: 'Connections',
          description: 'Connections of clients: open, and accepted per second.',
          unit: 'short',
          queries: [
            { expr: sum('', ofGateway('mcp_connections_active')), legend: 'open' },
            { expr: sumRate('', ofGateway('mcp_connections_total')), legend: 'accepted per second' },
          ],
        }),
        bars({
          title: 'Failed connections',
          description:
            'Connections that failed or were refused before a request was read: reset, tls, limit or an error code.',
          unit: 'short',
          none: 'No connection has failed',
          queries: [{ expr: events('error_type', ofGateway('mcp_connection_errors_total')), legend: '{{error_type}}' }],
        }),
        bars({
          title: 'Invalid requests',
          description: 'No valid JSON, a protocol key twice, or Mcp-* headers that contradict the message.',
          unit: 'short',
          none: 'Every request was valid',
          queries: [
            {
              expr: events('upstream, reason', ofUpstream('mcp_requests_invalid_total')),
              legend: '{{upstream}} {{reason}}',
            },
          ],
        }),
        bars({
          title: 'Bodies not inspected',
          description:
            'They passed unchanged, but what happened in them is not in the figures: an unknown coding, a limit, or no JSON-RPC.',
          unit: 'short',
          none: 'Every body was read',
          queries: [
            {
              expr: events('upstream, direction, reason', ofUpstream('mcp_bodies_uninspected_total')),
              legend: '{{upstream}} {{direction}} {{reason}}',
            },
          ],
        }),
        bars({
          title: 'Turned away at the admin listener',
          description:
            'Requests for protected paths, by reason. Many of token_wrong or too_many: somebody guesses. And connections that were closed to make room for others.',
          unit: 'short',
          none: 'Nobody was turned away',
          queries: [
            { expr: events('reason', ofGateway('sidelight_admin_refused_total')), legend: '{{reason}}' },
            {
              expr: events('reason', ofGateway('sidelight_admin_connections_closed_total')),
              legend: 'connection closed, {{reason}}',
            },
          ],
        }),
        lines({
          title: 'Length of connections, p95',
          description: 'How long connections of clients stayed open. Seconds: clients open one for each request.',
          unit: 's',
          queries: [{ expr: quantile(0.95, '', ofGateway('mcp_connection_duration_seconds_bucket')), legend: 'p95' }],
        }),
        bars({
          title: 'Interceptor failures',
          description: 'Interceptors that threw, by type. Each failed its exchange, unless failOpen lets it pass.',
          unit: 'short',
          none: 'No interceptor has failed',
          queries: [
            {
              expr: events('interceptor, error_type', ofGateway('mcp_interceptor_errors_total')),
              legend: '{{interceptor}} {{error_type}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'Health, configuration and alerts',
      panels: [
        bands({
          title: 'Components',
          description: 'The components of the report of /health/ready, which says what is wrong with each.',
          unit: 'none',
          words: { '0': ['unhealthy', 'red'], '0.5': ['degraded', 'yellow'], '1': ['healthy', 'green'] },
          queries: [{ expr: ofGateway('sidelight_component_health'), legend: '{{component}} at {{instance}}' }],
        }),
        lines({
          title: 'Age of checks',
          description: 'Since each health check of the configuration last ended. One that only grows hangs.',
          unit: 's',
          none: 'The configuration has no checks',
          queries: [
            { expr: ofGateway('sidelight_component_check_age_seconds'), legend: '{{component}} at {{instance}}' },
          ],
        }),
        bands({
          title: 'Configuration',
          description:
            'Whether the configuration could be taken when it was last read. Refused, the one before stays in force.',
          unit: 'none',
          words: { '0': ['refused', 'red'], '1': ['taken', 'green'] },
          queries: [{ expr: ofGateway('sidelight_config_last_reload_successful'), legend: INSTANCE }],
        }),
        bars({
          title: 'Reloads',
          description:
            'Times that the configuration was read again. A refused one is told in the log, with every error.',
          unit: 'short',
          none: 'It was not read again',
          queries: [{ expr: events('result', ofGateway('sidelight_config_reloads_total')), legend: '{{result}}' }],
        }),
        lines({
          title: 'Age of the configuration',
          description: 'Since it was last taken. Gateways of one kind that differ do not run the same.',
          unit: 's',
          queries: [
            {
              expr: `time() - ${ofGateway('sidelight_config_last_reload_success_timestamp_seconds')}`,
              legend: INSTANCE,
            },
          ],
        }),
        lines({
          title: 'Settings that wait for a restart',
          description:
            'Settings of the configuration last taken that differ from what runs until the process starts anew.',
          unit: 'short',
          queries: [{ expr: ofGateway('sidelight_config_needs_restart'), legend: INSTANCE }],
        }),
        lines({
          title: 'Own alerts',
          description:
            'Alerts of the rules in the configuration that are firing. Those of Prometheus are on the Overview.',
          unit: 'short',
          none: 'The configuration has no alerts',
          queries: [{ expr: sum('alert', ofGateway('sidelight_alerts_firing')), legend: '{{alert}}' }],
        }),
        bars({
          title: 'Notifications',
          description:
            'Notifications of own alerts to webhooks: sent, failed after all attempts, or dropped because too many waited.',
          unit: 'short',
          none: 'Nobody had to be told',
          queries: [
            { expr: events('result', ofGateway('sidelight_alerts_notifications_total')), legend: '{{result}}' },
          ],
        }),
        lines({
          title: 'Kinds of error',
          description: 'Kinds that /errors remembers. At errors.kinds, the oldest makes room for a new one.',
          unit: 'short',
          queries: [{ expr: ofGateway('sidelight_errors_kinds'), legend: INSTANCE }],
        }),
        bars({
          title: 'Kinds of error forgotten',
          description:
            'Kinds that made room for another: errors.kinds is too low, or somebody asks for everything under the sun.',
          unit: 'short',
          none: 'None was forgotten',
          queries: [{ expr: events('', ofGateway('sidelight_errors_kinds_evicted_total')), legend: 'forgotten' }],
        }),
      ],
    },
    {
      title: 'Telemetry',
      panels: [
        lines({
          title: 'Spans exported',
          description: 'Spans per second that an exporter has taken.',
          unit: 'ops',
          none: 'Tracing is off, or nothing was sampled',
          queries: [{ expr: sumRate('exporter', ofGateway('sidelight_spans_exported_total')), legend: '{{exporter}}' }],
        }),
        bars({
          title: 'Traces in messages',
          description:
            'Request bodies on routes with traceMeta. Written tell the server its place in the trace; the others passed as they came.',
          unit: 'short',
          none: 'No route has traceMeta, or tracing is off',
          queries: [{ expr: events('result', ofGateway('sidelight_trace_meta_bodies_total')), legend: '{{result}}' }],
        }),
        bars({
          title: 'Telemetry lost',
          description:
            'Traffic is not affected. Spans: the queue was full, or no collector took them. Log lines: the log was closed or read too slowly.',
          unit: 'short',
          queries: [
            { expr: events('', ofGateway('sidelight_log_dropped_total')), legend: 'log lines' },
            {
              expr: events('exporter, reason', ofGateway('sidelight_spans_dropped_total')),
              legend: 'spans {{exporter}} {{reason}}',
            },
            {
              expr: events('signal', ofGateway('sidelight_telemetry_export_failures_total')),
              legend: 'exports of {{signal}}',
            },
          ],
        }),
        bars({
          title: 'Label overflow',
          description: 'Recordings that were counted as _other, because the instrument had reached its cap of series.',
          unit: 'short',
          none: 'No instrument has reached its cap',
          queries: [
            { expr: events('instrument', ofGateway('sidelight_metrics_overflow_total')), legend: '{{instrument}}' },
          ],
        }),
        lines({
          title: 'Cache hits',
          description:
            'Share of look-ups that found what they looked for: names of tools and prompts, and series by their labels.',
          unit: 'percentunit',
          queries: [
            {
              expr: `${sumRate('cache', ofGateway(LOOKUPS, 'result="hit"'))} / ${sumRate('cache', ofGateway(LOOKUPS))}`,
              legend: '{{cache}}',
            },
          ],
        }),
        lines({
          title: 'Background tasks',
          description: 'What the gateway began beside exchanges, per second.',
          unit: 'ops',
          queries: [{ expr: sumRate('task', ofGateway('sidelight_tasks_spawned_total')), legend: '{{task}}' }],
        }),
        lines({
          title: 'Scrapes',
          description: 'How long Prometheus took to read each gateway.',
          unit: 's',
          queries: [{ expr: ofProcess(ofGateway('scrape_duration_seconds')), legend: INSTANCE }],
        }),
      ],
    },
  ],
}
