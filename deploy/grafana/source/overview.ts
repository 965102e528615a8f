/** Overview: does it work, for whom not, and where to look next. */
import { type Board, linkTo } from './board.ts'
import { bands, figure, filledIn, lines, stacked } from './panels.ts'
import { FAILED, NO_STREAMS, OPERATIONS, ofGateway, ofUpstream, quantile, share, sum, sumRate } from './promql.ts'
import { rows } from './tables.ts'

const COUNT = `${OPERATIONS}_count`
const BUCKET = `${OPERATIONS}_bucket`
const RANGE = '[$__range]'

const failed = (by: string, window?: string): string => share(by, ofUpstream(COUNT, FAILED), ofUpstream(COUNT), window)
const latency = (q: number, by: string, window?: string): string =>
  quantile(q, by, ofUpstream(BUCKET, NO_STREAMS), window)

const FAILED_MEANS =
  'Failed are errors, time-outs and broken connections. 401, 404 and lost sessions are none, because clients begin anew with them; tools that report a failure are on the Tools dashboard.'

export const overview: Board = {
  name: 'overview',
  title: 'Overview',
  description: 'Rate, failures, latency and load of every upstream, and what is wrong now.',
  variables: ['instance', 'upstream'],
  sections: [
    {
      title: 'Now',
      panels: [
        figure({
          title: 'Operations',
          description: 'JSON-RPC requests and notifications of downstreams that ended, per second.',
          unit: 'reqps',
          queries: [{ expr: sumRate('', ofUpstream(COUNT)) }],
        }),
        figure({
          title: 'Failed',
          description: `Share of operations that failed. ${FAILED_MEANS}`,
          unit: 'percentunit',
          limits: [0.01, 0.05],
          queries: [{ expr: failed('') }],
        }),
        figure({
          title: 'Latency, p95',
          description: '95 of 100 operations were answered faster. Streams that are meant to last are left out.',
          unit: 's',
          limits: [1, 2],
          queries: [{ expr: latency(0.95, '') }],
        }),
        figure({
          title: 'Open exchanges',
          description: 'HTTP requests that have begun and not ended, open streams included.',
          unit: 'short',
          queries: [{ expr: sum('', ofUpstream('mcp_requests_active')) }],
        }),
        figure({
          title: 'Sessions',
          description: 'MCP sessions known and not ended. Revision 2026-07-28 has none.',
          unit: 'short',
          none: '0',
          queries: [{ expr: sum('', ofUpstream('mcp_sessions_active')) }],
        }),
        figure({
          title: 'Upstreams down',
          description:
            'Upstreams whose last probe failed, counted at each gateway. Calls to them are answered with 502.',
          unit: 'short',
          limits: [1, 1],
          none: 'not probed',
          queries: [{ expr: `sum(1 - ${ofUpstream('mcp_upstream_up')})` }],
        }),
      ],
    },
    {
      title: 'By upstream',
      panels: [
        rows({
          title: 'Upstreams',
          description: `All figures are of the chosen time. ${FAILED_MEANS} A click on a name opens its tools.`,
          sortBy: 'Failed',
          labels: [
            {
              label: 'upstream',
              title: 'Upstream',
              link: { title: 'Its tools', url: linkTo('tools', `&var-upstream=${filledIn('__value.raw')}`) },
            },
          ],
          columns: [
            { title: 'Operations', unit: 'reqps', expr: sumRate('upstream', ofUpstream(COUNT), RANGE) },
            { title: 'Failed', unit: 'percentunit', limits: [0.01, 0.05], expr: failed('upstream', RANGE) },
            { title: 'p50', unit: 's', expr: latency(0.5, 'upstream', RANGE) },
            { title: 'p95', unit: 's', limits: [1, 2], expr: latency(0.95, 'upstream', RANGE) },
            { title: 'p99', unit: 's', expr: latency(0.99, 'upstream', RANGE) },
            { title: 'Open exchanges', unit: 'short', expr: sum('upstream', ofUpstream('mcp_requests_active')) },
            { title: 'Sessions', unit: 'short', expr: sum('upstream', ofUpstream('mcp_sessions_active')) },
          ],
        }),
        lines({
          title: 'Traffic',
          description: 'Operations that ended, per second.',
          unit: 'reqps',
          queries: [{ expr: sumRate('upstream', ofUpstream(COUNT)), legend: '{{upstream}}' }],
        }),
        lines({
          title: 'Failures',
          description: `Share of operations that failed. ${FAILED_MEANS}`,
          unit: 'percentunit',
          limits: [0.01, 0.05],
          queries: [{ expr: failed('upstream'), legend: '{{upstream}}' }],
        }),
        lines({
          title: 'Latency, p95',
          description: 'By upstream. A point is one call that was traced: a click leads to its trace.',
          unit: 's',
          queries: [{ expr: latency(0.95, 'upstream'), legend: '{{upstream}}', exemplars: true }],
        }),
        lines({
          title: 'Saturation',
          description:
            'Exchanges that wait for a permit. More than a moment above zero: limits.calls of the upstream is reached.',
          unit: 'short',
          queries: [{ expr: sum('upstream', ofUpstream('mcp_pool_pending')), legend: '{{upstream}}' }],
        }),
        bands({
          title: 'Upstreams up',
          description: 'What the last probe of each gateway said.',
          unit: 'none',
          none: 'Nothing is probed',
          queries: [{ expr: ofUpstream('mcp_upstream_up'), legend: '{{upstream}} at {{instance}}' }],
        }),
        rows({
          title: 'Alerts',
          description: 'What Prometheus has pending or firing. Each alert has a runbook in docs/runbooks.md.',
          width: 12,
          none: 'All is quiet',
          sortBy: 'Alert',
          labels: [
            { label: 'alertname', title: 'Alert' },
            { label: 'alertstate', title: 'State' },
            { label: 'severity', title: 'Severity' },
            { label: 'upstream', title: 'Upstream' },
          ],
          columns: [
            {
              title: 'Alerts',
              unit: 'short',
              expr: 'count by (alertname, alertstate, severity, upstream) (ALERTS{alertname=~"Sidelight.+"})',
            },
          ],
        }),
      ],
    },
    {
      title: 'What is asked',
      panels: [
        stacked({
          title: 'Operations by outcome',
          description: 'How operations ended. The words are explained in docs/life-of-an-exchange.md.',
          unit: 'reqps',
          queries: [{ expr: sumRate('outcome', ofUpstream(COUNT)), legend: '{{outcome}}' }],
        }),
        stacked({
          title: 'Operations by method',
          description: 'What is asked for, per second.',
          unit: 'reqps',
          queries: [{ expr: sumRate('mcp_method_name', ofUpstream(COUNT)), legend: '{{mcp_method_name}}' }],
        }),
        stacked({
          title: 'Exchanges by HTTP outcome',
          description:
            'HTTP requests that ended. An exchange is not an operation: a stream is one, and a batch carries many.',
          unit: 'reqps',
          queries: [
            {
              expr: sumRate('http_request_method, outcome', ofUpstream('mcp_requests_total')),
              legend: '{{http_request_method}} {{outcome}}',
            },
          ],
        }),
        stacked({
          title: 'Exchanges by MCP revision',
          description: 'Who still speaks which revision.',
          unit: 'reqps',
          queries: [
            {
              expr: sumRate('mcp_protocol_version', ofUpstream('mcp_protocol_requests_total')),
              legend: '{{mcp_protocol_version}}',
            },
          ],
        }),
        lines({
          title: 'Bodies',
          description: 'Bytes of request and response bodies per second, as they were passed on.',
          unit: 'Bps',
          queries: [
            { expr: sumRate('', ofUpstream('mcp_request_size_bytes_sum')), legend: 'requests' },
            { expr: sumRate('', ofUpstream('mcp_response_size_bytes_sum')), legend: 'responses' },
          ],
        }),
        lines({
          title: 'Downstream connections',
          description: 'Connections of clients that are open. They belong to no upstream.',
          unit: 'short',
          queries: [{ expr: sum('instance', ofGateway('mcp_connections_active')), legend: '{{instance}}' }],
        }),
      ],
    },
  ],
}
