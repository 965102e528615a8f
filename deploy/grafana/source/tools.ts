/** Tools: which one is slow or fails, where its time goes, and what its results cost. */
import { type Board, linkTo } from './board.ts'
import { bars, figure, filledIn, heat, lines, stacked } from './panels.ts'
import { events, mean, OPERATIONS, ofTool, ofUpstream, quantile, share, sum, sumRate } from './promql.ts'
import { rows } from './tables.ts'

const CALLS = 'mcp_method_name="tools/call"'
const RANGE = '[$__range]'
const BY = 'upstream, gen_ai_tool_name'
const LEGEND = '{{gen_ai_tool_name}} ({{upstream}})'
const PHASES = 'mcp_exchange_phase_duration_seconds'

const calls = (...matchers: readonly string[]): string => ofTool(`${OPERATIONS}_count`, CALLS, ...matchers)
const latency = (q: number, by: string, window?: string): string =>
  quantile(q, by, ofTool(`${OPERATIONS}_bucket`, CALLS), window)
const toolErrors = (by: string, window?: string): string => share(by, calls('outcome="tool_error"'), calls(), window)
const otherErrors = (by: string, window?: string): string =>
  share(by, calls('outcome!~"ok|tool_error"'), calls(), window)
const phase = (name: string): string => ofUpstream(`${PHASES}_bucket`, `phase="${name}"`)

export const tools: Board = {
  name: 'tools',
  title: 'Tools',
  description: 'Every tool: its rate, errors, latency, where the time goes, and the size of its results.',
  variables: ['instance', 'upstream', 'tool'],
  sections: [
    {
      title: 'Now',
      panels: [
        figure({
          title: 'Calls',
          description: 'Tool calls that ended, per second.',
          unit: 'reqps',
          queries: [{ expr: sumRate('', calls()) }],
        }),
        figure({
          title: 'Tool errors',
          description:
            'Share of calls whose tool reported a failure (isError). The model sees these, and may try again.',
          unit: 'percentunit',
          limits: [0.05, 0.1],
          queries: [{ expr: toolErrors('') }],
        }),
        figure({
          title: 'Other errors',
          description:
            'Share of calls that ended in any other way than well: errors of JSON-RPC or HTTP, time-outs, broken connections.',
          unit: 'percentunit',
          limits: [0.01, 0.05],
          queries: [{ expr: otherErrors('') }],
        }),
        figure({
          title: 'Latency, p95',
          description: '95 of 100 calls were answered faster.',
          unit: 's',
          limits: [1, 2],
          queries: [{ expr: latency(0.95, '') }],
        }),
        figure({
          title: 'Mean result',
          description: 'Mean size of a result: what a call costs of an agent’s context.',
          unit: 'bytes',
          queries: [{ expr: mean('', 'mcp_tool_result_size_bytes', ofTool) }],
        }),
        figure({
          title: 'Tools listed',
          description: 'Tools that the upstreams have listed, as the gateways saw it.',
          unit: 'short',
          none: 'no list seen yet',
          queries: [{ expr: sum('', `max by (upstream) (${ofUpstream('mcp_tools_listed')})`) }],
        }),
      ],
    },
    {
      title: 'By tool',
      panels: [
        rows({
          title: 'Tools',
          description: 'All figures are of the chosen time. A click on a name leaves that tool alone on the page.',
          sortBy: 'p95',
          labels: [
            {
              label: 'gen_ai_tool_name',
              title: 'Tool',
              link: {
                title: 'This tool alone',
                url: linkTo('tools', `&${filledIn('upstream:queryparam')}&var-tool=${filledIn('__value.raw')}`),
              },
            },
            { label: 'upstream', title: 'Upstream' },
          ],
          columns: [
            { title: 'Calls', unit: 'reqps', expr: sumRate(BY, calls(), RANGE) },
            { title: 'Tool errors', unit: 'percentunit', limits: [0.05, 0.1], expr: toolErrors(BY, RANGE) },
            { title: 'Other errors', unit: 'percentunit', limits: [0.01, 0.05], expr: otherErrors(BY, RANGE) },
            { title: 'p50', unit: 's', expr: latency(0.5, BY, RANGE) },
            { title: 'p95', unit: 's', limits: [1, 2], expr: latency(0.95, BY, RANGE) },
            { title: 'Mean result', unit: 'bytes', expr: mean(BY, 'mcp_tool_result_size_bytes', ofTool, RANGE) },
          ],
        }),
        stacked({
          title: 'Calls',
          description: 'Calls that ended, per second.',
          unit: 'reqps',
          queries: [{ expr: sumRate(BY, calls()), legend: LEGEND }],
        }),
        stacked({
          title: 'Errors by outcome',
          description:
            'Calls that did not end well, per second, with what went wrong: a code of JSON-RPC, a status, or an error of the gateway (docs/errors.md).',
          unit: 'reqps',
          none: 'Every call ended well',
          queries: [
            { expr: sumRate('outcome, error_type', calls('outcome!="ok"')), legend: '{{outcome}} {{error_type}}' },
          ],
        }),
        heat({
          title: 'Latency of calls',
          description: 'How many calls took how long. A point is one call that was traced: a click leads to its trace.',
          unit: 's',
          queries: [
            {
              expr: sum('le', `increase(${ofTool(`${OPERATIONS}_bucket`, CALLS)}[$__rate_interval])`),
              exemplars: true,
            },
          ],
        }),
        lines({
          title: 'Latency, p95',
          description: 'By tool. 95 of 100 calls were answered faster.',
          unit: 's',
          limits: [1, 2],
          queries: [{ expr: latency(0.95, BY), legend: LEGEND, exemplars: true }],
        }),
      ],
    },
    {
      title: 'Where the time goes (all exchanges of the upstream)',
      panels: [
        stacked({
          title: 'Mean time until the upstream answers',
          description:
            'Reading the request, interceptors, waiting for a permit (pool_wait), connecting, and waiting for the response head. ' +
            'Parts that an exchange did not reach count as nothing. Upstreams that answer with event streams send their head at once: see beside.',
          unit: 's',
          queries: [
            {
              expr:
                `${sumRate('phase', ofUpstream(`${PHASES}_sum`, 'phase!~"first_event|stream"'))} / on () group_left () ` +
                sumRate('', ofUpstream('mcp_exchange_duration_seconds_count')),
              legend: '{{phase}}',
            },
          ],
        }),
        lines({
          title: 'Time until the first event',
          description:
            'Of exchanges that are answered with an event stream: from the request until the first event with data.',
          unit: 's',
          none: 'No answer came as an event stream',
          queries: [
            { expr: quantile(0.5, '', phase('first_event')), legend: 'p50' },
            { expr: quantile(0.95, '', phase('first_event')), legend: 'p95' },
          ],
        }),
        bars({
          title: 'Slow operations',
          description:
            'Operations above the threshold of log.slow, by method. Each is a line in the log, with its correlation id.',
          unit: 'short',
          none: 'Nothing was slow',
          queries: [
            {
              expr: events('upstream, mcp_method_name', ofUpstream('mcp_slow_operations_total')),
              legend: '{{mcp_method_name}} ({{upstream}})',
            },
          ],
        }),
        lines({
          title: 'What upstreams ask of clients, p95',
          description:
            'Sampling, elicitation and roots, asked by a server during a call: time until the client answered. It is part of the call’s time.',
          unit: 's',
          none: 'Nothing was asked',
          queries: [
            {
              expr: quantile(0.95, 'mcp_method_name', ofUpstream('mcp_client_operation_duration_seconds_bucket')),
              legend: '{{mcp_method_name}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'What it costs of a context',
      panels: [
        lines({
          title: 'Result size, p95',
          description: 'By tool. A result goes into the context of the agent that asked.',
          unit: 'bytes',
          queries: [{ expr: quantile(0.95, BY, ofTool('mcp_tool_result_size_bytes_bucket')), legend: LEGEND }],
        }),
        stacked({
          title: 'Results',
          description: 'Bytes of results per second: which tool fills the contexts.',
          unit: 'Bps',
          queries: [{ expr: sumRate(BY, ofTool('mcp_tool_result_size_bytes_sum')), legend: LEGEND }],
        }),
        lines({
          title: 'Mean size of a page of tools/list',
          description:
            'What every conversation pays before its first call. Long descriptions and many tools make it large.',
          unit: 'bytes',
          queries: [{ expr: mean('upstream', 'mcp_tools_list_size_bytes', ofUpstream), legend: '{{upstream}}' }],
        }),
        bars({
          title: 'Changed definitions',
          description:
            'Tools that were listed with another definition than before: a release, or something to look into.',
          unit: 'short',
          none: 'No definition has changed',
          queries: [{ expr: events(BY, ofTool('mcp_tool_definition_changes_total')), legend: LEGEND }],
        }),
        lines({
          title: 'Prompts, p95',
          description: 'Time until a prompt was given, by its name.',
          unit: 's',
          none: 'No prompt was asked for',
          queries: [
            {
              expr: quantile(
                0.95,
                'upstream, gen_ai_prompt_name',
                ofUpstream(`${OPERATIONS}_bucket`, 'gen_ai_prompt_name!=""'),
              ),
              legend: '{{gen_ai_prompt_name}} ({{upstream}})',
            },
          ],
        }),
        lines({
          title: 'Resources, p95',
          description: 'Time until a resource was read or a template listed.',
          unit: 's',
          none: 'No resource was asked for',
          queries: [
            {
              expr: quantile(
                0.95,
                'upstream, mcp_method_name',
                ofUpstream(`${OPERATIONS}_bucket`, 'mcp_method_name=~"resources/.+"'),
              ),
              legend: '{{mcp_method_name}} ({{upstream}})',
            },
          ],
        }),
      ],
    },
  ],
}
