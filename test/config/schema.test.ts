/** The printed JSON Schema and our own walk give the same verdict on generated documents. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { parse } from 'yaml'
import type { ConfigError } from '../../src/config/errors.ts'
import { example } from '../../src/config/example.ts'
import type { Schema } from '../../src/config/schema.ts'
import { jsonSchema, settings } from '../../src/config/settings.ts'
import { walk } from '../../src/config/walk.ts'

const printed: object = JSON.parse(JSON.stringify(jsonSchema()))
const validate = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(printed)

function errorsOf(document: unknown): ConfigError[] {
  const errors: ConfigError[] = []
  walk(settings, document, '', { folder: '/', texts: new Set(), errors, files: [] })
  return errors
}

/** Documents that fit a schema: examples, defaults, bounds, and a key present or not. */
function good(schema: Schema): fc.Arbitrary<unknown> {
  const { properties, items, additionalProperties } = schema
  if (properties) {
    const all = Object.fromEntries(Object.entries(properties).map(([key, inner]) => [key, good(inner)]))
    return fc.record(all, { requiredKeys: [...(schema.required ?? [])] })
  }
  if (items) return fc.array(good(items), { maxLength: 3 })
  if (additionalProperties) {
    const names = ['a', 'B-2', 'constructor'].filter((name) =>
      new RegExp(schema.propertyNames?.pattern ?? '').test(name),
    )
    return fc.dictionary(fc.constantFrom(...names), good(additionalProperties))
  }
  const values = [...(schema.examples ?? []), ...(schema.enum ?? []), schema.default, schema.minimum, schema.maximum]
  const stated = values.filter((value) => value !== undefined)
  if (schema.type === 'boolean') return fc.boolean()
  if (schema.type === undefined) return fc.jsonValue()
  return stated.length > 0 ? fc.constantFrom(...stated) : fc.constantFrom('x', 'a b')
}

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    ' ',
    -1,
    0,
    1,
    1.5,
    65536,
    2 ** 31,
    true,
    '10',
    '10 s',
    '-5s',
    '5KiB',
    'http://',
    'ftp://h/p',
  ),
  fc.constantFrom<unknown>(
    '/a*',
    '/a/*',
    '/*',
    'a/b',
    '/a b',
    '*',
    'https://a/',
    '[::1]',
    'a:1',
    'preserve',
    'INFO',
    {},
    [],
    [[]],
    { '': 1 },
  ),
  fc.jsonValue({ maxDepth: 2 }),
)

/** The document with one thing in it replaced, removed or added, wherever `choice` leads. */
function mutated(value: unknown, choice: readonly number[], oddity: unknown): unknown {
  const [step = 0, ...rest] = choice
  if (typeof value !== 'object' || value === null || rest.length === 0) return oddity
  const entries = Object.entries(value)
  const slot = step % (entries.length + 1)
  const entry = entries[slot]
  if (Array.isArray(value)) return entry ? value.with(slot, mutated(entry[1], rest, oddity)) : [...value, oddity]
  if (entry === undefined) return { ...value, [step % 2 ? 'extra key' : 'port']: oddity }
  if (step % 7 === 0) return Object.fromEntries(entries.filter((other) => other !== entry))
  return { ...value, [entry[0]]: mutated(entry[1], rest, oddity) }
}

test('documents made from the schema are accepted by the walk and by ajv', () => {
  fc.assert(
    fc.property(good(settings), (document) => {
      assert.ok(validate(document), JSON.stringify(validate.errors))
      assert.deepEqual(errorsOf(document), [])
    }),
    { numRuns: 300 },
  )
})

test('after a random change both give the same verdict', () => {
  const verdicts = { accepted: 0, refused: 0 }
  const steps = fc.array(fc.nat(100), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(good(settings), steps, odd, (document, choice, oddity) => {
      const changed = mutated(document, choice, oddity)
      // What is beyond JSON Schema (a URL that does not parse, a network) fits the keywords and is refused afterwards.
      const misfits = errorsOf(changed).filter(({ message }) =>
        /^(must be .*(, not |, and is empty)|is missing|is not a known|is not a valid name)/s.test(message),
      )
      const accepted = validate(changed)
      verdicts[accepted ? 'accepted' : 'refused']++
      assert.equal(
        misfits.length === 0,
        accepted,
        `${JSON.stringify(changed)} ${JSON.stringify([misfits, validate.errors])}`,
      )
    }),
    { numRuns: 1500 },
  )
  assert.ok(verdicts.accepted > 50 && verdicts.refused > 500, JSON.stringify(verdicts))
})

test('the walk and ajv agree on every kind of value', () => {
  const kinds: readonly [path: readonly string[], good: readonly unknown[], bad: readonly unknown[]][] = [
    [
      ['listen', 'port'],
      [0, 65535, 1.0],
      [-1, 65536, 1.5, '80', null, Number.NaN],
    ],
    [
      ['listen', 'host'],
      ['::', 'a'],
      ['', 1, null],
    ],
    [
      ['listen', 'hosts'],
      [[], ['*'], ['[::1]', 'A.b']],
      ['*', ['a:1'], ['::1'], [''], ['a/b']],
    ],
    [
      ['listen', 'origins'],
      [['*'], ['https://a:1'], ['vscode-webview://x']],
      [['a'], ['https://a/'], ['https://u@a'], ['null']],
    ],
    [
      ['limits', 'headTimeout'],
      ['1ms', '10s', '5m', '1h', 5],
      ['10', '1.5s', '1m30s', '5 s', '-1s', -1, 0, true],
    ],
    [
      ['limits', 'requestBytes'],
      ['1B', '4MiB', '1kB', 5],
      ['4', '4M', '4 MiB', 'MiB', -5, 1.5],
    ],
    [
      ['log', 'level'],
      ['info', 'silent'],
      ['INFO', '', 3],
    ],
    [
      ['log', 'access'],
      [true, false],
      ['true', 1, null],
    ],
    [['drain'], [{}, { lag: 0 }], [[], null, 5, { lagg: 1 }]],
  ]
  for (const [path, accepted, refused] of kinds) {
    for (const value of [...accepted, ...refused]) {
      const document = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)
      const expected = accepted.includes(value)
      assert.equal(validate(document), expected, `ajv: ${JSON.stringify(document)}`)
      assert.equal(errorsOf(document).length === 0, expected, `walk: ${JSON.stringify(document)}`)
    }
  }
})

test('the printed schema accepts the example, and names a fault in it', () => {
  const document: unknown = parse(example)
  assert.ok(validate(document), JSON.stringify(validate.errors))
  assert.equal(validate({ ...Object(document), routes: [{}] }), false)
})

test('the printed schema lets a variable stand for any plain value', () => {
  const accepted = { listen: { port: `\${PORT}`, host: `\${HOST}` }, log: { access: `\${A:-true}`, level: `\${L}` } }
  assert.ok(validate(accepted), JSON.stringify(validate.errors))
  assert.equal(validate({ listen: { port: '$PORT' } }), false)
  assert.equal(validate({ listen: `\${LISTEN}` }), false)
})

test('the printed schema describes every setting', () => {
  const undescribed: string[] = []
  const visit = (schema: Schema, path: string) => {
    if (!schema.description) undescribed.push(path)
    for (const [key, inner] of Object.entries(schema.properties ?? {})) visit(inner, `${path}.${key}`)
    if (schema.items?.properties) visit(schema.items, `${path}[]`)
    if (schema.additionalProperties && schema.additionalProperties.type === 'object')
      visit(schema.additionalProperties, `${path}.*`)
  }
  visit(settings, '')
  assert.deepEqual(undescribed, [])
})
