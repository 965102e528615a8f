/** The part of the catalogue about the process, under OpenTelemetry's semantic-convention names where they exist. */
import { Catalogue } from './catalogue.ts'

const eventLoopDelay = (statistic: string, what: string) =>
  ({
    name: `nodejs.eventloop.delay.${statistic}`,
    kind: 'gauge',
    unit: 's',
    help: `${what} by which the event loop was late since the last collection.`,
    labels: [],
    cap: 1,
  }) as const

export class ProcessInstruments extends Catalogue {
  readonly memoryUsage = this.store.gauge({
    name: 'process.memory.usage',
    kind: 'upDownCounter',
    unit: 'By',
    help: 'Resident memory (RSS).',
    labels: [],
    cap: 1,
  })
  readonly heapUsed = this.store.gauge({
    name: 'v8js.memory.heap.used',
    kind: 'upDownCounter',
    unit: 'By',
    help: 'Heap memory in use, by heap space.',
    labels: ['v8js.heap.space.name'],
    cap: 17,
  })
  readonly heapLimit = this.store.gauge({
    name: 'v8js.memory.heap.limit',
    kind: 'upDownCounter',
    unit: 'By',
    help: 'Heap memory taken from the system, by heap space.',
    labels: ['v8js.heap.space.name'],
    cap: 17,
  })
  readonly externalMemory = this.store.gauge({
    name: 'v8js.memory.external',
    kind: 'upDownCounter',
    unit: 'By',
    help: 'Memory outside the heap that belongs to JavaScript objects, buffers included.',
    labels: [],
    cap: 1,
  })
  readonly cpuTime = this.store.counter({
    name: 'process.cpu.time',
    kind: 'counter',
    unit: 's',
    help: 'CPU time used, by mode: user or system.',
    labels: ['cpu.mode'],
    cap: 3,
  })
  readonly eventLoopDelayP50 = this.store.gauge(eventLoopDelay('p50', 'Median time'))
  readonly eventLoopDelayP99 = this.store.gauge(eventLoopDelay('p99', '99th percentile of the time'))
  readonly eventLoopDelayMax = this.store.gauge(eventLoopDelay('max', 'Longest time'))
  readonly eventLoopUtilization = this.store.gauge({
    name: 'nodejs.eventloop.utilization',
    kind: 'gauge',
    unit: '1',
    help: 'Share of the time since the last collection in which the event loop was busy.',
    labels: [],
    cap: 1,
  })
  readonly gcDuration = this.store.histogram({
    name: 'v8js.gc.duration',
    kind: 'histogram',
    unit: 's',
    help: 'Time of garbage collections, by type: minor, major, incremental or weakcb.',
    labels: ['v8js.gc.type'],
    buckets: [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    cap: 5,
  })
  // Not the conventions' process.unix.file_descriptor.count: in Prometheus only a histogram may end in _count.
  readonly fileDescriptors = this.store.gauge({
    name: 'process.file_descriptors.open',
    kind: 'upDownCounter',
    unit: '{file_descriptor}',
    help: 'Open file descriptors, sockets included.',
    labels: [],
    cap: 1,
  })
}
