/** Turns samples into markdown: CPU per request, and ratios to other steps with confidence intervals. */
import type { Sample } from '../forward/measure.ts'
import type { RecordingCounts } from './recordings.ts'
import type { Step } from './steps.ts'

const RESAMPLES = 2000
const CONFIDENCE = 0.95

/** By round, then turn: turns of one round share their processes and are not independent. */
type Ratios = readonly (readonly number[])[]

export function stepsReport(steps: readonly Step[], samples: readonly Sample[], turns: number): string {
  const [first] = steps
  const rows = steps.map(({ name, above, spans }) => {
    const cpu = samples.filter(({ variant }) => variant === name).map(({ cpuPerRequest }) => cpuPerRequest)
    const to = (other: string | undefined): string =>
      other === undefined ? '–' : interval(ratios(samples, name, other, turns))
    return [name, median(cpu).toFixed(1), to(above), above === undefined ? '–' : to(first?.name), lost(spans)]
  })
  const header = ['telemetry', 'CPU µs/request', '× the step above (95 %)', `× ${first?.name} (95 %)`, 'spans lost']
  return table(header, rows)
}

/** Where spans were lost for want of room, the row tells too little. */
function lost({ exported, dropped }: Step['spans']): string {
  const all = exported + dropped
  return all === 0 ? '–' : `${((dropped / all) * 100).toFixed(1)} %`
}

/** Nanoseconds of one recording, by its kind, as measured. */
export interface RecordingCosts {
  readonly add: number
  readonly record: number
  readonly bind: number
}

export function recordingsReport(counts: RecordingCounts, costs: RecordingCosts, cpu: number): string {
  const parts = [
    ['counter or gauge', counts.adds, costs.add],
    ['histogram', counts.records, costs.record],
    ['look-up of a series', counts.binds, costs.bind],
  ] as const
  const total = parts.reduce((sum, [, times, cost]) => sum + times * cost, 0) / 1000
  const rows = parts.map(([name, times, cost]) => [
    name,
    times.toFixed(1),
    cost.toFixed(1),
    ((times * cost) / 1000).toFixed(3),
  ])
  const share = `${total.toFixed(3)} (${((total / cpu) * 100).toFixed(2)} % of ${cpu.toFixed(1)})`
  return table(['recording', 'for each exchange', 'ns', 'µs for each exchange'], [...rows, ['all', '', '', share]])
}

function ratios(samples: readonly Sample[], name: string, other: string, turns: number): Ratios {
  const below = new Map(samples.filter((s) => s.variant === other).map((s) => [s.turn, s.cpuPerRequest]))
  const rounds: number[][] = []
  for (const { variant, turn, cpuPerRequest } of samples) {
    if (variant !== name) continue
    const round = Math.floor(turn / turns)
    rounds[round] ??= []
    rounds[round].push(cpuPerRequest / (below.get(turn) ?? Number.NaN))
  }
  return rounds
}

/** The median, and the interval of the medians of rounds and turns drawn again and again. */
function interval(all: Ratios): string {
  const medians = Array.from({ length: RESAMPLES }, () => median(drawn(all).flatMap(drawn))).toSorted((a, b) => a - b)
  const at = (share: number): string => (medians[Math.round(share * (RESAMPLES - 1))] ?? Number.NaN).toFixed(3)
  return `${median(all.flat()).toFixed(3)} (${at((1 - CONFIDENCE) / 2)}–${at((1 + CONFIDENCE) / 2)})`
}

function drawn<T>(from: readonly T[]): T[] {
  return from.map(() => from[Math.floor(Math.random() * from.length)]!)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const high = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? high : (high + (sorted[middle - 1] ?? Number.NaN)) / 2
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = header.map((_, column) => (column === 0 ? '---' : '---:'))
  return [header, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
