/** Writes the documents, dashboards and parts of the chart that are generated from the source. A test fails when one of them is stale. */
import { writeFileSync } from 'node:fs'
import { dashboards } from '../deploy/grafana/source/dashboards.ts'
import { configurationDocument } from '../src/config/document.ts'
import { documentErrors } from '../src/document-errors.ts'
import { documentMetrics } from '../src/telemetry/document.ts'
import { documentLogs } from '../src/telemetry/document-logs.ts'
import { chartDocuments, prepareChart } from './generate-chart.ts'

/** Path from the root of the repository, and what the file must hold. */
export const documents: readonly (readonly [path: string, text: () => string])[] = [
  ['docs/configuration.md', configurationDocument],
  ['docs/errors.md', documentErrors],
  ['docs/logs.md', documentLogs],
  ['docs/metrics.md', documentMetrics],
  ...dashboards,
  ...chartDocuments,
]

if (import.meta.main) {
  prepareChart()
  for (const [path, text] of documents) writeFileSync(new URL(`../${path}`, import.meta.url), text())
}
