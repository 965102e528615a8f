/**
 * What telemetry costs: recordings, log lines and the metrics page, each beside a baseline of the same run.
 *
 *   node test/bench/series.ts
 *
 * Rounds alternate and medians are printed. Takes about ten seconds.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { type Logger, pino, stdTimeFunctions } from 'pino'
import { Counter, Histogram, Registry } from 'prom-client'
import { AccessLog, sessionTag } from '../../src/telemetry/access-log.ts'
import type { AccessRecord } from '../../src/telemetry/access-record.ts'
import { EXCHANGE_SECONDS } from '../../src/telemetry/catalogue.ts'
import { expose } from '../../src/telemetry/exposition.ts'
import { Instruments } from '../../src/telemetry/instruments.ts'
import { CONTENT_TYPES, type Format } from '../../src/telemetry/negotiate.ts'
import { SeriesStore } from '../../src/telemetry/series.ts'

const ROUNDS = 9

interface Subject {
  readonly name: string
  readonly times: number
  run(times: number): void
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}

/** Nanoseconds for each run, alternating between the subjects. The first round warms up. */
function measure(subjects: readonly Subject[]): void {
  const taken = new Map<Subject, number[]>(subjects.map((subject) => [subject, []]))
  for (let round = 0; round <= ROUNDS; round++) {
    for (const subject of subjects) {
      const began = performance.now()
      subject.run(subject.times)
      const nanoseconds = ((performance.now() - began) * 1e6) / subject.times
      if (round > 0) taken.get(subject)!.push(nanoseconds)
    }
  }
  console.log('\n| what | ns, median | least | most | millions a second |\n| --- | ---: | ---: | ---: | ---: |')
  for (const [{ name }, values] of taken) {
    const figures = [median(values), Math.min(...values), Math.max(...values), 1000 / median(values)]
    console.log(`| ${name} | ${figures.map((figure) => figure.toFixed(1)).join(' | ')} |`)
  }
}

const UPSTREAMS = ['one', 'two', 'three', 'four'] as const

/** What others take for the same labels, in turn. */
function baselines(values: Float64Array): Subject[] {
  const meter = new MeterProvider().getMeter('bench')
  const sdkCounter = meter.createCounter('requests')
  const sdkHistogram = meter.createHistogram('duration', {
    advice: { explicitBucketBoundaries: [...EXCHANGE_SECONDS] },
  })
  const registers = [new Registry()]
  const counter = new Counter({ name: 'requests', help: '-', labelNames: ['upstream', 'method', 'outcome'], registers })
  const buckets = [...EXCHANGE_SECONDS]
  const histogram = new Histogram({
    name: 'duration',
    help: '-',
    labelNames: ['upstream', 'outcome'],
    buckets,
    registers,
  })
  const times = 2e5
  const each = (name: string, one: (upstream: string, value: number) => void): Subject => ({
    name: `baseline: ${name}`,
    times,
    run: (count) => {
      for (let i = 0; i < count; i++) one(UPSTREAMS[i & 3]!, values[i & 1023]!)
    },
  })
  return [
    each('counter of the OpenTelemetry SDK', (upstream) =>
      sdkCounter.add(1, { upstream, method: 'POST', outcome: 'ok' }),
    ),
    each('histogram of the OpenTelemetry SDK', (upstream, value) =>
      sdkHistogram.record(value, { upstream, outcome: 'ok' }),
    ),
    each('counter of prom-client', (upstream) => counter.inc({ upstream, method: 'POST', outcome: 'ok' })),
    each('histogram of prom-client', (upstream, value) => histogram.observe({ upstream, outcome: 'ok' }, value)),
  ]
}

function recordings(): Subject[] {
  const instruments = new Instruments(new SeriesStore())
  for (const upstream of UPSTREAMS) {
    for (const outcome of ['ok', 'tool_error', 'timeout']) {
      instruments.requests.bind([upstream, 'POST', outcome])
      instruments.exchangeDuration.bind([upstream, outcome])
    }
  }
  const counter = instruments.requests.bind(['two', 'POST', 'ok'])
  const histogram = instruments.exchangeDuration.bind(['two', 'ok'])
  // Spread over the buckets like latencies, mostly small.
  const values = Float64Array.from({ length: 1024 }, () => 0.001 * 10 ** (Math.random() * 3))
  let plain = 0
  return [
    ...baselines(values),
    {
      name: 'baseline: adding to a variable',
      times: 5e6,
      run: (times) => {
        for (let i = 0; i < times; i++) plain += values[i & 1023]!
        if (plain < 0) console.log(plain)
      },
    },
    {
      name: 'counter, bound',
      times: 5e6,
      run: (times) => {
        for (let i = 0; i < times; i++) counter.add(1)
      },
    },
    {
      name: 'histogram of 16 buckets, bound',
      times: 5e6,
      run: (times) => {
        for (let i = 0; i < times; i++) histogram.record(values[i & 1023]!)
      },
    },
    {
      name: 'counter through a look-up of three labels',
      times: 1e6,
      run: (times) => {
        for (let i = 0; i < times; i++) instruments.requests.bind([UPSTREAMS[i & 3]!, 'POST', 'ok']).add(1)
      },
    },
    {
      name: 'histogram through a look-up of two labels',
      times: 1e6,
      run: (times) => {
        for (let i = 0; i < times; i++)
          instruments.exchangeDuration.bind([UPSTREAMS[i & 3]!, 'ok']).record(values[i & 1023]!)
      },
    },
  ]
}

const record: AccessRecord = {
  correlationId: '0191d8a6-7c1e-7b02-9c53-5a1b8f0c2d3e',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  upstream: 'everything',
  route: '/mcp',
  endpoint: '10.0.0.1:3001',
  method: 'POST',
  path: '/mcp?session=1',
  status: 200,
  outcome: 'upstream_reset',
  errorType: 'reset_mid_body',
  errorCause: undefined,
  durationMs: 12.34567,
  requestReadMs: 0.18214,
  interceptorsMs: 0.04121,
  poolWaitMs: 0.0021,
  connectMs: undefined,
  responseHeadMs: 11.90234,
  firstEventMs: undefined,
  streamMs: undefined,
  requestBytes: 187,
  responseBytes: 342,
  clientAddress: '10.20.30.40',
  clientName: 'mcp-inspector',
  clientVersion: '2.12.0',
  rpcMethod: 'tools/call',
  target: 'echo',
  rpcId: 7,
  messages: 1,
  operationOutcome: undefined,
  operationMs: undefined,
  protocolVersion: '2025-11-25',
  session: sessionTag('b2b7c2a0-0000-4000-8000-1234567890ab'),
  interrupted: true,
}

function logLines(): Subject[] {
  // Keeping each line makes the writer really build it.
  let last = ''
  const destination = {
    write: (line: string) => {
      last = line
    },
  }
  const access = new AccessLog(destination)
  const options = { base: null, timestamp: stdTimeFunctions.isoTime }
  const logger = pino({ ...options, formatters: { level: (label) => ({ level: label }) } }, destination)
  return [
    {
      name: 'baseline: a pino line with the same fields',
      times: 1e5,
      run: (times) => {
        for (let i = 0; i < times; i++) pinoLine(logger)
        if (last === '') throw new Error('nothing was written')
      },
    },
    {
      name: 'access-log line',
      times: 1e5,
      run: (times) => {
        for (let i = 0; i < times; i++) access.write(record)
      },
    },
    {
      name: 'access-log line with hostile text',
      times: 1e5,
      run: (times) => {
        for (let i = 0; i < times; i++) access.write({ ...record, path: '/mcp\u2028"\\é', correlationId: '"\n' })
      },
    },
    {
      name: 'session tag',
      times: 1e5,
      run: (times) => {
        for (let i = 0; i < times; i++) last = sessionTag('b2b7c2a0-0000-4000-8000-1234567890ab')
      },
    },
  ]
}

function pinoLine(logger: Logger): void {
  const fields = {
    correlation_id: record.correlationId,
    trace_id: record.traceId,
    span_id: record.spanId,
    upstream: record.upstream,
    route: record.route,
    endpoint: record.endpoint,
    'http.request.method': record.method,
    'url.path': '/mcp',
    'http.response.status_code': record.status,
    outcome: record.outcome,
    'error.type': record.errorType,
    duration_ms: record.durationMs,
    request_read_ms: record.requestReadMs,
    interceptors_ms: record.interceptorsMs,
    pool_wait_ms: record.poolWaitMs,
    response_head_ms: record.responseHeadMs,
    request_bytes: record.requestBytes,
    response_bytes: record.responseBytes,
    'client.address': record.clientAddress,
    'mcp.client.name': record.clientName,
    'mcp.client.version': record.clientVersion,
    'mcp.method.name': record.rpcMethod,
    'gen_ai.tool.name': record.target,
    'jsonrpc.request.id': String(record.rpcId),
    'mcp.protocol.version': record.protocolVersion,
    'mcp.session.id': record.session,
    interrupted: record.interrupted,
  }
  logger.warn(fields, 'exchange')
}

function largeStore(): SeriesStore {
  const store = new SeriesStore()
  const labels = ['upstream', 'mcp.method.name', 'gen_ai.tool.name', 'outcome', 'error.type']
  const buckets = EXCHANGE_SECONDS
  for (let n = 0; n < 10; n++) {
    const shared = { unit: 's', help: 'For the bench.', labels, cap: 101 }
    const calls = store.counter({ ...shared, name: `bench.calls.${n}`, unit: '{call}', kind: 'counter' })
    const time = store.histogram({ ...shared, name: `bench.duration.${n}`, kind: 'histogram', buckets })
    for (let i = 0; i < 100; i++) {
      const values = [`upstream-${i % 4}`, 'tools/call', `some_tool_name_${i}`, 'ok', '']
      calls.bind(values).add(i * 17)
      for (let k = 0; k < 50; k++) time.bind(values).record(Math.random() * 3)
    }
  }
  return store
}

interface PageFigures {
  readonly total: number
  readonly block: number
  readonly bytes: number
}

/** One page: milliseconds in all, the longest time in which the event loop could do nothing else, and bytes. */
async function writePage(store: SeriesStore, format: Format): Promise<PageFigures> {
  let bytes = 0
  let block = 0
  let turning = true
  let last = performance.now()
  const turn = () => {
    const now = performance.now()
    block = Math.max(block, now - last)
    last = now
    if (turning) setImmediate(turn)
  }
  setImmediate(turn)
  const began = performance.now()
  // Encoding is what a socket does with each chunk, so it belongs to the slice.
  for await (const chunk of expose(store, format)) bytes += Buffer.from(chunk).length
  const total = performance.now() - began
  turning = false
  turn()
  return { total, block, bytes }
}

async function pages(): Promise<void> {
  const store = largeStore()
  console.log('\n2,000 series, 1,000 of them histograms of 16 buckets; a first page of a new process, then the rest')
  console.log('\n| page | ms, first | ms, median | longest block, first | median | worst | kB |')
  console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: |')
  for (const format of Object.keys(CONTENT_TYPES) as Format[]) {
    const first = await writePage(store, format)
    const rest: PageFigures[] = []
    for (let round = 0; round < 3 * ROUNDS; round++) {
      rest.push(await writePage(store, format))
      await delay(20)
    }
    const blocks = rest.map(({ block }) => block)
    const figures = [
      first.total,
      median(rest.map(({ total }) => total)),
      first.block,
      median(blocks),
      Math.max(...blocks),
    ]
    const cells = figures.map((figure) => figure.toFixed(2)).join(' | ')
    console.log(`| ${format} | ${cells} | ${Math.round(first.bytes / 1000)} |`)
  }
}

measure(recordings())
measure(logLines())
await pages()
