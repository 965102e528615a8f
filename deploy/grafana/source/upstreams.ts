/** Upstreams and pools: is the server there, how fast does it answer, and is there room. */
import type { Board } from './board.ts'
import { bands, bars, figure, lines, stacked } from './panels.ts'
import { events, OPERATIONS, ofUpstream, quantile, rate, sum, sumRate } from './promql.ts'

const PHASE = 'mcp_exchange_phase_duration_seconds_bucket'
const UPSTREAM = '{{upstream}}'

const gauge = (metric: string) => [{ expr: sum('upstream', ofUpstream(metric)), legend: UPSTREAM }]
const phases = (name: string, ...quantiles: readonly number[]) =>
  quantiles.map((q) => ({
    expr: quantile(q, 'upstream', ofUpstream(PHASE, `phase="${name}"`)),
    legend: `${UPSTREAM} p${q * 100}`,
  }))

export const upstreams: Board = {
  name: 'upstreams',
  title: 'Upstreams & pools',
  description: 'The servers behind the gateway, and the connections and permits towards them.',
  variables: ['instance', 'upstream'],
  sections: [
    {
      title: 'Now',
      panels: [
        figure({
          title: 'Upstreams down',
          description: 'Upstreams whose last probe failed, counted at each gateway.',
          unit: 'short',
          limits: [1, 1],
          none: 'not probed',
          queries: [{ expr: `sum(1 - ${ofUpstream('mcp_upstream_up')})` }],
        }),
        figure({
          title: 'Busy connections',
          description: 'Connections that carry an exchange.',
          unit: 'short',
          queries: [{ expr: sum('', ofUpstream('mcp_pool_connections_active')) }],
        }),
        figure({
          title: 'Idle connections',
          description: 'Connections that are open and unused.',
          unit: 'short',
          queries: [{ expr: sum('', ofUpstream('mcp_pool_connections_idle')) }],
        }),
        figure({
          title: 'Streams',
          description: 'Event streams that hold a stream permit.',
          unit: 'short',
          queries: [{ expr: sum('', ofUpstream('mcp_pool_streams_active')) }],
        }),
        figure({
          title: 'Waiting',
          description: 'Exchanges that wait for a permit.',
          unit: 'short',
          limits: [1, 10],
          queries: [{ expr: sum('', ofUpstream('mcp_pool_pending')) }],
        }),
        figure({
          title: 'Reuse',
          description:
            'Share of exchanges that found an open connection. Low: the upstream closes them, or upstreams.*.keepAlive is too short.',
          unit: 'percentunit',
          queries: [
            {
              expr:
                `${sum('', rate(ofUpstream('mcp_pool_connections_reused_total')))} / ` +
                `(${sum('', rate(ofUpstream('mcp_pool_connections_reused_total')))} + ${sum('', rate(ofUpstream('mcp_pool_connections_created_total')))})`,
            },
          ],
        }),
      ],
    },
    {
      title: 'Upstreams',
      panels: [
        bands({
          title: 'Up',
          description: 'What the last probe of each gateway said.',
          unit: 'none',
          none: 'Nothing is probed',
          queries: [{ expr: ofUpstream('mcp_upstream_up'), legend: '{{upstream}} at {{instance}}' }],
        }),
        lines({
          title: 'Probes, p95',
          description: 'Time that readiness probes took. It grows before the upstream fails.',
          unit: 's',
          none: 'Nothing is probed',
          queries: [
            {
              expr: quantile(0.95, 'upstream', ofUpstream('mcp_upstream_probe_duration_seconds_bucket')),
              legend: UPSTREAM,
            },
          ],
        }),
        lines({
          title: 'Age of the last probe',
          description:
            'It grows without end where probing has stopped. Traffic that succeeds can take the place of probes.',
          unit: 's',
          none: 'Nothing is probed',
          queries: [{ expr: ofUpstream('mcp_upstream_probe_age_seconds'), legend: '{{upstream}} at {{instance}}' }],
        }),
        lines({
          title: 'Time until the response head',
          description:
            'From the last byte of the request that was sent. That is the upstream’s own time, and the network’s.',
          unit: 's',
          queries: phases('response_head', 0.5, 0.95),
        }),
        lines({
          title: 'Time to connect, p95',
          description:
            'Of connections that were made for an exchange: name, TCP and TLS together. It ends at deadlines.connect.',
          unit: 's',
          none: 'No connection had to be made: those that were open served',
          queries: phases('connect', 0.95),
        }),
        stacked({
          title: 'Failures of the upstream',
          description: 'Operations per second that ended because the upstream was not there, too slow, or broke off.',
          unit: 'reqps',
          none: 'No upstream has failed',
          queries: [
            {
              expr: sumRate(
                'upstream, outcome, error_type',
                ofUpstream(`${OPERATIONS}_count`, 'outcome=~"timeout|upstream_reset|upstream_unreachable"'),
              ),
              legend: '{{upstream}} {{outcome}} {{error_type}}',
            },
          ],
        }),
        lines({
          title: 'Response size, p95',
          description: 'Response bodies as they were passed on, streams included.',
          unit: 'bytes',
          queries: [
            { expr: quantile(0.95, 'upstream', ofUpstream('mcp_response_size_bytes_bucket')), legend: UPSTREAM },
          ],
        }),
      ],
    },
    {
      title: 'Connections',
      panels: [
        lines({
          title: 'Busy connections',
          description: 'Connections that carry an exchange.',
          unit: 'short',
          queries: gauge('mcp_pool_connections_active'),
        }),
        lines({
          title: 'Idle connections',
          description: 'Connections that are open and unused.',
          unit: 'short',
          queries: gauge('mcp_pool_connections_idle'),
        }),
        lines({
          title: 'Connections opened and closed',
          description: 'Per second. With steady traffic, both should be near zero.',
          unit: 'ops',
          queries: [
            {
              expr: sumRate('upstream', ofUpstream('mcp_pool_connections_created_total')),
              legend: `${UPSTREAM} opened`,
            },
            {
              expr: sumRate('upstream', ofUpstream('mcp_pool_connections_closed_total')),
              legend: `${UPSTREAM} closed`,
            },
          ],
        }),
        bars({
          title: 'Sent again',
          description:
            'Requests that had not reached a socket, because an idle connection closed in that moment. Many: upstreams.*.keepAlive is longer than the server’s.',
          unit: 'short',
          queries: [{ expr: events('upstream', ofUpstream('mcp_upstream_retries_total')), legend: UPSTREAM }],
        }),
      ],
    },
    {
      title: 'Permits',
      panels: [
        lines({
          title: 'Waiting',
          description: 'Exchanges that wait for a permit: as many calls as limits.calls allows are under way.',
          unit: 'short',
          queries: gauge('mcp_pool_pending'),
        }),
        lines({
          title: 'Wait for a permit, p95',
          description: 'It ends at limits.queueTimeout, with 503.',
          unit: 's',
          queries: [
            {
              expr: quantile(0.95, 'upstream', ofUpstream('mcp_pool_wait_duration_seconds_bucket')),
              legend: UPSTREAM,
            },
          ],
        }),
        bars({
          title: 'Refused for want of a permit',
          description:
            'queue_full: as many waited as may. queue_timeout: waited too long. streams_full: too many open streams. All are 503.',
          unit: 'short',
          queries: [
            {
              expr: events('upstream, reason', ofUpstream('mcp_pool_rejected_total')),
              legend: '{{upstream}} {{reason}}',
            },
          ],
        }),
        lines({
          title: 'Streams',
          description: 'Event streams that hold a stream permit. limits.streams is their bound.',
          unit: 'short',
          queries: gauge('mcp_pool_streams_active'),
        }),
      ],
    },
  ],
}
