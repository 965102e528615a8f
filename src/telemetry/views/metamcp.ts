/** The view of MetaMCP: requests, tool executions and vector searches. */
import type { View } from './derivation.ts'
import { by, succeeded, toolCalls, toolOf, whole } from './labels.ts'

export const metamcp: View = {
  name: 'metamcp',
  about:
    'The names of MetaMCP. Vector searches are there once rules named `vector.searches` and `vector.search.duration` say what one is (see examples/vector-search.yaml). Of the labels of requests there is `method` alone.',
  families: [
    {
      def: {
        name: 'metamcp_requests_total',
        kind: 'counter',
        unit: '',
        help: 'Total number of requests.',
        labels: ['method'],
      },
      parts: by('mcp.requests', 'http.request.method'),
    },
    {
      def: {
        name: 'metamcp_request_duration_seconds',
        kind: 'histogram',
        unit: 's',
        help: 'Request duration in seconds.',
        labels: [],
      },
      parts: whole('mcp.exchange.duration'),
    },
    {
      def: {
        name: 'metamcp_tool_executions_total',
        kind: 'counter',
        unit: '',
        help: 'Total number of tool executions.',
        labels: ['tool_name', 'success'],
      },
      parts: toolCalls((of) => [toolOf(of), String(succeeded(of))]),
    },
    {
      def: {
        name: 'metamcp_tool_execution_duration_seconds',
        kind: 'histogram',
        unit: 's',
        help: 'Tool execution duration in seconds.',
        labels: ['tool_name'],
      },
      parts: toolCalls((of) => [toolOf(of)]),
    },
    {
      def: {
        name: 'metamcp_vector_searches_total',
        kind: 'counter',
        unit: '',
        help: 'Total number of vector searches.',
        labels: [],
      },
      parts: whole('vector.searches'),
    },
    {
      def: {
        name: 'metamcp_vector_search_duration_seconds',
        kind: 'histogram',
        unit: 's',
        help: 'Vector search duration in seconds.',
        labels: [],
      },
      parts: whole('vector.search.duration'),
    },
  ],
}
