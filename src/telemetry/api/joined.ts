/** Puts what users record behind our own families, and keeps out what would clash with them. */
import type { Family, FamilySource } from '../family.ts'
import { familyName } from '../prometheus-names.ts'

/** @param refuse told of each family that is left out */
export function joined(own: FamilySource, users: readonly Family[], refuse: (metric: string) => void): FamilySource {
  return {
    *collect() {
      const taken = new Set<string>()
      for (const family of own.collect()) {
        for (const name of namesOf(family)) taken.add(name)
        yield family
      }
      for (const family of users) {
        const names = namesOf(family)
        if (names.some((name) => taken.has(name))) refuse(family.def.name)
        else {
          for (const name of names) taken.add(name)
          yield family
        }
      }
    },
  }
}

/** All names that the family has or that OpenMetrics keeps for it. */
function namesOf({ def }: Family): string[] {
  const { family, sample, type } = familyName(def)
  const suffixes = { counter: ['_created'], histogram: ['_bucket', '_sum', '_count', '_created'], gauge: [], info: [] }
  return [family, sample, ...suffixes[type].map((suffix) => family + suffix)]
}
