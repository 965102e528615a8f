/** Turns samples into markdown: medians, the ratio to the floor of the same turn, and how far turns differ. */
import type { Figures, Plan, Sample } from './measure.ts'
import type { StartSample } from './start-up.ts'
import { FLOOR } from './variants.ts'

const MEGABYTE = 1024 * 1024

type Column = readonly [title: string, pick: (figures: Figures) => number, digits: number]

const COLUMNS: readonly Column[] = [
  ['proxy, cores', (f) => f.proxyCores, 2],
  ['requests/s', (f) => f.perSecond, 0],
  ['p50 ms', (f) => f.p50, 2],
  ['p99 ms', (f) => f.p99, 2],
  ['reads/answer', (f) => f.reads, 1],
  ['RSS MB', (f) => f.rss / MEGABYTE, 0],
  ['others, cores', (f) => f.otherCores, 2],
]
const HEADER = ['variant', 'CPU µs/request', '× floor (quartiles)', ...COLUMNS.map(([title]) => title)]

/** Above this share of a core taken by others, ratios were seen to move by tens of per cent. */
const QUIET_CORES = 0.15

export function forwardReport(plan: Plan, samples: readonly Sample[]): string {
  const tables = plan.workloads.map(({ name, title }) => {
    const ofWorkload = samples.filter((sample) => sample.workload === name)
    const rows = plan.variants.map((variant) => row(variant.name, ofWorkload))
    return `### ${title}\n\n${table(HEADER, rows)}`
  })
  return [...tables, verdict(samples)].join('\n\n')
}

export function startReport(samples: readonly StartSample[]): string {
  const range = (values: readonly number[]): string =>
    `${figure(Math.min(...values), 0)}–${figure(Math.max(...values), 0)}`
  const line = (name: string, values: readonly number[]): string[] => [name, figure(median(values), 0), range(values)]
  const rows = [
    line(
      'ready, ms',
      samples.map((s) => s.readyMs),
    ),
    line(
      'idle RSS, MB',
      samples.map((s) => s.idleRss / MEGABYTE),
    ),
  ]
  return `### Start of sidelight, ${samples.length} times\n\n${table(['figure', 'median', 'min–max'], rows)}`
}

function verdict(samples: readonly Sample[]): string {
  const busy = samples.filter((sample) => sample.otherCores > QUIET_CORES).length
  const share = `Other processes took more than ${QUIET_CORES} cores in ${busy} of ${samples.length} turns`
  return busy > samples.length / 10 ? `**Not to be quoted: ${share}.**` : `${share}.`
}

function row(variant: string, samples: readonly Sample[]): string[] {
  const own = samples.filter((sample) => sample.variant === variant)
  const cells = COLUMNS.map(([, pick, digits]) => figure(median(own.map(pick)), digits))
  return [variant, figure(median(own.map((s) => s.cpuPerRequest)), 1), ratio(own, samples), ...cells]
}

function ratio(own: readonly Sample[], all: readonly Sample[]): string {
  const floors = new Map(all.filter((s) => s.variant === FLOOR).map((s) => [s.turn, s.cpuPerRequest]))
  const ratios = own.map((s) => s.cpuPerRequest / (floors.get(s.turn) ?? Number.NaN))
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => figure(quantile(ratios, share), 2))
  return middle === '–' ? '–' : `${middle} (${low}–${high})`
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Interpolates between neighbours; no values give not a number. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const low = sorted[Math.floor(place)] ?? Number.NaN
  const high = sorted[Math.ceil(place)] ?? Number.NaN
  return low + (high - low) * (place - Math.floor(place))
}

function figure(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '–'
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = header.map((_, column) => (column === 0 ? '---' : '---:'))
  return [header, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
