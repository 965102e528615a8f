/** Tables: one row for each combination of labels, one column for each query. */
import * as common from '@grafana/grafana-foundation-sdk/common'
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard'
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus'
import * as table from '@grafana/grafana-foundation-sdk/table'
import { refId, SOURCE } from './panels.ts'

export interface Column {
  readonly title: string
  readonly unit: string
  readonly expr: string
  /** From which value on it is yellow, and red. */
  readonly limits?: readonly [warning: number, critical: number]
}

/** A label that is a column, and where a click on it leads. */
export interface Label {
  readonly label: string
  readonly title: string
  readonly link?: { readonly title: string; readonly url: string }
}

export interface TableLook {
  readonly title: string
  readonly description: string
  readonly labels: readonly Label[]
  readonly columns: readonly Column[]
  /** The title of a column, largest first. */
  readonly sortBy: string
  readonly width?: number
  readonly none?: string
}

export function rows(look: TableLook): table.PanelBuilder {
  const { title, description, labels, columns, sortBy, width = 24, none } = look
  const panel = new table.PanelBuilder()
    .title(title)
    .description(description)
    .datasource(SOURCE)
    .height(9)
    .span(width)
    .targets(columns.map(({ expr }, index) => query(expr, index)))
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({ id: 'organize', options: organized(labels, columns) })
    .sortBy([new common.TableSortByFieldStateBuilder().displayName(sortBy).desc(true)])
  if (none !== undefined) panel.noValue(none)
  for (const { title: name, unit, limits } of columns) {
    const properties: dashboard.DynamicConfigValue[] = [{ id: 'unit', value: unit }]
    if (limits !== undefined) properties.push(...coloured(limits))
    panel.overrideByName(name, properties)
  }
  for (const { title: name, link } of labels) {
    if (link !== undefined) panel.overrideByName(name, [{ id: 'links', value: [link] }])
  }
  return panel
}

function query(expr: string, index: number): prometheus.DataqueryBuilder {
  return new prometheus.DataqueryBuilder()
    .refId(refId(index))
    .datasource(SOURCE)
    .expr(expr)
    .instant()
    .format(prometheus.PromQueryFormat.Table)
}

/** Grafana calls the value of a sole query Value, and those of several Value #A, Value #B. */
function organized(labels: readonly Label[], columns: readonly Column[]): object {
  const named = columns.map(({ title }, index) => [columns.length === 1 ? 'Value' : `Value #${refId(index)}`, title])
  const all = [...labels.map(({ label, title }) => [label, title]), ...named]
  return {
    excludeByName: { Time: true },
    indexByName: Object.fromEntries(all.map(([name], index) => [name, index])),
    renameByName: Object.fromEntries(all),
  }
}

function coloured([warning, critical]: readonly [number, number]): dashboard.DynamicConfigValue[] {
  const steps = [
    { value: null, color: 'transparent' },
    { value: warning, color: 'yellow' },
    { value: critical, color: 'red' },
  ]
  return [
    { id: 'thresholds', value: { mode: dashboard.ThresholdsMode.Absolute, steps } },
    { id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } },
  ]
}
