/** Leaves the figures of reloads. */
import type { ReloadInstruments } from '../telemetry/reload-instruments.ts'
import type { ReloadReport } from './reloader.ts'

/** @param clock milliseconds since the epoch */
export function reloadMeter(instruments: ReloadInstruments, clock = Date.now): (report: ReloadReport) => void {
  const taken = (): void => {
    instruments.lastReloadSuccessful.bind([]).set(1)
    instruments.lastReloadSuccessTimestamp.bind([]).set(clock() / 1000)
  }
  // The start is one: it took the configuration.
  taken()
  for (const result of ['applied', 'unchanged', 'refused'] as const) instruments.reloads.bind([result])
  instruments.needsRestart.bind([]).set(0)
  return (report) => {
    instruments.reloads.bind([report.result]).add(1)
    if (report.result === 'refused') instruments.lastReloadSuccessful.bind([]).set(0)
    else {
      taken()
      instruments.needsRestart.bind([]).set(report.needsRestart.length)
    }
  }
}
