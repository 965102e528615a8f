/** Writes the metrics page in slices, so that a scrape never holds up an exchange for long. */
import { setImmediate } from 'node:timers/promises'
import { JsonPage } from './json-page.ts'
import type { Format } from './negotiate.ts'
import type { AnyInstrument, SeriesStore } from './series.ts'
import { TextPage } from './text-page.ts'

/** Milliseconds after which the event loop turns; half of what an exchange may be held up, as a chunk may follow. */
const SLICE = 1

/** Characters after which a chunk is passed on. Encoding it takes as long as writing it, so it must not get long. */
const CHUNK = 32_768

/** The parts of a page. Their concatenation, in order, is the page. */
export interface Page {
  begin(): string
  /** Opens the part of an instrument that has series. */
  family(instrument: AnyInstrument): string
  series(instrument: AnyInstrument, series: SeriesOf): string
  endFamily(): string
  end(): string
}

export type SeriesOf = AnyInstrument['series'] extends ReadonlySet<infer S> ? S : never

/**
 * The whole page of a store. Observers run once at the start; the event loop turns every millisecond or so.
 * Values are read when their series is written: each is consistent in itself, the page is not a snapshot.
 */
export async function* expose(store: SeriesStore, format: Format): AsyncGenerator<string, void, void> {
  const page: Page = format === 'json' ? new JsonPage() : new TextPage(format === 'openmetrics')
  let text = page.begin()
  const instruments = store.collect()
  let began = performance.now()
  for (const instrument of instruments) {
    if (instrument.series.size === 0) continue
    text += page.family(instrument)
    for (const series of instrument.series) {
      text += page.series(instrument, series)
      if (text.length < CHUNK) continue
      yield text
      text = ''
      // The reader's work on the chunk counts too.
      if (performance.now() - began < SLICE) continue
      await setImmediate()
      began = performance.now()
    }
    text += page.endFamily()
  }
  yield text + page.end()
}
