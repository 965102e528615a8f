/** The kinds of panels that the dashboards are made of, in one style. */
import type * as cog from '@grafana/grafana-foundation-sdk/cog'
import * as common from '@grafana/grafana-foundation-sdk/common'
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard'
import * as heatmap from '@grafana/grafana-foundation-sdk/heatmap'
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus'
import * as stat from '@grafana/grafana-foundation-sdk/stat'
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline'
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries'

export interface Query {
  readonly expr: string
  /** As Grafana writes it: `{{upstream}}`. */
  readonly legend?: string
  /** Shows the calls behind the figures, with a way to their traces. Only for histograms that record them. */
  readonly exemplars?: boolean
}

export interface Look {
  readonly title: string
  /** What it shows, and what to make of it. */
  readonly description: string
  readonly unit: string
  readonly queries: readonly Query[]
  /** Of 24 columns. */
  readonly width?: number
  /** What stands there while nothing of the kind has happened; says that this is no failure. */
  readonly none?: string
  /** From which value on it is yellow, and red. */
  readonly limits?: readonly [warning: number, critical: number]
}

/** A panel in the making. */
export type Panel = timeseries.PanelBuilder | stat.PanelBuilder | heatmap.PanelBuilder | statetimeline.PanelBuilder

/** What Grafana fills in: a variable, or a value of the row that was clicked. */
export const filledIn = (name: string): string => `$\{${name}}`

export const SOURCE: common.DataSourceRef = { type: 'prometheus', uid: filledIn('datasource') }

/** Letters for queries, as Grafana gives them. */
export const refId = (index: number): string => String.fromCharCode(65 + index)

export function target({ expr, legend = '', exemplars = false }: Query, index: number): prometheus.DataqueryBuilder {
  const query = new prometheus.DataqueryBuilder().refId(refId(index)).datasource(SOURCE).expr(expr).range()
  return query.legendFormat(legend).exemplar(exemplars)
}

/** What every kind has. */
function dressed<P extends Panel>(panel: P, { title, description, unit, queries, none, limits }: Look): P {
  panel.title(title).description(description).unit(unit).datasource(SOURCE).targets(queries.map(target))
  if (none !== undefined) panel.noValue(none)
  panel.thresholds(limits === undefined ? steps([null, 'green']) : colours(limits))
  return panel
}

const steps = (...each: readonly (readonly [value: number | null, color: string])[]) =>
  new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps(each.map(([value, color]) => ({ value, color })))

const colours = ([warning, critical]: readonly [number, number]): cog.Builder<dashboard.ThresholdsConfig> =>
  warning < critical
    ? steps([null, 'green'], [warning, 'yellow'], [critical, 'red'])
    : steps([null, 'green'], [critical, 'red'])

/** One figure, with its course behind it. */
export function figure({ width = 4, ...look }: Look): Panel {
  return dressed(new stat.PanelBuilder(), look)
    .height(4)
    .span(width)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .colorMode(look.limits ? common.BigValueColorMode.Value : common.BigValueColorMode.None)
    .graphMode(common.BigValueGraphMode.Area)
    .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.Thresholds))
}

/** Courses over time. Limits are drawn as lines. */
export function lines({ width = 12, ...look }: Look): timeseries.PanelBuilder {
  const legend = new common.VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(common.LegendDisplayMode.Table)
    .placement(common.LegendPlacement.Bottom)
    .calcs(['mean', 'max'])
  const tooltip = new common.VizTooltipOptionsBuilder()
    .mode(common.TooltipDisplayMode.Multi)
    .sort(common.SortOrder.Descending)
  const panel = dressed(new timeseries.PanelBuilder(), look)
    .height(9)
    .span(width)
    .min(0)
    .legend(legend)
    .tooltip(tooltip)
    .fillOpacity(8)
    .showPoints(common.VisibilityMode.Never)
    .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.PaletteClassicByName))
  if (look.limits === undefined) return panel
  return panel.thresholdsStyle(
    new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed),
  )
}

/** Courses that add up. */
export function stacked(look: Look): Panel {
  return lines(look)
    .fillOpacity(40)
    .lineWidth(0)
    .stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A'))
}

/** What happens now and then, counted. */
export function bars(look: Look): Panel {
  return lines(look)
    .drawStyle(common.GraphDrawStyle.Bars)
    .fillOpacity(80)
    .lineWidth(0)
    .interval('1m')
    .stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A'))
}

/** The spread of a histogram over time. The query groups by `le` alone. */
export function heat({ width = 12, ...look }: Look): Panel {
  const panel = dressed(new heatmap.PanelBuilder(), look)
    .height(9)
    .span(width)
    .calculate(false)
    .yAxis(new heatmap.YAxisConfigBuilder().unit(look.unit).axisPlacement(common.AxisPlacement.Left))
    .cellValues(new heatmap.CellValuesBuilder().unit('short'))
    .color(
      new heatmap.HeatmapColorOptionsBuilder()
        .mode(heatmap.HeatmapColorMode.Scheme)
        .scheme('Oranges')
        .fill('dark-orange')
        .exponent(0.5)
        .steps(64),
    )
    .filterValues(new heatmap.FilterValueRangeBuilder().le(1e-9))
  return panel.targets(
    look.queries.map((query, index) =>
      target({ ...query, legend: '{{le}}' }, index).format(prometheus.PromQueryFormat.Heatmap),
    ),
  )
}

/** What a value is called, and its colour. */
export type Words = Readonly<Record<string, readonly [text: string, color: string]>>

const UP: Words = { '0': ['down', 'red'], '1': ['up', 'green'] }

/** How things are, as bands of colour. */
export function bands({ width = 12, words = UP, ...look }: Look & { readonly words?: Words }): Panel {
  const options = Object.fromEntries(
    Object.entries(words).map(([value, [text, color]], index) => [value, { text, color, index }]),
  )
  return dressed(new statetimeline.PanelBuilder(), look)
    .height(9)
    .span(width)
    .mappings([{ type: dashboard.MappingType.ValueToText, options }])
    .showValue(common.VisibilityMode.Auto)
    .mergeValues(true)
    .legend(new common.VizLegendOptionsBuilder().showLegend(false).calcs([]))
}
