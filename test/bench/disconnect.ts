/**
 * Measures how long an upstream does not know that a downstream left: from the end of the downstream's socket to the
 * moment that the upstream's socket sees an end, before the response head and in the middle of a stream.
 *
 *     npm run build && node test/bench/disconnect.ts [--rounds 3] [--samples 100] [--warm-up 30]
 *       [--variants direct,floor,sidelight]
 *
 * Downstream and upstream are this process, so that one clock times both ends; each proxy is a process of its own,
 * fresh in every round. `direct` is what the measurement itself costs, `floor` the least a forwarder on Node can do
 * (forward/floor.ts). One exchange at a time, variants alternating: it is latency, not load. Goal: p99 ≤ 50 ms.
 */
import { connect, type Socket } from 'node:net'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { Origin, type Stage } from './disconnect/origin.ts'
import { Children } from './forward/children.ts'
import { type Running, requireBuild, SIDELIGHT, VARIANTS } from './forward/variants.ts'

const STAGES: readonly Stage[] = ['before the head', 'mid-stream']
const WAYS = { close: (socket: Socket) => socket.destroy(), reset: (socket: Socket) => socket.resetAndDestroy() }
type Way = keyof typeof WAYS

const GOAL_MS = 50
/** Enough that the stream is on its way and nothing of its start is left. */
const BYTES_BEFORE_LEAVING = 500
const LOST_MS = 10_000

interface Sample {
  readonly variant: string
  readonly stage: Stage
  readonly way: Way
  readonly milliseconds: number
}

const BODY = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow"}}'

function request(port: number, stage: Stage): string {
  const lines = [
    'POST /mcp HTTP/1.1',
    `host: 127.0.0.1:${port}`,
    'content-type: application/json',
    'accept: application/json, text/event-stream',
    'mcp-protocol-version: 2025-11-25',
    `x-stage: ${stage}`,
    `content-length: ${BODY.length}`,
  ]
  return `${lines.join('\r\n')}\r\n\r\n${BODY}`
}

/** Milliseconds between the two ends of one exchange. */
async function leave(origin: Origin, port: number, stage: Stage, way: Way): Promise<number> {
  const arrived = within(origin.next(), 'the request did not arrive')
  const downstream = connect(port, '127.0.0.1').setNoDelay(true)
  downstream.on('error', () => downstream.destroy())
  let received = 0
  const streaming = new Promise<void>((resolve) => {
    downstream.on('data', (data) => {
      received += data.length
      if (received >= BYTES_BEFORE_LEAVING) resolve()
    })
  })
  downstream.write(request(port, stage))
  const upstream = await arrived
  if (stage === 'mid-stream') await within(streaming, 'the stream did not arrive')
  const told = new Promise<number>((resolve) => {
    const now = (): void => resolve(performance.now())
    upstream.once('end', now).once('error', now).once('close', now)
  })
  const left = performance.now()
  WAYS[way](downstream)
  const milliseconds = (await within(told, 'the upstream was not told')) - left
  upstream.destroy()
  return milliseconds
}

function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const lost = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} within ${LOST_MS} ms`)), LOST_MS)
  })
  return Promise.race([promise, lost]).finally(() => clearTimeout(timer))
}

interface Plan {
  readonly rounds: number
  readonly samples: number
  readonly warmUp: number
  readonly variants: typeof VARIANTS
}

async function measure(plan: Plan, children: Children): Promise<Sample[]> {
  const origin = await Origin.start()
  const samples: Sample[] = []
  for (let round = 0; round < plan.rounds; round++) {
    process.stderr.write(`round ${round + 1} of ${plan.rounds}\n`)
    const running: (readonly [string, Running])[] = []
    for (const { name, start } of plan.variants) running.push([name, await start(children, origin.port)])
    for (let turn = -plan.warmUp; turn < plan.samples; turn++) {
      for (const stage of STAGES) {
        for (const way of Object.keys(WAYS) as Way[]) {
          for (const [variant, { port }] of turn % 2 === 0 ? running : running.toReversed()) {
            const milliseconds = await leave(origin, port, stage, way)
            if (turn >= 0) samples.push({ variant, stage, way, milliseconds })
          }
        }
      }
    }
    for (const [, proxy] of running) await proxy.stop()
  }
  return samples
}

function report(plan: Plan, samples: readonly Sample[]): string {
  const rows = STAGES.flatMap((stage) =>
    (Object.keys(WAYS) as Way[]).flatMap((way) =>
      plan.variants.map(({ name }) => {
        const own = samples
          .filter((s) => s.variant === name && s.stage === stage && s.way === way)
          .map(({ milliseconds }) => milliseconds)
          .toSorted((a, b) => a - b)
        const at = (share: number): string =>
          (own[Math.min(own.length - 1, Math.floor(own.length * share))] ?? Number.NaN).toFixed(2)
        return `| ${stage} | ${way} | ${name} | ${own.length} | ${at(0.5)} | ${at(0.99)} | ${at(1)} |`
      }),
    ),
  )
  const late = samples.filter(({ variant, milliseconds }) => variant === SIDELIGHT && milliseconds > GOAL_MS).length
  return [
    '| downstream leaves | by | variant | samples | p50 ms | p99 ms | max ms |',
    '| --- | --- | --- | ---: | ---: | ---: | ---: |',
    ...rows,
    '',
    `Through sidelight, ${late} of ${samples.filter(({ variant }) => variant === SIDELIGHT).length} took more than ${GOAL_MS} ms.`,
  ].join('\n')
}

function options(): Plan {
  const names = ['direct', 'floor', SIDELIGHT]
  const text = { type: 'string' } as const
  const { values } = parseArgs({ options: { rounds: text, samples: text, 'warm-up': text, variants: text } })
  const number = (flag: 'rounds' | 'samples' | 'warm-up', usual: number, least: number): number => {
    const value = Number(values[flag] ?? usual)
    if (Number.isInteger(value) && value >= least && value <= 10_000) return value
    throw new Error(`--${flag} must be a number from ${least} to 10000`)
  }
  return {
    rounds: number('rounds', 3, 1),
    samples: number('samples', 100, 1),
    warmUp: number('warm-up', 30, 0),
    variants: (values.variants?.split(',') ?? names).map((name) => {
      const found = VARIANTS.find((variant) => variant.name === name)
      if (found === undefined) throw new Error(`--variants: ${name} is none of ${VARIANTS.map((v) => v.name).join()}`)
      return found
    }),
  }
}

async function main(): Promise<void> {
  const children = new Children()
  process.once('exit', () => children.abandon())
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  try {
    const plan = options()
    if (plan.variants.some(({ name }) => name === SIDELIGHT)) requireBuild()
    console.log(
      `Node ${process.versions.node}, ${cpus().length} cores, load average ${loadavg()[0]?.toFixed(2)}; ${plan.rounds} rounds of ${plan.samples} samples after ${plan.warmUp}\n`,
    )
    console.log(report(plan, await measure(plan, children)))
    process.exit(0)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
}

if (import.meta.main) await main()
