/** Writes the metrics page in slices, so that a scrape never holds up an exchange for long. */
import { setImmediate } from 'node:timers/promises'
import type { Family, FamilySource, Row } from './family.ts'
import { JsonPage } from './json-page.ts'
import type { Format } from './negotiate.ts'
import { TextPage } from './text-page.ts'

/**
 * Milliseconds after which the event loop turns: half of what an exchange may be held up, as the first rows of a process
 * take long, and a family that is made from others takes its time before its first row.
 */
const SLICE = 1

/** Characters after which a chunk is passed on: what is long must be made flat before it can be sent. */
const CHUNK = 32_768

/** The parts of a page. Their concatenation, in order, is the page. */
export interface Page {
  begin(): string
  /** Opens the part of a family that has rows. */
  family(family: Family): string
  row(family: Family, row: Row): string
  endFamily(): string
  end(): string
}

/**
 * The whole page. The source is collected once, at the start; the event loop turns every millisecond or so.
 * Values are read when their row is written: each is consistent in itself, the page is not a snapshot.
 */
export async function* expose(source: FamilySource, format: Format): AsyncGenerator<string, void, void> {
  const page: Page = format === 'json' ? new JsonPage() : new TextPage(format === 'openmetrics')
  let text = page.begin()
  let began = performance.now()
  for (const family of source.collect()) {
    if (family.series.size === 0) continue
    text += page.family(family)
    for (const row of family.series) {
      text += page.row(family, row)
      const late = performance.now() - began >= SLICE
      if (!late && text.length < CHUNK) continue
      yield text
      text = ''
      if (!late) continue
      await setImmediate()
      began = performance.now()
    }
    text += page.endFamily()
  }
  yield text + page.end()
}
