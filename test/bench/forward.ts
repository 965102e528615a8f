/**
 * Measures what forwarding costs: CPU per request, throughput, latency and memory, each beside the floor.
 *
 *     npm run build && node test/bench/forward.ts [--rounds 5] [--turns 6] [--seconds 0.5] [--warm-up 5]
 *       [--connections 32] [--only small,json-100k,sse-10] [--variants direct,floor,sidelight,http-proxy] [--starts 7]
 *
 * Origin, load and each proxy are a process each, the proxies fresh ones in every round. In a round the variants
 * take short turns in alternating order; a ratio compares turns next to each other. CPU is the proxy's user and
 * system time as the kernel counts it. `floor` is the least a forwarder on Node can do (forward/floor.ts).
 * Less warm-up than 5 seconds (15 for streams, which are fewer) measures V8's compilers: the more code a proxy has, the
 * later it is compiled.
 *
 * Load is closed-loop: requests/s and latencies are those of a saturated proxy only where `proxy, cores` is near 1
 * (streams are paced and stay below it). On a machine that others use, streams coalesce (`reads/answer` falls) and
 * caches cool: the last line of the tables says when a run is not to be quoted. Compare rows, not machines.
 * Linux only; a full run takes about thirteen minutes.
 */
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { Children, reply } from './forward/children.ts'
import { measure, type Plan } from './forward/measure.ts'
import { forwardReport, startReport } from './forward/report.ts'
import { measureStarts } from './forward/start-up.ts'
import { requireBuild, SIDELIGHT, START_LIMIT_MS, VARIANTS } from './forward/variants.ts'
import { WORKLOADS } from './forward/workloads.ts'

interface Options extends Plan {
  readonly starts: number
}

function options(): Options {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      turns: { type: 'string', default: '6' },
      seconds: { type: 'string', default: '0.5' },
      'warm-up': { type: 'string', default: '5' },
      connections: { type: 'string', default: '32' },
      only: { type: 'string', default: WORKLOADS.map((w) => w.name).join() },
      variants: { type: 'string', default: VARIANTS.map((v) => v.name).join() },
      starts: { type: 'string', default: '7' },
    },
  })
  return {
    rounds: number('rounds', values.rounds, 1, 100),
    turns: number('turns', values.turns, 1, 100),
    turnMs: number('seconds', values.seconds, 0.1, 60) * 1000,
    warmUpMs: number('warm-up', values['warm-up'], 0.1, 60) * 1000,
    connections: number('connections', values.connections, 1, 1000),
    workloads: chosen('only', values.only, WORKLOADS),
    variants: chosen('variants', values.variants, VARIANTS),
    starts: number('starts', values.starts, 0, 100),
  }
}

function number(flag: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (value >= least && value <= most) return value
  throw new Error(`--${flag} must be a number from ${least} to ${most}`)
}

function chosen<T extends { readonly name: string }>(flag: string, text: string, all: readonly T[]): T[] {
  return text.split(',').map((name) => {
    const found = all.find((item) => item.name === name)
    if (found === undefined) throw new Error(`--${flag}: ${name} is none of ${all.map((item) => item.name).join()}`)
    return found
  })
}

async function bench(plan: Options, children: Children): Promise<void> {
  const withSidelight = plan.variants.some(({ name }) => name === SIDELIGHT)
  if (withSidelight) requireBuild()
  const origin = children.fork('origin.ts')
  const { port } = await reply<{ port: number }>(origin, START_LIMIT_MS)
  const progress = (text: string): void => void process.stderr.write(`${text}\n`)
  console.log(conditions(plan))
  console.log(`\n${forwardReport(plan, await measure(plan, children, origin, port, progress))}`)
  if (plan.starts === 0 || !withSidelight) return
  progress(`${plan.starts} starts of sidelight`)
  console.log(`\n${startReport(await measureStarts(plan.starts, children, port))}`)
}

function conditions({ rounds, turns, turnMs, warmUpMs, connections }: Plan): string {
  const machine = `Node ${process.versions.node}, ${cpus().length} cores, load average ${loadavg()[0]?.toFixed(2)}`
  const runs = `${rounds} rounds of ${turns} turns of ${turnMs / 1000} s after ${warmUpMs / 1000} s, ${connections} connections`
  return `${machine}; ${runs}; medians`
}

async function main(): Promise<void> {
  const children = new Children()
  process.once('exit', () => children.abandon())
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  try {
    await bench(options(), children)
    process.exit(0)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
}

if (import.meta.main) await main()
