/** The dashboards of deploy/grafana, read from their files: what they ask, and how they fill in their variables. */
import { globSync, readFileSync } from 'node:fs'
import { ROOT } from './rules.ts'

export interface Target {
  readonly refId: string
  readonly expr: string
  readonly instant?: boolean
  readonly exemplar?: boolean
  readonly legendFormat?: string
  readonly datasource: { readonly uid: string }
}

export interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly datasource?: { readonly uid: string }
  readonly targets?: readonly Target[]
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string; readonly noValue?: string } }
  readonly transformations?: readonly { readonly id: string; readonly options: Readonly<Record<string, object>> }[]
}

export interface Variable {
  readonly name: string
  readonly type: string
  readonly definition?: string
  readonly allValue?: string
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly tags: readonly string[]
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly Variable[] }
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] }
}

export interface DashboardFile {
  readonly file: string
  readonly text: string
  readonly dashboard: Dashboard
}

export function dashboardFiles(): DashboardFile[] {
  return globSync('deploy/grafana/dashboards/*.json', { cwd: ROOT })
    .sort()
    .map((file) => {
      const text = readFileSync(`${ROOT}${file}`, 'utf8')
      return { file, text, dashboard: JSON.parse(text) as Dashboard }
    })
}

/** `label_values(SELECTOR, LABEL)`, the only query of variables that is used. */
export function labelValues(definition: string): { readonly selector: string; readonly label: string } {
  const [, selector, label] = /^label_values\((.+), (\w+)\)$/.exec(definition) ?? []
  if (selector === undefined || label === undefined) throw new Error(`not label_values: ${definition}`)
  return { selector, label }
}

/** Throws at a variable that has no value. */
export function filledIn(expr: string, values: Readonly<Record<string, string>>): string {
  return expr.replaceAll(/\$(\w+)/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`nothing to fill in for $${name}`)
    return value
  })
}

/** All that can be chosen, as Grafana fills it in. */
export function everything({ templating }: Dashboard): Record<string, string> {
  return Object.fromEntries(templating.list.flatMap(({ name, allValue }) => (allValue ? [[name, allValue]] : [])))
}
