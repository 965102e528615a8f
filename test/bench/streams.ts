/**
 * Measures what an idle event stream costs a gateway in memory, beside the floor (node:http and undici).
 *
 *     npm run build && node test/bench/streams.ts [--rounds 3] [--streams 10000]
 *
 * Each proxy is a process of its own, fresh in every round, variants alternating. A stream's cost is what the resident
 * memory grows by between a short warm-up and all streams standing open for a while, divided by their number. It has two
 * descriptors in the proxy and in this process each, so that `ulimit -n` may allow fewer. Goal: at most 1.25 times the floor.
 */
import { cpus } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openFilesLimit } from '../../src/open-files.ts'
import { Children, reply } from './forward/children.ts'
import { rssBytes } from './forward/process-figures.ts'
import { FLOOR, pidOf, type Running, requireBuild, SIDELIGHT, START_LIMIT_MS, VARIANTS } from './forward/variants.ts'
import { Stand } from './streams/stand.ts'

const GOAL = 1.25
const WARM_UP = 200
/** For what garbage there is to be collected, and for memory that was only lent to be given back. */
const SETTLE_MS = 3_000
const OTHERS = 200

interface Plan {
  readonly rounds: number
  readonly streams: number
}

interface Sample {
  readonly idle: number
  /** Bytes. */
  readonly each: number
}

async function start(name: string, children: Children, port: number, { streams }: Plan): Promise<Running> {
  if (name !== FLOOR) {
    const variant = VARIANTS.find((one) => one.name === name)
    if (variant === undefined) throw new Error(`${name} is no variant`)
    return variant.start(children, port)
  }
  // The floor of the forwarding bench, with connections enough for as many streams.
  const child = children.forkPlain('floor.ts', `http://127.0.0.1:${port}`, String(streams + WARM_UP))
  const listening = await reply<{ port: number }>(child, START_LIMIT_MS)
  return { port: listening.port, pid: pidOf(child), stop: () => children.stop(child) }
}

async function sample(name: string, children: Children, plan: Plan): Promise<Sample> {
  const stand = await Stand.start()
  const proxy = await start(name, children, stand.port, plan)
  const pid = proxy.pid ?? 0
  try {
    await stand.open(proxy.port, WARM_UP)
    await stand.closeDownstreams()
    await pause(SETTLE_MS)
    const idle = rssBytes(pid)
    await stand.open(proxy.port, plan.streams)
    await pause(SETTLE_MS)
    return { idle, each: (rssBytes(pid) - idle) / plan.streams }
  } finally {
    await stand.closeDownstreams()
    await proxy.stop()
  }
}

const NAMES = [FLOOR, SIDELIGHT]

async function measure(plan: Plan, children: Children): Promise<Map<string, Sample[]>> {
  const samples = new Map<string, Sample[]>(NAMES.map((name) => [name, []]))
  for (let round = 0; round < plan.rounds; round++) {
    process.stderr.write(`round ${round + 1} of ${plan.rounds}\n`)
    for (const name of round % 2 === 0 ? NAMES : NAMES.toReversed()) {
      samples.get(name)?.push(await sample(name, children, plan))
    }
  }
  return samples
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function report(samples: ReadonlyMap<string, readonly Sample[]>): string {
  const each = (name: string): number => median((samples.get(name) ?? []).map((one) => one.each))
  const rows = NAMES.map((name) => {
    const own = samples.get(name) ?? []
    const all = own.map((one) => (one.each / 1e3).toFixed(1)).join(', ')
    const idle = (median(own.map((one) => one.idle)) / 1e6).toFixed(0)
    return `| ${name} | ${idle} | ${(each(name) / 1e3).toFixed(1)} | ${(each(name) / each(FLOOR)).toFixed(2)} | ${all} |`
  })
  return [
    '| variant | MB idle | kB a stream | × floor | rounds |',
    '| --- | ---: | ---: | ---: | --- |',
    ...rows,
    '',
    `Goal: at most ${GOAL} × floor.`,
  ].join('\n')
}

function options(): Plan {
  const text = { type: 'string' } as const
  const { values } = parseArgs({ options: { rounds: text, streams: text } })
  const allowed = Math.floor(((openFilesLimit() ?? Number.POSITIVE_INFINITY) - OTHERS) / 2)
  const number = (flag: 'rounds' | 'streams', usual: number): number => {
    const value = Number(values[flag] ?? usual)
    if (Number.isInteger(value) && value >= 1 && value <= 10_000) return value
    throw new Error(`--${flag} must be a number from 1 to 10000`)
  }
  return { rounds: number('rounds', 3), streams: Math.min(allowed, number('streams', 10_000)) }
}

async function main(): Promise<void> {
  const children = new Children()
  process.once('exit', () => children.abandon())
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  try {
    requireBuild()
    const plan = options()
    console.log(
      `Node ${process.versions.node}, ${cpus().length} cores; ${plan.rounds} rounds of ${plan.streams} streams\n`,
    )
    console.log(report(await measure(plan, children)))
    process.exit(0)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
}

if (import.meta.main) await main()
