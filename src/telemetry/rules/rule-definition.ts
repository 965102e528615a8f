/** The instrument that a rule makes, and the most series that it may have. */
import { OPERATION_SECONDS, SIZE_BYTES } from '../catalogue.ts'
import type { CounterDef, HistogramDef } from '../definition.ts'
import { isBodyPart, type Rule } from './rule.ts'

/** Of one rule, `_other` included. */
export const RULE_SERIES = 100

/** Of all rules together. */
export const RULES_SERIES = 500

/** For what a pointer finds: counts and lengths, mostly. */
const AMOUNTS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000, 100_000] as const

/** What of a name is not known from the value alone. */
const UNITS = { duration: 's', requestBytes: 'By', responseBytes: 'By' } as const

export function ruleDefinition(rule: Rule): CounterDef | HistogramDef {
  const { name, kind, help, value } = rule
  const unit = rule.unit ?? (typeof value === 'string' ? UNITS[value] : '')
  const common = { name, unit, help, labels: Object.keys(rule.labels), cap: capOf(rule) }
  if (kind === 'counter') return { ...common, kind }
  const usual = value === 'duration' ? OPERATION_SECONDS : typeof value === 'string' ? SIZE_BYTES : AMOUNTS
  return { ...common, kind, buckets: rule.buckets ?? usual }
}

/** Closed lists leave room for an absent value and for `_other`; whatever is built in fills what may be filled. */
export function capOf({ labels }: Pick<Rule, 'labels'>): number {
  const all = Object.values(labels)
  if (all.length === 0) return 1
  const sizes = all.map(({ from, values = [] }) => (isBodyPart(from) ? values.length + 2 : RULE_SERIES))
  return Math.min(RULE_SERIES, sizes.reduce((product, size) => product * size, 1) + 1)
}
