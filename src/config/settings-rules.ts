/** The settings of metric rules: what else is made of the traffic. */
import { OUTCOMES } from '../exchange/outcome.ts'
import { METHODS } from '../mcp/revision.ts'
import { parsePointer } from '../telemetry/rules/pointer.ts'
import { BODY_PARTS, BUILT_IN_LABELS, type Pointed, type RuleValue } from '../telemetry/rules/rule.ts'
import { list, literals, map, maybe, noun, object, refine, type Schema, type Site, string } from './schema.ts'

/** Largest number of bounds that a series has room for. */
const MOST_BOUNDS = 60

const bound: Schema<number> = { type: 'number', [noun]: 'a number', description: 'An upper bound.', examples: [0.5] }

const PLAIN_VALUES = [1, 'duration', 'requestBytes', 'responseBytes'] as const
const VALUES = `1, duration, requestBytes, responseBytes or { from: ${BODY_PARTS.join(' | ')}, pointer: /… }`

function jsonPointer(text: string, site: Site): string {
  if (parsePointer(text) === undefined)
    site.refuse('is not a JSON Pointer', 'begin with /, for example /query; write ~ as ~0 and / as ~1')
  return text
}

const pointer = string({
  description:
    'Where in `from` it stands, as a JSON Pointer (RFC 6901). A number is itself, a text its length, a list its length.',
  examples: ['/query'],
  noun: 'a JSON Pointer',
  refine: jsonPointer,
})

/** One of several words, or a mapping: no single schema says that. */
const value: Schema<RuleValue> = {
  type: ['integer', 'string', 'object'],
  [noun]: VALUES,
  description:
    'What is added or recorded: 1 for each call, its duration in seconds, the bytes of its messages, or what a pointer finds.',
  default: 1,
  examples: ['duration'],
  [refine](given: unknown, site: Site): RuleValue {
    const plain = PLAIN_VALUES.find((word) => word === given)
    if (plain !== undefined) return plain
    const { from, pointer: text, ...others } = (typeof given === 'object' ? given : {}) as Partial<Pointed>
    const known = BODY_PARTS.find((part) => part === from)
    if (known === undefined || typeof text !== 'string' || Object.keys(others).length > 0) {
      site.refuse('is not something to record', VALUES)
      return 1
    }
    return { from: known, pointer: jsonPointer(text, site) }
  },
}

const label = object(
  {
    from: literals([...BUILT_IN_LABELS, ...BODY_PARTS], {
      description: `What the label says: ${BUILT_IN_LABELS.join(', ')}, or what \`pointer\` finds in a part of the message.`,
    }),
    pointer: maybe(pointer),
    values: maybe(
      list(string({ description: 'A value.' }), {
        description:
          'The values that a pointer may find; any other is `_other`. Needed, so that no caller invents series.',
        examples: [['fast', 'exact']],
      }),
    ),
  },
  { description: 'A label.' },
)

const rule = object(
  {
    name: string({
      pattern: '^[a-z][a-z0-9_]*(\\.[a-z0-9_]+)*$',
      noun: 'a name of lower-case words with dots between',
      description: 'Name of the metric, in the form of OpenTelemetry. `/metrics` adds unit and `_total`.',
      examples: ['vector.searches'],
    }),
    kind: literals(['counter', 'histogram'], { description: 'Kind of metric.' }),
    unit: maybe(
      string({
        pattern: '^[\\x21-\\x7e]{1,63}$',
        noun: 'a UCUM unit',
        description: 'Unit: `s`, `By`, or what is counted, as `{search}`. Unset, that of the value.',
        examples: ['{search}'],
      }),
    ),
    help: string({ description: 'What it means, in one sentence.', examples: ['Vector searches.'] }),
    match: object(
      {
        upstream: maybe(string({ description: 'Name of the upstream.' })),
        method: maybe(literals(METHODS, { description: 'MCP method.' })),
        tool: maybe(
          string({
            description: 'Name of the tool, with `*` for any characters. Calls of tools only.',
            examples: ['*search*'],
          }),
        ),
        outcome: maybe(list(literals(OUTCOMES, { description: 'An outcome.' }), { description: 'How it ended.' })),
      },
      { description: 'Which requests and notifications of downstreams it is about. What is unset matches all.' },
    ),
    value,
    labels: map(label, {
      keys: '^[a-zA-Z][a-zA-Z0-9_.-]*$',
      default: {},
      description: 'Labels, by name. A rule has at most 100 series.',
    }),
    buckets: maybe(
      list(bound, {
        description: 'Upper bounds of a histogram, rising. Unset, what suits the value.',
        examples: [[1, 10, 100]],
      }),
    ),
  },
  { description: 'A metric of your own.' },
)

export const rules = list(rule, {
  default: [],
  description: 'Metrics of your own, derived from calls; see [metric rules](metric-rules.md).',
})

/** What every histogram of a rule must keep to. */
export const boundsFault = (buckets: readonly number[]): string | undefined => {
  if (buckets.length === 0 || buckets.length > MOST_BOUNDS) return `must be 1 to ${MOST_BOUNDS} bounds`
  const rises = buckets.every((each, i) => Number.isFinite(each) && (i === 0 || each > buckets[i - 1]!))
  return rises ? undefined : 'must rise'
}
