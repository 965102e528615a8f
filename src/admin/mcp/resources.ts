/** The resources of the gateway's own MCP server: what each metric means, and the health report. */
import { documentMetrics } from '../../telemetry/document.ts'
import type { Sources } from './sources.ts'

export interface Resource {
  readonly definition: {
    readonly uri: string
    readonly name: string
    readonly title: string
    readonly description: string
    readonly mimeType: string
  }
  readonly read: () => string
}

export function resources({ health }: Sources): Resource[] {
  let catalogue: string | undefined
  return [
    {
      definition: {
        uri: 'sidelight://metrics',
        name: 'metrics',
        title: 'Metrics catalogue',
        description: 'Each metric of the gateway: its names in Prometheus and OpenTelemetry, unit, labels and meaning.',
        mimeType: 'text/markdown',
      },
      read: () => {
        catalogue ??= documentMetrics()
        return catalogue
      },
    },
    {
      definition: {
        uri: 'sidelight://health',
        name: 'health',
        title: 'Health report',
        description: 'What /health/ready answers: the status of the whole and of each component.',
        mimeType: 'application/json',
      },
      read: () => JSON.stringify(health.ready().report),
    },
  ]
}
