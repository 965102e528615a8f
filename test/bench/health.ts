/**
 * Measures what a look at /health/ready costs, beside a route that does nothing in the same process.
 *
 *     nice -n 19 node test/bench/health.ts [--seconds 5] [--connections 32] [--looks 3000]
 *
 * First alone: CPU of the process per request, as the kernel counts it, one after the other; the difference is the
 * handler's. Then under full load of the proxy listener: how long an answer takes, the routes asked in turn. Linux only.
 */
import type { ChildProcess } from 'node:child_process'
import { Agent, get } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Children, reply } from './forward/children.ts'
import type { LoadFigures, LoadOrder } from './forward/load.ts'
import { cpuMicroseconds } from './forward/process-figures.ts'
import type { StandPorts } from './health/stand.ts'

const START_MS = 30_000
const PAUSE_MS = 2
const ROUNDS = 4

interface Route {
  readonly name: string
  readonly url: string
  readonly cpu: number[]
  readonly milliseconds: number[]
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '32' },
    looks: { type: 'string', default: '3000' },
  },
})
const agent = new Agent({ keepAlive: true, maxSockets: 1 })

function ask(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => response.resume().once('end', resolve)).once('error', reject)
  })
}

async function alone(pid: number, route: Route, looks: number): Promise<void> {
  const before = cpuMicroseconds(pid)
  for (let i = 0; i < looks; i++) await ask(route.url)
  route.cpu.push((cpuMicroseconds(pid) - before) / looks)
}

async function underLoad(load: ChildProcess, port: number, routes: readonly Route[]): Promise<LoadFigures> {
  const tell = (order: LoadOrder): Promise<LoadFigures> => {
    const answer = reply<LoadFigures>(load, START_MS + Number(values.seconds) * 1000)
    load.send(order)
    return answer
  }
  await tell({ do: 'open', port, workload: 'small', connections: Number(values.connections) })
  await tell({ do: 'run', milliseconds: 2_000 })
  let over = false
  const run = tell({ do: 'run', milliseconds: Number(values.seconds) * 1000 }).finally(() => {
    over = true
  })
  for (let turn = 0; !over; turn++) {
    for (const route of turn % 2 === 0 ? routes : routes.toReversed()) {
      const at = performance.now()
      await ask(route.url)
      route.milliseconds.push(performance.now() - at)
      await pause(PAUSE_MS)
    }
  }
  const figures = await run
  await tell({ do: 'close' })
  return figures
}

const at = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN

const children = new Children()
process.once('exit', () => children.abandon())
const origin = children.fork('origin.ts')
const { port: originPort } = await reply<{ port: number }>(origin, START_MS)
const stand = children.fork('../health/stand.ts')
const started = reply<StandPorts>(stand, START_MS)
stand.send({ originPort })
const ports = await started
const route = (name: string, port: number, path: string): Route => {
  return { name, url: `http://127.0.0.1:${port}${path}`, cpu: [], milliseconds: [] }
}
const routes = [
  route('a route that does nothing', ports.trivial, '/'),
  route('/health/ready', ports.admin, '/health/ready'),
  route('/health/ready?verbose=false', ports.admin, '/health/ready?verbose=false'),
]
await pause(1_000)
for (const each of routes) await alone(stand.pid as number, each, Number(values.looks))
for (const each of routes) each.cpu.length = 0
for (let round = 0; round < ROUNDS; round++)
  for (const each of round % 2 === 0 ? routes : routes.toReversed())
    await alone(stand.pid as number, each, Number(values.looks))
const load = children.fork('load.ts')
const { requests, milliseconds } = await underLoad(load, ports.proxy, routes)
const trivial = at(routes[0]?.cpu ?? [], 0.5)
console.log(`under ${Math.round((requests / milliseconds) * 1000)} calls/s\n`)
console.log('| route | CPU µs/request | of it the handler | p50 ms under load | p99 ms under load | asked |')
console.log('| --- | --- | --- | --- | --- | --- |')
for (const { name, cpu, milliseconds: times } of routes) {
  const median = at(cpu, 0.5)
  const cells = [
    name,
    median.toFixed(0),
    (median - trivial).toFixed(0),
    at(times, 0.5).toFixed(2),
    at(times, 0.99).toFixed(2),
    times.length,
  ]
  console.log(`| ${cells.join(' | ')} |`)
}
agent.destroy()
for (const child of [load, stand, origin]) await children.stop(child)
