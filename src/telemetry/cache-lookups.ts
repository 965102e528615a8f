/** Reads off the gateway's own caches, when metrics are collected, how often they had what was looked for. */

import type { Instruments } from './instruments.ts'
import type { AnyInstrument, SeriesStore } from './series.ts'

interface Asked {
  readonly lookups: number
  readonly misses: number
}

export function observeCaches(
  store: SeriesStore,
  { cacheLookups }: Instruments,
  names: { readonly asked: Asked },
): void {
  const figures = (cache: string): ((asked: Asked) => void) => {
    const hits = cacheLookups.bind([cache, 'hit'])
    const missed = cacheLookups.bind([cache, 'miss'])
    return ({ lookups, misses }) => {
      hits.observe(lookups - misses)
      missed.observe(misses)
    }
  }
  const ofNames = figures('names')
  const ofSeries = figures('series')
  store.observe(() => {
    ofNames(names.asked)
    ofSeries(total(store.instruments))
  })
}

function total(instruments: Iterable<AnyInstrument>): Asked {
  let lookups = 0
  let misses = 0
  for (const instrument of instruments) {
    lookups += instrument.lookups
    misses += instrument.misses
  }
  return { lookups, misses }
}
