/**
 * What a scrape costs: the whole metrics page, and the longest time in which the event loop can do nothing else, beside the
 * OpenTelemetry SDK's serializer on the same rows in the same run.
 *
 *   node test/bench/exposition.ts
 *
 * 2,000 series, 1,000 of them histograms of 16 buckets. Rounds alternate, medians are printed. Takes about fifteen seconds.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { EXCHANGE_SECONDS } from '../../src/telemetry/catalogue.ts'
import { expose } from '../../src/telemetry/exposition.ts'
import type { FamilySource } from '../../src/telemetry/family.ts'
import { Instruments } from '../../src/telemetry/instruments.ts'
import type { Format } from '../../src/telemetry/negotiate.ts'
import { SeriesProducer } from '../../src/telemetry/otlp/producer.ts'
import { SeriesStore } from '../../src/telemetry/series.ts'
import { Views } from '../../src/telemetry/views/views.ts'

const ROUNDS = 15

interface Figures {
  /** Milliseconds of CPU time, all threads. */
  readonly cpu: number
  /** Milliseconds from the first to the last byte. */
  readonly total: number
  /** Milliseconds. */
  readonly block: number
  readonly bytes: number
}

interface Subject {
  readonly name: string
  /** Gives the number of bytes written. */
  write(): Promise<number>
}

function largeStore(exemplars: boolean): SeriesStore {
  const store = new SeriesStore()
  const labels = ['upstream', 'mcp.method.name', 'gen_ai.tool.name', 'outcome', 'error.type']
  const span = exemplars ? { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' } : undefined
  for (let n = 0; n < 10; n++) {
    const shared = { unit: 's', help: 'For the bench.', labels, cap: 101 }
    const calls = store.counter({ ...shared, name: `bench.calls.${n}`, unit: '{call}', kind: 'counter' })
    const time = store.histogram({ ...shared, name: `bench.time.${n}`, kind: 'histogram', buckets: EXCHANGE_SECONDS })
    for (let i = 0; i < 100; i++) {
      const values = [`upstream-${i % 4}`, 'tools/call', `some_tool_name_${i}`, 'ok', '']
      calls.bind(values).add(i * 17)
      for (let k = 0; k < 50; k++) time.bind(values).record(Math.random() * 3, span)
    }
  }
  return store
}

/** As many operations, for views to add up. */
function operations(): SeriesStore {
  const store = new SeriesStore()
  const { serverDuration } = new Instruments(store).operations
  for (let i = 0; i < 1000; i++) {
    const values = [
      `upstream-${i % 4}`,
      'tools/call',
      `tool_${i >> 1}`,
      '',
      '2025-11-25',
      i % 2 ? 'ok' : 'timeout',
      '',
      '',
    ]
    for (let k = 0; k < 50; k++) serverDuration.bind(values).record(Math.random() * 3)
  }
  return store
}

/** Encoding is what a socket does with each chunk, so it belongs to the slice. */
async function page(source: FamilySource, format: Format): Promise<number> {
  let bytes = 0
  for await (const chunk of expose(source, format)) bytes += Buffer.from(chunk).length
  return bytes
}

async function sdk(store: SeriesStore): Promise<number> {
  const { resourceMetrics } = await new SeriesProducer(store, '0').collect()
  const serializer = new PrometheusSerializer('', false, undefined, true, true)
  return Buffer.from(serializer.serialize(resourceMetrics)).length
}

async function measure({ write }: Subject): Promise<Figures> {
  let block = 0
  let turning = true
  let last = performance.now()
  const turn = (): void => {
    const now = performance.now()
    block = Math.max(block, now - last)
    last = now
    if (turning) setImmediate(turn)
  }
  setImmediate(turn)
  const before = process.cpuUsage()
  const began = performance.now()
  const bytes = await write()
  const total = performance.now() - began
  const { user, system } = process.cpuUsage(before)
  turning = false
  turn()
  return { cpu: (user + system) / 1000, total, block, bytes }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}

const store = largeStore(false)
const traced = largeStore(true)
const views = new Views(operations())
const subjects: readonly Subject[] = [
  { name: 'baseline: the SDK’s PrometheusSerializer', write: () => sdk(store) },
  { name: 'text 0.0.4', write: () => page(store, 'text') },
  { name: 'OpenMetrics', write: () => page(store, 'openmetrics') },
  { name: 'OpenMetrics with an exemplar in every bucket', write: () => page(traced, 'openmetrics') },
  { name: 'JSON', write: () => page(store, 'json') },
  { name: 'the view tfo over 1,000 histograms', write: () => page(views.only(['tfo']), 'text') },
]
const figures = new Map<Subject, Figures[]>(subjects.map((subject) => [subject, []]))
for (let round = 0; round <= ROUNDS; round++) {
  for (const subject of subjects) {
    const measured = await measure(subject)
    if (round > 0) figures.get(subject)!.push(measured)
    await delay(20)
  }
}
console.log('\n2,000 series, 1,000 of them histograms of 16 buckets')
console.log('\n| page | ms, median | least | longest slice, median | worst | CPU ms, median | kB |')
console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: |')
for (const [{ name }, rounds] of figures) {
  const totals = rounds.map(({ total }) => total)
  const blocks = rounds.map(({ block }) => block)
  const cpu = median(rounds.map((round) => round.cpu))
  const row = [median(totals), Math.min(...totals), median(blocks), Math.max(...blocks), cpu]
  const kB = Math.round(rounds[0]!.bytes / 1000)
  console.log(`| ${name} | ${row.map((figure) => figure.toFixed(2)).join(' | ')} | ${kB} |`)
}
