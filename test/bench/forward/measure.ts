/** Measures every variant under every workload: rounds of fresh processes, and in each round many short turns. */
import type { ChildProcess } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { type Children, reply } from './children.ts'
import type { LoadFigures, LoadOrder } from './load.ts'
import { cpuMicroseconds, machineCpuMicroseconds, rssBytes } from './process-figures.ts'
import { pidOf, type Running, type Variant } from './variants.ts'
import type { Workload } from './workloads.ts'

export interface Plan {
  readonly rounds: number
  readonly turns: number
  readonly warmUpMs: number
  readonly turnMs: number
  readonly connections: number
  readonly variants: readonly Variant[]
  readonly workloads: readonly Workload[]
}

/** What one turn of one variant showed; what concerns the proxy process is not a number where there is none. */
export interface Figures {
  readonly cpuPerRequest: number
  /** Cores the proxy kept busy: well below 1 means that it was not what limited the throughput. */
  readonly proxyCores: number
  /** Cores that processes outside the bench kept busy meanwhile. */
  readonly otherCores: number
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  /** Reads per answer at the load: fewer than the events of a stream means that they came together. */
  readonly reads: number
  readonly rss: number
}

export interface Sample extends Figures {
  /** Samples of the same turn were taken within seconds of each other and are compared with each other. */
  readonly turn: number
  readonly variant: string
  readonly workload: string
}

interface Bench {
  readonly plan: Plan
  readonly origin: ChildProcess
  readonly load: ChildProcess
}

interface Entrant {
  readonly variant: Variant
  readonly proxy: Running
}

/** What a proxy does after the last byte (its log line, timers) belongs to the requests before it. */
const SETTLE_MS = 50
const LEAD_IN_MS = 100
const SLACK_MS = 15_000

export async function measure(
  plan: Plan,
  children: Children,
  origin: ChildProcess,
  originPort: number,
  progress: (text: string) => void,
): Promise<Sample[]> {
  const bench = { plan, origin, load: children.fork('load.ts') }
  const samples: Sample[] = []
  for (let round = 0; round < plan.rounds; round++) {
    const entrants: Entrant[] = []
    for (const variant of plan.variants) entrants.push({ variant, proxy: await variant.start(children, originPort) })
    for (const workload of plan.workloads) {
      progress(`round ${round + 1} of ${plan.rounds}: ${workload.title}`)
      samples.push(...(await measureRound(bench, entrants, workload, round * plan.turns)))
    }
    for (const { proxy } of entrants) await proxy.stop()
  }
  await children.stop(bench.load)
  return samples
}

/** Short turns in alternating order, so that whatever else the machine does meets every variant alike. */
async function measureRound(
  bench: Bench,
  entrants: readonly Entrant[],
  workload: Workload,
  firstTurn: number,
): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const { proxy } of entrants) await warmUp(bench, proxy, workload)
  for (let turn = firstTurn; turn < firstTurn + bench.plan.turns; turn++) {
    for (const { variant, proxy } of turn % 2 === 0 ? entrants : entrants.toReversed()) {
      const figures = await measureTurn(bench, proxy, workload)
      samples.push({ turn, variant: variant.name, workload: workload.name, ...figures })
    }
  }
  return samples
}

/** Paced streams are a twentieth as many as plain calls: V8 would still be compiling. */
const LONGER_FOR_STREAMS = 3

async function warmUp({ plan, load }: Bench, { port }: Running, { name, events }: Workload): Promise<void> {
  const milliseconds = plan.warmUpMs * (events.length > 0 ? LONGER_FOR_STREAMS : 1)
  await tell(load, { do: 'open', port, workload: name, connections: plan.connections })
  await tell(load, { do: 'run', milliseconds })
  await tell(load, { do: 'close' })
}

async function measureTurn(
  { plan, origin, load }: Bench,
  { port, pid }: Running,
  { name }: Workload,
): Promise<Figures> {
  const ours = [process.pid, pidOf(origin), pidOf(load), ...(pid === undefined ? [] : [pid])]
  const proxyCpu = (): number => (pid === undefined ? Number.NaN : cpuMicroseconds(pid))
  const otherCpu = (): number => ours.reduce((left, one) => left - cpuMicroseconds(one), machineCpuMicroseconds())
  await tell(load, { do: 'open', port, workload: name, connections: plan.connections })
  await tell(load, { do: 'run', milliseconds: LEAD_IN_MS })
  await pause(SETTLE_MS)
  const before = { proxy: proxyCpu(), other: otherCpu(), at: performance.now() }
  const { requests, milliseconds, p50, p99, reads } = await tell(load, { do: 'run', milliseconds: plan.turnMs })
  await pause(SETTLE_MS)
  const cpu = proxyCpu() - before.proxy
  const otherCores = (otherCpu() - before.other) / 1000 / (performance.now() - before.at)
  const rss = pid === undefined ? Number.NaN : rssBytes(pid)
  await tell(load, { do: 'close' })
  return {
    cpuPerRequest: cpu / requests,
    proxyCores: cpu / 1000 / milliseconds,
    otherCores: Math.max(0, otherCores),
    perSecond: (requests / milliseconds) * 1000,
    p50,
    p99,
    reads: reads / requests,
    rss,
  }
}

async function tell(load: ChildProcess, order: LoadOrder): Promise<LoadFigures> {
  const answer = reply<LoadFigures>(load, SLACK_MS + (order.do === 'run' ? order.milliseconds : 0))
  load.send(order)
  return answer
}
