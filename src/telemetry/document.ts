/** Turns the catalogue into docs/metrics.md. */
import type { InstrumentDef } from './definition.ts'
import { Instruments } from './instruments.ts'
import { prometheusLabel, prometheusName } from './prometheus-names.ts'
import { SeriesStore } from './series.ts'

const INTRODUCTION = `# Metrics

Generated from \`src/telemetry/instruments.ts\` by \`node .ci/generate-docs.ts\`; do not edit.

The admin listener serves them at \`/metrics\`: Prometheus text 0.0.4, OpenMetrics 1.0 when \`Accept\` prefers
\`application/openmetrics-text\`, JSON for \`application/json\`; compressed when gzip is accepted.

Every instrument has a cap on its series, \`_other\` included. Once it is reached, further label values are counted
in the series whose labels all read \`_other\`, and \`sidelight_metrics_overflow_total\` says how often. No label ever carries a
session id, a request id, a URI or an error message.
`

/** The whole page as Markdown. */
export function documentMetrics(): string {
  const store = new SeriesStore()
  new Instruments(store)
  const defs = [...store.instruments].map(({ def }) => def)
  const total = defs.reduce((sum, { cap }) => sum + cap, 0)
  const rows = defs.map(row)
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
