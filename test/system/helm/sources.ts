/** The dashboards and rules that the chart brings, as its files have them; a test of npm alone holds those up to date. */
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parse } from 'yaml'
import { CHART } from './helm.ts'

const files = (pattern: string): string[] => globSync(`${CHART}/files/${pattern}`).sort()
const read = (path: string): string => readFileSync(path, 'utf8')

export function dashboards(): { readonly name: string; readonly text: string }[] {
  return files('dashboards/*.json').map((path) => ({ name: basename(path), text: read(path) }))
}

/** As Prometheus takes them, in the order of their files. */
export function groups(): unknown[] {
  return files('prometheus/*.yml').flatMap((path) => (parse(read(path)) as { groups: unknown[] }).groups)
}
