/** Metric rules in the configuration: what is taken, and what is refused where and why. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkRules } from '../../src/config/checks-rules.ts'
import { type ConfigError, faulty } from '../../src/config/errors.ts'
import { object } from '../../src/config/schema.ts'
import { rules as rulesSchema } from '../../src/config/settings-rules.ts'
import { type Reading, walk } from '../../src/config/walk.ts'
import type { Rule } from '../../src/telemetry/rules/rule.ts'
import { takenNames } from '../../src/telemetry/rules/taken-names.ts'

const settings = object({ rules: rulesSchema }, {})

function read(document: object): { rules: readonly Rule[]; errors: readonly ConfigError[] } {
  const reading: Reading = { folder: '/', texts: new Set(), errors: [], files: [] }
  const { rules } = walk(settings, document, '', reading)
  const { errors } = reading
  checkRules(rules, 'rules', (path, message, hint) => errors.push({ path, message, hint }), {
    upstreams: ['one', 'two'],
    taken: takenNames,
    sound: (path) => !faulty(errors, path),
  })
  return { rules, errors }
}

const good = { name: 'own.calls', kind: 'counter', help: 'Own.' }

/** Path and message of every error of one rule. */
const faults = (...rules: object[]) => read({ rules }).errors.map(({ path, message }) => `${path}: ${message}`)

test('a rule that says little matches all calls and counts them', () => {
  const { rules, errors } = read({
    rules: [
      { ...good, match: {} },
      { ...good, name: 'more' },
    ],
  })
  assert.deepEqual(errors, [])
  assert.deepEqual({ ...rules[0] }, { ...rules[1], name: 'own.calls' })
  assert.equal(rules[0]?.value, 1)
  assert.deepEqual(rules[0]?.labels, {})
})

test('a rule may say everything', () => {
  const everything = {
    name: 'own.amount',
    kind: 'histogram',
    unit: '{item}',
    help: 'Amounts.',
    match: { upstream: 'one', method: 'tools/call', tool: '*find*', outcome: ['ok', 'tool_error'] },
    value: { from: 'arguments', pointer: '/a~1b/0' },
    labels: { tool: { from: 'tool' }, mode: { from: 'meta', pointer: '/mode', values: ['x', 'y'] } },
    buckets: [0.5, 1, 2.5],
  }
  const { rules, errors } = read({ rules: [everything] })
  assert.deepEqual(errors, [])
  assert.deepEqual(rules[0]?.value, everything.value)
  assert.deepEqual(rules[0]?.match, everything.match)
})

describe('refused is', () => {
  for (const value of [
    '/query',
    { from: 'arguments' },
    { from: 'body', pointer: '/a' },
    2,
    [],
    { from: 'meta', pointer: '/', x: 1 },
  ])
    test(`the value ${JSON.stringify(value)}`, () => {
      const [fault, ...more] = faults({ ...good, value })
      assert.match(fault ?? '', /^rules\[0\]\.value: (is not something to record|must be )/)
      assert.deepEqual(more, [])
    })

  test('a bad pointer, in a value and in a label', () => {
    const labels = { x: { from: 'result', pointer: 'x', values: ['a'] } }
    assert.deepEqual(faults({ ...good, value: { from: 'result', pointer: '/a~2' }, labels }), [
      'rules[0].value: is not a JSON Pointer',
      'rules[0].labels.x.pointer: is not a JSON Pointer',
    ])
  })

  test('a label that is unbounded', () => {
    const labels = {
      a: { from: 'arguments', pointer: '/a' },
      b: { from: 'meta', values: ['x'] },
      c: { from: 'result', pointer: '/c', values: [] },
      d: { from: 'sessionId' },
    }
    const found = faults({ ...good, labels })
    assert.equal(found.filter((fault) => fault.startsWith('rules[0].labels.d.from: must be one of')).length, 1)
    const { d: _, ...others } = labels
    assert.deepEqual(faults({ ...good, labels: others }), [
      'rules[0].labels.a.values: is missing, so that the label is unbounded',
      'rules[0].labels.b.pointer: is missing',
      'rules[0].labels.c.values: is missing, so that the label is unbounded',
    ])
  })

  test('what has no meaning for a label that is built in', () => {
    assert.deepEqual(faults({ ...good, labels: { tool: { from: 'tool', pointer: '/x', values: ['a'] } } }), [
      'rules[0].labels.tool.pointer: has no meaning for tool',
      'rules[0].labels.tool.values: has no meaning for tool',
    ])
  })

  test('a name that is taken on the page, by us, a view or another rule', () => {
    const names = [
      'mcp.requests',
      'sidelight.uptime.seconds',
      'pforge.requests',
      'sidelight.rules.unrecorded',
      'own',
      'own',
    ]
    assert.deepEqual(
      faults(...names.map((name) => ({ ...good, name, unit: name.includes('uptime') ? 's' : undefined })).map(clean)),
      [
        'rules[0].name: reads mcp_requests_total on the page, as mcp.requests does',
        'rules[1].name: reads sidelight_uptime_seconds_total on the page, as sidelight.uptime does',
        'rules[2].name: reads pforge_requests_total on the page, as the view pforge does',
        'rules[3].name: reads sidelight_rules_unrecorded_total on the page, as Sidelight itself does',
        'rules[5].name: reads own_total on the page, as rules[4] does',
      ],
    )
  })

  for (const name of ['Own', 'own-calls', '1own', 'own..x', 'own.', 'öwn', ''])
    test(`the name "${name}"`, () => assert.equal(faults({ ...good, name }).length, 1))

  test('a name that ends like a part of another metric', () => {
    const own = { ...good, kind: 'histogram', value: 'duration', unit: '{x}' }
    for (const name of ['own.sum', 'own.count', 'own_bucket', 'own.total'])
      assert.equal(faults({ ...own, name }).length, 1, name)
  })

  test('a label by a name that Prometheus keeps, or that reads like another', () => {
    const tool = { from: 'tool' }
    assert.deepEqual(faults({ ...good, labels: { le: tool, job: tool, 'a.b': tool, a_b: tool } }), [
      'rules[0].labels.le: is a name that Prometheus keeps for itself',
      'rules[0].labels.job: is a name that Prometheus keeps for itself',
      'rules[0].labels.a_b: reads a_b in Prometheus, as a.b does',
    ])
  })

  test('what does not fit together', () => {
    const histogram = { ...good, kind: 'histogram', value: 'duration' }
    assert.deepEqual(faults({ ...good, match: { upstream: 'three' } }), [
      'rules[0].match.upstream: names no upstream: three',
    ])
    assert.deepEqual(faults({ ...good, match: { tool: 'x', method: 'tools/list' } }), [
      'rules[0].match.method: calls no tool',
    ])
    assert.deepEqual(faults({ ...good, buckets: [1] }), ['rules[0].buckets: has no meaning for a counter'])
    assert.deepEqual(faults({ ...histogram, buckets: [1, 1] }), ['rules[0].buckets: must rise'])
    assert.deepEqual(faults({ ...histogram, buckets: [] }), ['rules[0].buckets: must be 1 to 60 bounds'])
    assert.deepEqual(faults({ ...good, kind: 'histogram' }), [
      'rules[0].value: is 1 for every call, which is no histogram',
    ])
    assert.match(faults({ ...good, match: { method: 'tools/cal' } })[0] ?? '', /must be one of/)
  })

  test('more series than all rules together may have', () => {
    const labels = { tool: { from: 'tool' } }
    const many = Array.from({ length: 6 }, (_, i) => ({ ...good, name: `own${i}`, labels }))
    assert.deepEqual(faults(...many.slice(1)), [])
    assert.deepEqual(faults(...many), ['rules: may have 600 series in all, more than 500'])
  })
})

const clean = (rule: object) => JSON.parse(JSON.stringify(rule)) as object
