/** Measures what one recording takes on a bound series, and one look-up; the loop around it counts, so it is at most. */
import { Instruments } from '../../../src/telemetry/instruments.ts'
import { SeriesStore } from '../../../src/telemetry/series.ts'
import { median, type RecordingCosts } from './report.ts'

const ROUNDS = 9
const TIMES = 1_000_000
const OUTCOMES = ['ok', 'tool_error', 'timeout'] as const
const METHODS = ['GET', 'POST', 'DELETE'] as const

export function recordingCosts(): RecordingCosts {
  const { requests, exchangeDuration } = new Instruments(new SeriesStore())
  const counters = METHODS.map((method) => requests.bind(['one', method, 'ok']))
  const histograms = OUTCOMES.map((outcome) => exchangeDuration.bind(['one', outcome]))
  // Spread over the buckets like latencies, mostly small.
  const values = Float64Array.from({ length: 1024 }, () => 0.001 * 10 ** (Math.random() * 3))
  let sum = 0
  const subjects: readonly ((i: number) => void)[] = [
    (i) => counters[i % 3]!.add(values[i & 1023]!),
    (i) => histograms[i % 3]!.record(values[i & 1023]!),
    (i) => {
      sum += requests.bind(['one', METHODS[i % 3]!, OUTCOMES[0]]).value
    },
  ]
  const taken: number[][] = subjects.map(() => [])
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [which, subject] of subjects.entries()) {
      const began = performance.now()
      for (let i = 0; i < TIMES; i++) subject(i)
      // The first round warms up.
      if (round > 0) taken[which]!.push(((performance.now() - began) * 1e6) / TIMES)
    }
  }
  if (!Number.isFinite(sum)) throw new Error('the sum must be used')
  const [add = 0, record = 0, bind = 0] = taken.map(median)
  return { add, record, bind }
}
