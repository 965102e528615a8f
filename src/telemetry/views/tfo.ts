/** The view of the TFO-MCP observability standard: sessions, tools and messages. */
import type { View } from './derivation.ts'
import { OPERATIONS, succeeded, toolCalls, toolOf, whole } from './labels.ts'

const status = (of: Parameters<typeof succeeded>[0]): string => (succeeded(of) ? 'success' : 'error')

export const tfo: View = {
  name: 'tfo',
  about:
    'The names of the TFO-MCP observability standard. Its `claude_*` metrics are not among them: no such call passes the gateway.',
  families: [
    {
      def: {
        name: 'mcp_sessions_active',
        kind: 'gauge',
        unit: '',
        help: 'Number of active MCP sessions.',
        labels: [],
      },
      parts: whole('mcp.sessions.active'),
    },
    {
      def: {
        name: 'mcp_sessions_total',
        // In OpenMetrics a counter "mcp_sessions" has a right to "mcp_sessions_created", which is another family.
        exactName: 'mcp_sessions_total',
        kind: 'counter',
        unit: '',
        help: 'Total number of MCP sessions created.',
        labels: [],
      },
      parts: whole('mcp.sessions.created'),
    },
    {
      def: {
        name: 'mcp_session_duration_seconds',
        kind: 'histogram',
        unit: 's',
        help: 'Duration of MCP sessions.',
        labels: [],
        buckets: [1, 5, 10, 30, 60, 300, 600, 1800, 3600],
      },
      parts: whole('mcp.server.session.duration'),
    },
    {
      def: {
        name: 'mcp_tool_calls_total',
        kind: 'counter',
        unit: '',
        help: 'Total number of tool calls.',
        labels: ['tool_name', 'status'],
      },
      parts: toolCalls((of) => [toolOf(of), status(of)]),
    },
    {
      def: {
        name: 'mcp_tool_call_duration_seconds',
        kind: 'histogram',
        unit: 's',
        help: 'Duration of tool calls.',
        labels: ['tool_name'],
        buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30],
      },
      parts: toolCalls((of) => [toolOf(of)]),
    },
    {
      def: {
        name: 'mcp_messages_total',
        kind: 'counter',
        unit: '',
        help: 'Total MCP requests and notifications of downstreams, by how they ended.',
        labels: ['method', 'status'],
      },
      parts: [{ source: OPERATIONS, labels: (of) => [of('mcp.method.name'), status(of)] }],
    },
    {
      def: {
        name: 'mcp_message_size_bytes',
        kind: 'histogram',
        unit: 'By',
        help: 'Size of request and response bodies.',
        labels: ['direction'],
      },
      parts: [
        { source: 'mcp.request.size', labels: () => ['request'] },
        { source: 'mcp.response.size', labels: () => ['response'] },
      ],
    },
  ],
}
