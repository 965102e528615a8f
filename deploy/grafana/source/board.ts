/** Puts panels onto a dashboard with the variables, links and marks that all of them share. */
import type * as cog from '@grafana/grafana-foundation-sdk/cog'
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard'
import { filledIn, SOURCE } from './panels.ts'
import { OPERATIONS } from './promql.ts'

const TAG = 'sidelight'

export type VariableName = 'instance' | 'upstream' | 'tool' | 'objective'

export interface Section {
  readonly title: string
  readonly panels: readonly cog.Builder<dashboard.Panel>[]
}

export interface Board {
  /** Its address in Grafana, which links between dashboards name; and its file's name. */
  readonly name: string
  readonly title: string
  readonly description: string
  /** Beside the data source and the namespace, in the order of the page. */
  readonly variables: readonly VariableName[]
  readonly sections: readonly Section[]
}

/** Where a dashboard is, with what is chosen and `more` of it. */
export const linkTo = (name: string, more = ''): string =>
  `/d/sidelight-${name}?${['__url_time_range', 'datasource:queryparam', 'namespace:queryparam'].map(filledIn).join('&')}${more}`

export function built({ name, title, description, variables, sections }: Board): dashboard.Dashboard {
  const board = new dashboard.DashboardBuilder(`Sidelight / ${title}`)
    .uid(`sidelight-${name}`)
    .description(description)
    .tags([TAG])
    .timezone('browser')
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .withVariable(new dashboard.DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(choice('namespace', 'Namespace', 'label_values(sidelight_build_info, namespace)'))
    .annotation(starts())
    .link(
      new dashboard.DashboardLinkBuilder('Sidelight')
        .type(dashboard.DashboardLinkType.Dashboards)
        .tags([TAG])
        .icon('external link')
        .asDropdown(false)
        .includeVars(true)
        .keepTime(true),
    )
  for (const variable of variables) board.withVariable(VARIABLES[variable])
  for (const section of sections) {
    board.withRow(new dashboard.RowBuilder(section.title))
    for (const panel of section.panels) board.withPanel(panel)
  }
  const made = board.build()
  made.panels?.forEach((panel, index) => {
    panel.id = index + 1
  })
  // The builder would put them into a menu.
  for (const shown of [...(made.links ?? []), ...(made.annotations.list ?? [])]) delete shown.placement
  return made
}

const inNamespace = (metric: string): string => `${metric}{namespace=~"$namespace"}`

const VARIABLES: Readonly<Record<VariableName, cog.Builder<dashboard.VariableModel>>> = {
  instance: choice('instance', 'Instance', `label_values(${inNamespace('sidelight_build_info')}, instance)`),
  // A series that each configured upstream has from the start.
  upstream: choice('upstream', 'Upstream', `label_values(${inNamespace('mcp_pool_pending')}, upstream)`),
  tool: choice(
    'tool',
    'Tool',
    `label_values(${OPERATIONS}_count{namespace=~"$namespace", upstream=~"$upstream", mcp_method_name="tools/call"}, gen_ai_tool_name)`,
    '.+',
  ),
  objective: choice('objective', 'Objective', 'label_values(sidelight:objective_budget:ratio, objective)'),
}

/** Anything, where nothing is chosen: also series without the label. */
function choice(name: string, label: string, query: string, all = '.*'): dashboard.QueryVariableBuilder {
  return new dashboard.QueryVariableBuilder(name)
    .label(label)
    .query({ qryType: 1, query, refId: 'PrometheusVariableQueryEditor-VariableQuery' })
    .definition(query)
    .datasource(SOURCE)
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(all)
    .current({ selected: true, text: ['All'], value: ['$__all'] })
}

function starts(): dashboard.AnnotationQueryBuilder {
  return new dashboard.AnnotationQueryBuilder()
    .name('Starts of gateways')
    .datasource(SOURCE)
    .enable(true)
    .iconColor('purple')
    .expr(`${inNamespace('sidelight_uptime_seconds')} < 60`)
    .step('60s')
    .titleFormat('{{instance}} started')
}
