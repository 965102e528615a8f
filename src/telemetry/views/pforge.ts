/** The view of pforge's telemetry server: calls of tools. */
import type { View } from './derivation.ts'
import { succeeded, toolCalls, toolOf, whole } from './labels.ts'

const MICROSECONDS = 1e6

const perTool = { unit: '', kind: 'counter', labels: ['tool'] } as const

export const pforge: View = {
  name: 'pforge',
  about: "The names of pforge's telemetry server.",
  families: [
    {
      def: { ...perTool, name: 'pforge_requests_total', help: 'Total number of calls of the tool.' },
      parts: toolCalls((of) => [toolOf(of)]),
    },
    {
      def: {
        ...perTool,
        name: 'pforge_errors_total',
        help: 'Total number of calls of the tool that did not end well.',
      },
      parts: toolCalls((of) => (succeeded(of) ? undefined : [toolOf(of)])),
    },
    {
      def: {
        ...perTool,
        name: 'pforge_latency_microseconds_sum',
        exactName: 'pforge_latency_microseconds_sum',
        help: 'Sum of the times of calls of the tool, in microseconds.',
      },
      parts: toolCalls((of) => [toolOf(of)]),
      take: 'sum',
      scale: MICROSECONDS,
    },
    {
      def: {
        name: 'pforge_uptime_seconds',
        kind: 'gauge',
        unit: 's',
        help: 'Time since the process started.',
        labels: [],
      },
      parts: whole('sidelight.uptime'),
    },
  ],
}
