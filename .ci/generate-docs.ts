/** Writes the documents and dashboards that are generated from the source. A test fails when one of them is stale. */
import { writeFileSync } from 'node:fs'
import { dashboards } from '../deploy/grafana/source/dashboards.ts'
import { configurationDocument } from '../src/config/document.ts'
import { documentErrors } from '../src/document-errors.ts'
import { documentMetrics } from '../src/telemetry/document.ts'
import { documentLogs } from '../src/telemetry/document-logs.ts'

/** Path from the root of the repository, and what the file must hold. */
export const documents: readonly (readonly [path: string, text: () => string])[] = [
  ['docs/configuration.md', configurationDocument],
  ['docs/errors.md', documentErrors],
  ['docs/logs.md', documentLogs],
  ['docs/metrics.md', documentMetrics],
  ...dashboards,
]

if (import.meta.main) {
  for (const [path, text] of documents) writeFileSync(new URL(`../${path}`, import.meta.url), text())
}
