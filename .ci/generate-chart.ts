/** What the Helm chart holds that has its source elsewhere: the schema of its values, rules, alerts and dashboards. */
import { globSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { dashboards } from '../deploy/grafana/source/dashboards.ts'
import { chartValuesSchema } from './generate-chart-values.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FILES = 'helm/sidelight/files'

type Document = readonly [path: string, text: () => string]

const rules = globSync('deploy/prometheus/{rules,alerts}/*.yml', { cwd: ROOT })
  .sort()
  .map((from): Document => {
    // Rules and alerts have files of the same names.
    const copy = `${FILES}/prometheus/${basename(dirname(from))}-${basename(from)}`
    return [copy, () => readFileSync(`${ROOT}${from}`, 'utf8')]
  })

/** Path from the root of the repository, and what the file must hold. Helm reads nothing outside of a chart's folder. */
export const chartDocuments: readonly Document[] = [
  ['helm/sidelight/values.schema.json', () => `${JSON.stringify(chartValuesSchema(), null, 2)}\n`],
  ...rules,
  ...dashboards.map(([from, text]): Document => [`${FILES}/dashboards/${basename(from)}`, text]),
]

/** Copies whose source is gone. */
export function strayCopies(): string[] {
  const known = new Set(chartDocuments.map(([path]) => path))
  return globSync(`${FILES}/**/*.*`, { cwd: ROOT }).filter((path) => !known.has(path))
}

/** Makes the folders, and removes stray copies. */
export function prepareChart(): void {
  for (const [path] of chartDocuments) mkdirSync(dirname(`${ROOT}${path}`), { recursive: true })
  for (const path of strayCopies()) rmSync(`${ROOT}${path}`)
}
