/** What is compared: the program with more telemetry at each step, and the recordings that one exchange makes. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { type Children, type Logged, reply } from '../forward/children.ts'
import type { LoadFigures, LoadOrder } from '../forward/load.ts'
import { pidOf, START_LIMIT_MS, type Variant } from '../forward/variants.ts'
import type { RecordingCounts } from './recordings.ts'
import type { SinkPorts } from './sink.ts'

export interface Step extends Variant {
  /** The step that it adds to; undefined for the first. */
  readonly above: string | undefined
  /** Of all its processes that were stopped. */
  readonly spans: SpanCounts
}

/** Spans that the program says it sent, and gave up. */
export interface SpanCounts {
  exported: number
  dropped: number
}

export interface Surroundings {
  /** Folder of the built program. */
  readonly dist: string
  readonly scratch: string
  readonly sink: SinkPorts
}

const PRELOAD = new URL('recordings.ts', import.meta.url).href

/** What the configuration cannot switch off, every step has: inspection, time stamps, the look-up of series. */
export function stepsOf(around: Surroundings): readonly Step[] {
  const { sink } = around
  const traced = (port: number, protocol: string) =>
    ({ traces: { otlp: { endpoint: `http://127.0.0.1:${port}`, protocol } } }) as const
  const none = { telemetry: { enabled: false }, log: { access: false } }
  return [
    step('no recordings', undefined, around, none, 'skip'),
    step('metrics', 'no recordings', around, { log: { access: false } }),
    step('+ access log (as shipped)', 'metrics', around, {}),
    step('+ all traced, gRPC', '+ access log (as shipped)', around, { telemetry: traced(sink.grpc, 'grpc') }),
    step('+ all traced, HTTP', '+ access log (as shipped)', around, { telemetry: traced(sink.http, 'http/protobuf') }),
  ]
}

function step(name: string, above: string | undefined, around: Surroundings, settings: object, recordings = ''): Step {
  const spans: SpanCounts = { exported: 0, dropped: 0 }
  return {
    name,
    above,
    spans,
    start: async (children, originPort) => {
      const logged = launch(children, originPort, around, settings, recordings)
      const { proxy, admin } = await line<{ proxy: string; admin: string }>(logged, 'proxy')
      const stop = async (): Promise<void> => {
        await addSpans(admin, spans)
        await logged.stop()
      }
      return { port: Number(new URL(proxy).port), pid: pidOf(logged.child), stop }
    },
  }
}

async function addSpans(admin: string, spans: SpanCounts): Promise<void> {
  const page = await (await fetch(new URL('/metrics', admin))).text()
  for (const [, name, value] of page.matchAll(/^sidelight_spans_(exported|dropped)_total(?:\{.*\})? (\S+)$/gm))
    spans[name as keyof SpanCounts] += Number(value)
}

let files = 0

function launch(
  children: Children,
  originPort: number,
  { dist, scratch }: Surroundings,
  settings: object,
  recordings: string,
): Logged {
  mkdirSync(scratch, { recursive: true })
  // JSON is YAML.
  const file = join(scratch, `${files++}.yaml`)
  writeFileSync(file, JSON.stringify(settings))
  const upstream = `http://127.0.0.1:${originPort}/mcp`
  const preload = recordings === '' ? [] : ['--import', PRELOAD]
  const args = ['--config', file, '--upstream', upstream, '--port', '0', '--admin-port', '0']
  return children.logged([...preload, join(dist, 'main.js'), ...args], {
    ...(recordings === '' ? {} : { BENCH_RECORDINGS: recordings }),
    BENCH_TELEMETRY: pathToFileURL(join(dist, 'telemetry/')).href,
  })
}

/** The first line of its log that has this field. */
async function line<T>({ child, output }: Logged, field: string): Promise<T> {
  const limit = performance.now() + START_LIMIT_MS
  while (performance.now() < limit && child.exitCode === null) {
    const found = output()
      .split('\n')
      .find((text) => text.includes(`"${field}":`) && text.endsWith('}'))
    if (found !== undefined) return JSON.parse(found) as T
    await pause(10)
  }
  throw new Error(`sidelight did not say ${field}:\n${output().slice(0, 2000)}`)
}

const COUNTED_MS = 1000

/** Recordings for each exchange, without the access log, which makes none. */
export async function recordingsOf(
  children: Children,
  originPort: number,
  around: Surroundings,
  connections: number,
): Promise<RecordingCounts> {
  const logged = launch(children, originPort, around, { log: { access: false } }, 'count')
  const { proxy } = await line<{ proxy: string }>(logged, 'proxy')
  const load = children.fork('load.ts')
  const tell = (order: LoadOrder): Promise<LoadFigures> => {
    const answer = reply<LoadFigures>(load, START_LIMIT_MS)
    load.send(order)
    return answer
  }
  await tell({ do: 'open', port: Number(new URL(proxy).port), workload: 'small', connections })
  const { requests } = await tell({ do: 'run', milliseconds: COUNTED_MS })
  logged.child.kill('SIGUSR2')
  const { recordings } = await line<{ recordings: RecordingCounts }>(logged, 'recordings')
  await children.stop(load)
  await logged.stop()
  const { adds, records, binds } = recordings
  return { adds: adds / requests, records: records / requests, binds: binds / requests }
}
