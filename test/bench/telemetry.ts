/**
 * Measures what telemetry costs an exchange: CPU per request of the real program, with more telemetry at each step.
 *
 *     npm run build && node test/bench/telemetry.ts [--rounds 5] [--turns 8] [--seconds 0.5] [--warm-up 5]
 *       [--connections 32] [--dist dist]
 *
 * As test/bench/forward.ts does it: fresh processes in every round, short turns in alternating order, CPU as the
 * kernel counts it; a ratio compares turns next to each other. Metrics cannot be switched off by configuration, so
 * the first step is the program with its recordings replaced by nothing: it still inspects messages, takes time stamps
 * and looks up series. The collector is a process of its own. The second table is the other way to the cost of
 * metrics: recordings for each exchange, as counted, times what one takes. Linux only; takes about five minutes.
 */
import { existsSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Children, reply } from './forward/children.ts'
import { measure, type Plan } from './forward/measure.ts'
import { START_LIMIT_MS } from './forward/variants.ts'
import { WORKLOADS } from './forward/workloads.ts'
import { recordingCosts } from './telemetry/recording-costs.ts'
import { median, recordingsReport, stepsReport } from './telemetry/report.ts'
import type { SinkFigures, SinkPorts } from './telemetry/sink.ts'
import { recordingsOf, stepsOf } from './telemetry/steps.ts'

const DIST = new URL('../../dist', import.meta.url).pathname

function options() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      turns: { type: 'string', default: '8' },
      seconds: { type: 'string', default: '0.5' },
      'warm-up': { type: 'string', default: '5' },
      connections: { type: 'string', default: '32' },
      dist: { type: 'string', default: DIST },
    },
  })
  const dist = resolve(values.dist)
  if (!existsSync(join(dist, 'main.js'))) throw new Error(`${dist} has no main.js: run \`npm run build\` first`)
  return {
    dist,
    rounds: number('rounds', values.rounds, 1, 100),
    turns: number('turns', values.turns, 1, 100),
    turnMs: number('seconds', values.seconds, 0.1, 60) * 1000,
    warmUpMs: number('warm-up', values['warm-up'], 0.1, 60) * 1000,
    connections: number('connections', values.connections, 1, 1000),
  }
}

function number(flag: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (value >= least && value <= most) return value
  throw new Error(`--${flag} must be a number from ${least} to ${most}`)
}

async function bench(children: Children, scratch: string): Promise<void> {
  const { dist, ...rest } = options()
  const origin = children.fork('origin.ts')
  const { port } = await reply<{ port: number }>(origin, START_LIMIT_MS)
  const sink = children.fork('../telemetry/sink.ts')
  const around = { dist, scratch, sink: await reply<SinkPorts>(sink, START_LIMIT_MS) }
  const steps = stepsOf(around)
  const plan: Plan = { ...rest, variants: steps, workloads: WORKLOADS.filter(({ name }) => name === 'small') }
  console.log(conditions(plan))
  const counts = await recordingsOf(children, port, around, plan.connections)
  const progress = (text: string): void => void process.stderr.write(`${text}\n`)
  const samples = await measure(plan, children, origin, port, progress)
  console.log(`\n${stepsReport(steps, samples, plan.turns)}`)
  const [first, , shipped] = steps
  const of = (name: string | undefined) => samples.filter(({ variant }) => variant === name)
  // The collector is no process that the measurement knows, so only steps without it tell of others.
  const others = median([...of(first?.name), ...of(shipped?.name)].map(({ otherCores }) => otherCores))
  const sent = reply<SinkFigures>(sink, START_LIMIT_MS)
  sink.send('figures')
  const { batches, bytes } = await sent
  if (batches === 0) throw new Error('no span reached the collector')
  console.log(`\nThe collector took ${batches} batches of ${(bytes / batches / 1000).toFixed(0)} kB on average.`)
  console.log(`Other processes took ${others.toFixed(2)} cores (median): above 0.15, do not quote the ratios.`)
  const cpu = median(of(first?.name).map(({ cpuPerRequest }) => cpuPerRequest))
  console.log(`\n${recordingsReport(counts, recordingCosts(), cpu)}`)
}

function conditions({ rounds, turns, turnMs, warmUpMs, connections }: Plan): string {
  const machine = `Node ${process.versions.node}, ${cpus().length} cores, load average ${loadavg()[0]?.toFixed(2)}`
  const runs = `${rounds} rounds of ${turns} turns of ${turnMs / 1000} s after ${warmUpMs / 1000} s, ${connections} connections`
  return `${machine}; ${runs}; small tools/call; medians`
}

async function main(): Promise<void> {
  const children = new Children()
  const scratch = join(tmpdir(), `sidelight-telemetry-${process.pid}`)
  process.once('exit', () => {
    children.abandon()
    rmSync(scratch, { recursive: true, force: true })
  })
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  try {
    await bench(children, scratch)
    process.exit(0)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
}

if (import.meta.main) await main()
