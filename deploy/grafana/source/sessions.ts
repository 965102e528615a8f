/** Sessions: how many there are, how they end, which died, and what their streams carry. */
import type { Board } from './board.ts'
import { bars, figure, heat, lines, stacked } from './panels.ts'
import { events, ofUpstream, quantile, sum, sumRate } from './promql.ts'

const ENDED = 'mcp_server_session_duration_seconds'
const LOST = 'Sessions found dead: the upstream answered 404, was restarted, or reset a stream that was not resumed.'

export const sessions: Board = {
  name: 'sessions',
  title: 'Sessions',
  description: 'MCP sessions (revisions 2025-03-26 to 2025-11-25) and event streams.',
  variables: ['instance', 'upstream'],
  sections: [
    {
      title: 'Now',
      panels: [
        figure({
          title: 'Open sessions',
          description: 'Sessions known and not ended.',
          unit: 'short',
          none: '0',
          width: 6,
          queries: [{ expr: sum('', ofUpstream('mcp_sessions_active')) }],
        }),
        figure({
          title: 'Open streams',
          description: 'Event streams open downstream.',
          unit: 'short',
          none: '0',
          width: 6,
          queries: [{ expr: sum('', ofUpstream('mcp_streams_active')) }],
        }),
        figure({
          title: 'Sessions opened',
          description: 'New sessions per second. Many, with few open: clients that open one for each call.',
          unit: 'ops',
          none: '0',
          width: 6,
          queries: [{ expr: sumRate('', ofUpstream('mcp_sessions_created_total')) }],
        }),
        figure({
          title: 'Checks for life',
          description: 'How often sessions were looked at for signs of life, per second.',
          unit: 'ops',
          none: '0',
          width: 6,
          queries: [{ expr: sumRate('', ofUpstream('mcp_session_heartbeat_checks_total')) }],
        }),
      ],
    },
    {
      title: 'Life and death',
      panels: [
        stacked({
          title: 'Open sessions',
          description:
            'By upstream. Twice as many as hours ago without more traffic: clients open sessions and never end them.',
          unit: 'short',
          none: 'No session was opened',
          queries: [{ expr: sum('upstream', ofUpstream('mcp_sessions_active')), legend: '{{upstream}}' }],
        }),
        bars({
          title: 'Sessions opened',
          description:
            'New sessions by upstream. Each was opened by an initialize that the upstream answered with an id.',
          unit: 'short',
          none: 'No session was opened',
          queries: [{ expr: events('upstream', ofUpstream('mcp_sessions_created_total')), legend: '{{upstream}}' }],
        }),
        bars({
          title: 'Sessions ended, by what ended them',
          description:
            'delete: by the client, as it should be. idle: nobody asked for long. upstream_404, restart and stream_lost: the upstream forgot it. evicted_*: no room here. drain: the gateway stopped.',
          unit: 'short',
          none: 'No session has ended',
          queries: [{ expr: events('ended_by', ofUpstream(`${ENDED}_count`)), legend: '{{ended_by}}' }],
        }),
        bars({
          title: 'Dead sessions',
          description: LOST,
          unit: 'short',
          none: 'No session has died',
          queries: [
            {
              expr: events('upstream, reason', ofUpstream('mcp_session_dead_detected_total')),
              legend: '{{upstream}} {{reason}}',
            },
          ],
        }),
        heat({
          title: 'Age at the end',
          description: 'How old sessions became. Many very young ones: clients that open a session for each call.',
          unit: 's',
          none: 'No session has ended',
          queries: [{ expr: sum('le', `increase(${ofUpstream(`${ENDED}_bucket`)}[$__rate_interval])`) }],
        }),
        bars({
          title: 'No room',
          description:
            'Sessions forgotten to make room, or never tracked for want of it: sessions.max is reached, or memory is short. Their traffic passes all the same.',
          unit: 'short',
          none: 'There was room for all',
          queries: [
            {
              expr: events('upstream, reason', ofUpstream('mcp_sessions_evicted_total')),
              legend: '{{upstream}} evicted: {{reason}}',
            },
            {
              expr: events('upstream', ofUpstream('mcp_sessions_untracked_total')),
              legend: '{{upstream}} untracked',
            },
          ],
        }),
      ],
    },
    {
      title: 'Streams and messages',
      panels: [
        stacked({
          title: 'Open streams',
          description:
            'get: of a session. call: of one request. subscription: of 2026-07-28. passthrough: of 2024-11-05.',
          unit: 'short',
          none: 'No stream was opened',
          queries: [{ expr: sum('upstream, kind', ofUpstream('mcp_streams_active')), legend: '{{upstream}} {{kind}}' }],
        }),
        lines({
          title: 'Events of ended streams',
          description:
            'Events with data, and comments that kept streams alive, per second. They are counted when their stream ends.',
          unit: 'ops',
          none: 'No stream has ended',
          queries: [
            { expr: sumRate('', ofUpstream('mcp_stream_events_total')), legend: 'events' },
            { expr: sumRate('', ofUpstream('mcp_stream_keep_alives_total')), legend: 'keep-alives' },
          ],
        }),
        lines({
          title: 'Length of streams',
          description: 'From the response head until the end.',
          unit: 's',
          none: 'No stream has ended',
          queries: [0.5, 0.95].map((q) => ({
            expr: quantile(q, '', ofUpstream('mcp_exchange_phase_duration_seconds_bucket', 'phase="stream"')),
            legend: `p${q * 100}`,
          })),
        }),
        stacked({
          title: 'Messages',
          description: 'JSON-RPC messages read, per second, by the side that sent them.',
          unit: 'ops',
          queries: [
            { expr: sumRate('direction, kind', ofUpstream('mcp_messages_total')), legend: '{{direction}} {{kind}}' },
          ],
        }),
        stacked({
          title: 'What upstreams ask of clients',
          description: 'Sampling, elicitation, roots and ping, per second, with how it ended.',
          unit: 'ops',
          none: 'Nothing was asked',
          queries: [
            {
              expr: sumRate('mcp_method_name, outcome', ofUpstream('mcp_client_operation_duration_seconds_count')),
              legend: '{{mcp_method_name}} {{outcome}}',
            },
          ],
        }),
        bars({
          title: 'Clients that fell back',
          description:
            'Clients that asked a legacy upstream in revision 2026-07-28, were told so, and began anew with initialize. Each costs a round trip.',
          unit: 'short',
          none: 'No client fell back',
          queries: [{ expr: events('upstream', ofUpstream('mcp_fallback_probes_total')), legend: '{{upstream}}' }],
        }),
      ],
    },
  ],
}
