/** The views of a store: each as a page of its own, and those that are configured on the main page. */
import type { Family, FamilySource } from '../family.ts'
import { familyName } from '../prometheus-names.ts'
import type { AnyInstrument, SeriesStore } from '../series.ts'
import type { View } from './derivation.ts'
import { DerivedFamily } from './derived-family.ts'
import { metamcp } from './metamcp.ts'
import type { ViewName } from './names.ts'
import { pforge } from './pforge.ts'
import { shadowcat } from './shadowcat.ts'
import { tfo } from './tfo.ts'

export const VIEWS: Readonly<Record<ViewName, View>> = { pforge, shadowcat, metamcp, tfo }

export class Views {
  readonly #store: SeriesStore
  readonly #families: ReadonlyMap<ViewName, readonly DerivedFamily[]>

  /** Every instrument that a view shows must exist by now; a family whose instrument does not is left out. */
  constructor(store: SeriesStore, now: () => number = Date.now) {
    this.#store = store
    const instruments = new Map([...store.instruments].map((instrument) => [instrument.def.name, instrument]))
    this.#families = new Map(
      Object.entries(VIEWS).map(([name, view]) => [name as ViewName, familiesOf(view, instruments, now)]),
    )
  }

  /** A page of these views alone. Where two have a family of the same name, the first listed counts. */
  only(names: readonly ViewName[]): FamilySource {
    return this.#source([], names)
  }

  /** A page of everything in `base`, and of these views. A family of a view takes the place of one of that name. */
  beside(base: FamilySource, names: readonly ViewName[]): FamilySource {
    return names.length === 0 ? base : this.#source([base], names)
  }

  #source(bases: readonly FamilySource[], names: readonly ViewName[]): FamilySource {
    const taken = new Set<string>()
    const shown = names.flatMap((name) => (this.#families.get(name) ?? []).filter(({ def }) => claim(taken, def)))
    const store = this.#store
    return {
      *collect(): Iterable<Family> {
        // Also where the store itself is not shown: views are made from what its observers read.
        if (bases.length === 0) store.collect()
        for (const base of bases) for (const family of base.collect()) if (isFree(taken, family.def)) yield family
        for (const family of shown) {
          family.read()
          yield family
        }
      },
    }
  }
}

function familiesOf(
  { families }: View,
  instruments: ReadonlyMap<string, AnyInstrument>,
  now: () => number,
): DerivedFamily[] {
  return families.flatMap((derivation) => {
    const sources = derivation.parts.map(({ source }) => instruments.get(source))
    const found = sources.filter((instrument) => instrument !== undefined)
    return found.length === sources.length ? [new DerivedFamily(derivation, found, now)] : []
  })
}

type Named = Family['def']

/** What must be unique on a page: the family's name in OpenMetrics, and that of its samples in text. */
const keysOf = (def: Named): readonly string[] => {
  const { family, sample } = familyName(def)
  return [family, sample]
}

const isFree = (taken: ReadonlySet<string>, def: Named): boolean => !keysOf(def).some((key) => taken.has(key))

/** Whether nobody had the name before. */
function claim(taken: Set<string>, def: Named): boolean {
  if (!isFree(taken, def)) return false
  for (const key of keysOf(def)) taken.add(key)
  return true
}
