/** Keeps the process's own instruments up to date: memory, CPU, event loop, garbage collection, descriptors. */
import { readdirSync, statSync } from 'node:fs'
import {
  constants,
  monitorEventLoopDelay,
  type PerformanceEntry,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks'
import { getHeapSpaceStatistics } from 'node:v8'
import type { HistogramSeries } from './bound-series.ts'
import { OTHER } from './definition.ts'
import type { Instruments } from './instruments.ts'
import type { ProcessInstruments } from './process-instruments.ts'
import type { SeriesStore } from './series.ts'

/** Milliseconds between two looks at the event loop; what is late by less may pass unseen. */
const RESOLUTION = 20

const NANOSECONDS = 1e9
const MICROSECONDS = 1e6

export interface ProcessObservation {
  /** Ends the observation; the last values stay. */
  stop(): void
}

/** Observes this process at every collection until stopped. Keeps no process alive. */
export function observeProcess(store: SeriesStore, instruments: Instruments, version: string): ProcessObservation {
  instruments.buildInfo.bind([version, process.versions.node]).set(1)
  const uptime = instruments.uptime.bind([])
  const eventLoop = observeEventLoop(instruments.process)
  const garbage = observeGarbageCollection(instruments.process)
  const memory = memoryReader(instruments.process)
  const remove = store.observe(() => {
    uptime.set(process.uptime())
    memory()
    eventLoop.read()
  })
  return {
    stop() {
      remove()
      eventLoop.stop()
      garbage.disconnect()
    },
  }
}

function memoryReader(instruments: ProcessInstruments): () => void {
  const resident = instruments.memoryUsage.bind([])
  const external = instruments.externalMemory.bind([])
  const user = instruments.cpuTime.bind(['user'])
  const system = instruments.cpuTime.bind(['system'])
  const descriptors = instruments.fileDescriptors.bind([])
  return () => {
    const memory = process.memoryUsage()
    resident.set(memory.rss)
    external.set(memory.external)
    for (const space of getHeapSpaceStatistics()) {
      instruments.heapUsed.bind([space.space_name]).set(space.space_used_size)
      instruments.heapLimit.bind([space.space_name]).set(space.space_size)
    }
    const cpu = process.cpuUsage()
    user.observe(cpu.user / MICROSECONDS)
    system.observe(cpu.system / MICROSECONDS)
    descriptors.set(openDescriptors())
  }
}

/** Not `process.getActiveResourcesInfo()`: it names each of 20,000 sockets, for milliseconds. */
function openDescriptors(): number {
  try {
    // Linux 6.2 and later say the number as the folder's size; before, it is zero.
    return statSync('/proc/self/fd').size || readdirSync('/proc/self/fd').length
  } catch {
    return Number.NaN
  }
}

function observeEventLoop(instruments: ProcessInstruments): { read(): void; stop(): void } {
  const p50 = instruments.eventLoopDelayP50.bind([])
  const p99 = instruments.eventLoopDelayP99.bind([])
  const max = instruments.eventLoopDelayMax.bind([])
  const utilization = instruments.eventLoopUtilization.bind([])
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION })
  delay.enable()
  let before = performance.eventLoopUtilization()
  // What is measured is the time between two looks, the wanted interval included.
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION / 1000)
  return {
    read() {
      const now = performance.eventLoopUtilization()
      utilization.set(performance.eventLoopUtilization(now, before).utilization)
      before = now
      // Too short a time for a look: the figures of the last collection are the better answer.
      if (delay.count === 0) return
      p50.set(late(delay.percentile(50)))
      p99.set(late(delay.percentile(99)))
      max.set(late(delay.max))
      delay.reset()
    },
    stop: () => delay.disable(),
  }
}

function observeGarbageCollection(instruments: ProcessInstruments): PerformanceObserver {
  const series = new Map<number, HistogramSeries>([
    [constants.NODE_PERFORMANCE_GC_MINOR, instruments.gcDuration.bind(['minor'])],
    [constants.NODE_PERFORMANCE_GC_MAJOR, instruments.gcDuration.bind(['major'])],
    [constants.NODE_PERFORMANCE_GC_INCREMENTAL, instruments.gcDuration.bind(['incremental'])],
    [constants.NODE_PERFORMANCE_GC_WEAKCB, instruments.gcDuration.bind(['weakcb'])],
  ])
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as PerformanceEntry & { readonly detail: { readonly kind: number } }).detail
      const bound = series.get(kind) ?? instruments.gcDuration.bind([OTHER])
      bound.record(entry.duration / 1000)
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  return observer
}
