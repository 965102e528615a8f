/** Checks that metric rules can be what they say: bounded, and by names that are free. */

import { prometheusLabel, prometheusName } from '../telemetry/prometheus-names.ts'
import type { Rule, RuleLabel } from '../telemetry/rules/rule.ts'
import { isBodyPart } from '../telemetry/rules/rule.ts'
import { capOf, RULES_SERIES, ruleDefinition } from '../telemetry/rules/rule-definition.ts'
import { at } from './errors.ts'
import { boundsFault } from './settings-rules.ts'

type Refuse = (path: string, message: string, hint?: string) => void

export interface RuleSurroundings {
  readonly upstreams: readonly string[]
  /** Names on the page that are taken, with whose they are. Asked for only where there are rules. */
  readonly taken: () => ReadonlyMap<string, string>
  /** Whether nothing at the path was refused before. */
  readonly sound: (path: string) => boolean
}

/** Refuses what no schema can tell. `path`: where the list of rules stands. */
export function checkRules(
  rules: readonly Rule[],
  path: string,
  refuse: Refuse,
  { upstreams, taken, sound }: RuleSurroundings,
): void {
  if (rules.length === 0) return
  const names = new Map(taken())
  let series = 0
  for (const [i, rule] of rules.entries()) {
    const place = at(path, i)
    if (!sound(place)) continue
    const { upstream, method, tool } = rule.match
    if (upstream !== undefined && !upstreams.includes(upstream))
      refuse(`${place}.match.upstream`, `names no upstream: ${upstream}`, `one of ${upstreams.join(', ')}`)
    if (tool !== undefined && method !== undefined && method !== 'tools/call')
      refuse(`${place}.match.method`, 'calls no tool', 'with tool, leave method out')
    checkKind(rule, place, refuse)
    for (const [name, label] of Object.entries(rule.labels)) checkLabel(label, at(`${place}.labels`, name), refuse)
    checkLabelNames(rule, place, refuse)
    claim(rule, names, place, refuse)
    series += capOf(rule)
  }
  if (series > RULES_SERIES)
    refuse(path, `may have ${series} series in all, more than ${RULES_SERIES}`, 'take labels or values away')
}

function checkKind({ kind, value, buckets }: Rule, place: string, refuse: Refuse): void {
  if (kind === 'counter' && buckets !== undefined)
    refuse(`${place}.buckets`, 'has no meaning for a counter', 'remove it, or make the kind histogram')
  if (kind === 'histogram' && value === 1)
    refuse(`${place}.value`, 'is 1 for every call, which is no histogram', 'name a value, or make the kind counter')
  const fault = buckets === undefined ? undefined : boundsFault(buckets)
  if (fault !== undefined) refuse(`${place}.buckets`, fault, 'for example [1, 10, 100]')
}

function checkLabel({ from, pointer, values }: RuleLabel, place: string, refuse: Refuse): void {
  if (!isBodyPart(from)) {
    if (pointer !== undefined) refuse(`${place}.pointer`, `has no meaning for ${from}`, 'remove it')
    if (values !== undefined)
      refuse(`${place}.values`, `has no meaning for ${from}`, 'remove it: its values are bounded')
    return
  }
  if (pointer === undefined) refuse(`${place}.pointer`, 'is missing', 'for example pointer: /mode')
  if (values === undefined || values.length === 0)
    refuse(`${place}.values`, 'is missing, so that the label is unbounded', 'list the values that matter')
}

/** What Prometheus keeps for itself. */
const RESERVED = new Set(['le', 'quantile', 'job', 'instance'])

function checkLabelNames({ labels }: Rule, place: string, refuse: Refuse): void {
  const seen = new Map<string, string>()
  for (const name of Object.keys(labels)) {
    const shown = prometheusLabel(name)
    const other = seen.get(shown)
    const where = at(`${place}.labels`, name)
    if (RESERVED.has(shown) || shown.startsWith('__')) refuse(where, 'is a name that Prometheus keeps for itself')
    else if (other !== undefined) refuse(where, `reads ${shown} in Prometheus, as ${other} does`)
    seen.set(shown, name)
  }
}

/** Whatever a histogram or counter of the name would write. */
function claim(rule: Rule, names: Map<string, string>, place: string, refuse: Refuse): void {
  const { family, sample } = prometheusName(ruleDefinition(rule))
  const owner = names.get(family) ?? names.get(sample)
  if (owner !== undefined)
    refuse(`${place}.name`, `reads ${sample} on the page, as ${owner} does`, 'choose another name')
  if (/_(bucket|sum|count|created|total|info)$/.test(family))
    refuse(
      `${place}.name`,
      `reads ${family} on the page, which ends like a part of another metric`,
      'choose another name',
    )
  names.set(family, place)
  names.set(sample, place)
}
