/** Reads off, when metrics are collected, how often the gateway began something beside exchanges. */
import type { Instruments } from './instruments.ts'
import type { SeriesStore } from './series.ts'

/** What the metrics do not tell anyway: how often each was begun so far. */
export interface TaskSources {
  readonly check: () => number
  readonly log_write: () => number
  readonly metrics_export: () => number
  readonly profile: () => number
  readonly traces_export: () => number
}

export function observeTasks(store: SeriesStore, instruments: Instruments, sources: TaskSources): void {
  const { pools, incidents, config } = instruments
  /** By series that have ended: their upstream was removed. */
  let probesBefore = 0
  pools.upstreamProbeDuration.onFreeing(({ count }) => {
    probesBefore += count
  })
  const begun: Readonly<Record<string, () => number>> = {
    ...sources,
    probe: () => probesBefore + total(pools.upstreamProbeDuration.series, ({ count }) => count),
    // One that was dropped was never begun.
    notification: () =>
      total(incidents.notifications.series, ({ value, labelValues: [result] }) => (result === 'dropped' ? 0 : value)),
    reload: () => total(config.reloads.series, ({ value }) => value),
  }
  const read = Object.entries(begun).map(([task, count]) => {
    const series = instruments.tasksSpawned.bind([task])
    return () => series.observe(count())
  })
  store.observe(() => {
    for (const each of read) each()
  })
}

function total<S>(series: Iterable<S>, value: (series: S) => number): number {
  let sum = 0
  for (const each of series) sum += value(each)
  return sum
}
