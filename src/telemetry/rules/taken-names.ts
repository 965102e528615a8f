/** The names on the page that no rule may have: those of the catalogue and of every view. */
import type { FamilyDef } from '../family.ts'
import { Instruments } from '../instruments.ts'
import { familyName } from '../prometheus-names.ts'
import { SeriesStore } from '../series.ts'
import { VIEWS } from '../views/views.ts'

/** Each with whose it is. Makes a whole catalogue: only where there are rules. */
export function takenNames(): ReadonlyMap<string, string> {
  const store = new SeriesStore()
  new Instruments(store)
  const taken = new Map<string, string>([['sidelight_rules_unrecorded_total', 'Sidelight itself']])
  const take = (def: FamilyDef, owner: string): void => {
    const { family, sample } = familyName(def)
    taken.set(family, owner).set(sample, owner)
  }
  for (const { name, families } of Object.values(VIEWS))
    for (const { def } of families) take({ ...def, cap: 0 } as FamilyDef, `the view ${name}`)
  for (const { def } of store.instruments) take(def, def.name)
  return taken
}
