/** Ends the series of upstreams that a reload has removed, so that those that come have room for theirs. */
import { OTHER } from './definition.ts'
import { type AnyInstrument, Gauge } from './series.ts'

const LABEL = 'upstream'

/** Stands for no upstream of the configuration. */
const ALWAYS: ReadonlySet<string> = new Set([OTHER, '_none'])

interface Labelled {
  readonly instrument: AnyInstrument
  /** Which of its labels names the upstream. */
  readonly at: number
}

export class UpstreamSeries {
  readonly #instruments: readonly Labelled[]
  readonly #onEnded: (upstream: string) => void
  #running: ReadonlySet<string> = new Set()
  #expected: ReadonlySet<string> = new Set()
  /** At the end with the last collection, which has shown how they ended. */
  #shown: ReadonlySet<string> = new Set()

  /**
   * @param instruments all in which the label `upstream` names one
   * @param onEnded is told of each whose series have ended: whoever holds some must let go of them
   */
  constructor(instruments: Iterable<AnyInstrument>, onEnded: (upstream: string) => void) {
    this.#instruments = [...instruments]
      .map((instrument) => ({ instrument, at: instrument.def.labels.indexOf(LABEL) }))
      .filter(({ at }) => at >= 0)
    this.#onEnded = onEnded
  }

  /** A configuration with these upstreams is about to bind series. It may never be put in force. */
  expect(upstreams: Iterable<string>): void {
    this.#expected = new Set(upstreams)
    // At once: nobody may ask for metrics between many reloads.
    for (const upstream of this.#idle()) this.#end(upstream)
  }

  /** Those that were expected are in force, and no others. */
  follow(): void {
    this.#running = this.#expected
  }

  /** To be called before a collection. Looks at every series, which costs less than to show them. */
  collected(): void {
    const idle = this.#idle()
    for (const upstream of idle) {
      if (!this.#shown.has(upstream)) continue
      this.#end(upstream)
      idle.delete(upstream)
    }
    this.#shown = idle
  }

  /** Removed, and with nothing under way that will still count down: no exchange, connection or session. */
  #idle(): Set<string> {
    const removed = new Set<string>()
    const busy = new Set<string>()
    for (const { instrument, at } of this.#instruments) {
      const countsDown = instrument instanceof Gauge && instrument.def.kind === 'upDownCounter'
      for (const series of instrument.series) {
        const upstream = series.labelValues[at] as string
        if (this.#running.has(upstream) || this.#expected.has(upstream) || ALWAYS.has(upstream)) continue
        removed.add(upstream)
        if (countsDown && 'value' in series && series.value !== 0) busy.add(upstream)
      }
    }
    for (const upstream of busy) removed.delete(upstream)
    return removed
  }

  /** What is counted after all, such as an exchange whose response is still being inflated, ends with a later look. */
  #end(upstream: string): void {
    for (const { instrument, at } of this.#instruments)
      instrument.unbindWhere(instrument.def.labels.map((_, i) => (i === at ? upstream : undefined)))
    this.#onEnded(upstream)
  }
}
