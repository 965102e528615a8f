/** Turns the catalogue into docs/metrics.md. */
import type { InstrumentDef } from './definition.ts'
import type { FamilyDef } from './family.ts'
import { Instruments } from './instruments.ts'
import { familyName, prometheusLabel, prometheusName } from './prometheus-names.ts'
import { SeriesStore } from './series.ts'
import type { View } from './views/derivation.ts'
import { VIEWS } from './views/views.ts'

const INTRODUCTION = `# Metrics

Generated from \`src/telemetry/instruments.ts\` by \`node .ci/generate-docs.ts\`; do not edit.

The admin listener serves them at \`/metrics\`: Prometheus text 0.0.4, OpenMetrics 1.0 when \`Accept\` prefers
\`application/openmetrics-text\`, JSON for \`application/json\`; compressed when gzip is accepted.

Every instrument has a cap on its series, \`_other\` included. Once it is reached, further label values are counted
in the series whose labels all read \`_other\`, and \`sidelight_metrics_overflow_total\` says how often. No label ever carries a
session id, a request id, a URI or an error message.
`

const VIEWS_INTRODUCTION = `## Views

For dashboards and alerts that exist already, the same series can be had under the names of other systems:
\`/metrics?view=NAME\` is a page of that view alone (\`view\` may stand several times), and \`telemetry.metrics.views\` puts views onto
the main page, where a metric of a view takes the place of one of ours with the same name. Of two views with a metric of
the same name, the first counts. Views add up what we part by upstream and more, so that their buckets are the bounds stated
here, or ours. A call is a success when its outcome is \`ok\`.
`

/** The whole page as Markdown. */
export function documentMetrics(): string {
  const store = new SeriesStore()
  new Instruments(store)
  const defs = [...store.instruments].map(({ def }) => def)
  const total = defs.reduce((sum, { cap }) => sum + cap, 0)
  const rows = defs.map(row)
  const known = new Set(defs.map(({ name }) => name))
  return [
    INTRODUCTION,
    `${defs.length} instruments, at most ${total.toLocaleString('en')} series in all.`,
    '',
    '| Prometheus | OpenTelemetry | kind | unit | labels | series | meaning |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    '## Buckets',
    '',
    'Upper bounds, in the unit of the metric.',
    '',
    ...defs.flatMap((def) => (def.kind === 'histogram' ? [bucketLine(def)] : [])),
    '',
    VIEWS_INTRODUCTION,
    ...Object.values(VIEWS).flatMap((view) => viewSection(view, known)),
  ].join('\n')
}

function row(def: InstrumentDef): string {
  const labels = def.labels.map((label) => `\`${prometheusLabel(label)}\``).join(', ') || '–'
  const cells = [
    `\`${prometheusName(def).sample}\``,
    `\`${def.name}\``,
    def.kind,
    def.unit === '' ? '–' : `\`${def.unit}\``,
    labels,
    String(def.cap),
    def.help,
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

const bucketLine = (def: InstrumentDef & { readonly kind: 'histogram' }): string =>
  `- \`${prometheusName(def).sample}\`: ${def.buckets.join(', ')}`

function viewSection({ name, about, families }: View, known: ReadonlySet<string>): string[] {
  const rows = families.flatMap(({ def, parts, take }) => {
    // What an instrument of a rule or of a later release would show is said in the text, if at all.
    if (parts.some(({ source }) => !known.has(source))) return []
    const bounds = def.kind === 'histogram' && def.buckets ? `; buckets ${def.buckets.join(', ')}` : ''
    const labels = def.labels.map((label) => `\`${prometheusLabel(label)}\``).join(', ') || '–'
    const sources = parts.map(({ source }) => `\`${source}\`${take === 'sum' ? ', sum' : ''}`).join(', ')
    const shown = familyName({ ...def, cap: 0 } as FamilyDef).sample
    return [`| \`${shown}\` | ${def.kind} | ${labels} | ${sources} | ${def.help.replace(/\.$/, '')}${bounds}. |`]
  })
  return [
    `### \`${name}\``,
    '',
    about,
    '',
    '| Prometheus | kind | labels | from | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ]
}
