/** The process itself as health components: its event loop, its memory, its log. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { MemoryUse } from '../session/memory-pressure.ts'
import type { Component, ComponentState } from './health.ts'

/** A component that has to be measured, about once a second. */
export interface MeasuredComponent extends Component {
  measure(): void
  stop?(): void
}

/** Milliseconds between two looks at the event loop. Few, because metrics look beside it. */
const RESOLUTION = 20
/** Measurements from one figure to the next: over less time, one long garbage collection would be the figure. */
const LOOKS = 10
const NANOSECONDS_PER_MS = 1e6

/** @param limit milliseconds: the 99th percentile of ten seconds above it is too late */
export function eventLoopComponent(limit: number): MeasuredComponent {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION })
  delay.enable()
  let looks = 0
  let state: ComponentState = { status: 'healthy', message: 'not measured yet' }
  return {
    name: 'event-loop',
    required: false,
    report: () => state,
    measure() {
      if (++looks % LOOKS !== 0 || delay.count === 0) return
      const late = Math.max(0, delay.percentile(99) / NANOSECONDS_PER_MS - RESOLUTION)
      state = checked(late > limit, `p99 ${late.toFixed(late < 10 ? 1 : 0)} ms late`)
      delay.reset()
    },
    stop: () => delay.disable(),
  }
}

/** @param share of the limit: above it is too much */
export function memoryComponent(share: number, use: () => MemoryUse | undefined): MeasuredComponent {
  let state: ComponentState = { status: 'healthy', message: 'not measured yet' }
  return {
    name: 'memory',
    required: false,
    report: () => state,
    measure() {
      const found = use()
      if (found === undefined) state = checked(false, `${megabytes(process.memoryUsage.rss())}, without a limit`)
      else state = checked(found.used >= share * found.limit, `${megabytes(found.used)} of ${megabytes(found.limit)}`)
    },
  }
}

/** Measurements for which lost lines count. */
const LOG_LOOKS = 60

/** @param dropped lines lost so far */
export function logComponent(dropped: () => number): MeasuredComponent {
  const seen: number[] = []
  let state: ComponentState = { status: 'healthy', message: 'not measured yet' }
  return {
    name: 'log',
    required: false,
    report: () => state,
    measure() {
      const now = dropped()
      seen.push(now)
      if (seen.length > LOG_LOOKS) seen.shift()
      const lost = now - (seen[0] ?? now)
      state = checked(lost > 0, lost > 0 ? `${lost} lines lost in the last minute` : 'no line lost')
    },
  }
}

function checked(bad: boolean, message: string): ComponentState {
  return { status: bad ? 'degraded' : 'healthy', message, checked_at: new Date().toISOString() }
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`
