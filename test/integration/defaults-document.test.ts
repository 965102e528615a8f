/** What docs/operations.md names is there: settings with the defaults that it tells, metrics, labels, error codes, flags. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { flags } from '../../src/config/flags.ts'
import type { Schema } from '../../src/config/schema.ts'
import { settings } from '../../src/config/settings.ts'
import { parseDuration } from '../../src/config/units.ts'
import { FAILURES } from '../../src/errors.ts'

const text = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8')
const codes = [...text.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '')

function settingOf(path: string): Schema | undefined {
  let schema: Schema | undefined = settings
  for (const key of path.split('.')) {
    const name = key.replace('[]', '')
    const any: Schema | false | undefined = name === '*' ? schema?.additionalProperties : schema?.properties?.[name]
    schema = any === false ? undefined : key.endsWith('[]') ? any?.items : any
  }
  return schema
}

test('every setting that it names is one', () => {
  const sections = Object.keys(settings.properties ?? {}).join('|')
  const named = codes
    .map((code) => code.replace(/:.*/, ''))
    .filter((code) => new RegExp(`^(${sections})(\\[\\]|\\.)`).test(code))
  assert.ok(named.length > 15)
  assert.deepEqual(
    named.filter((path) => settingOf(path) === undefined),
    [],
  )
})

test('the defaults in its table of time-outs are those of the settings', () => {
  const rows = [...text.matchAll(/\| (\d+) (s|min) \| `([^`]+)` \|/g)]
  assert.ok(rows.length >= 9)
  for (const [, amount, unit, path = ''] of rows) {
    assert.equal(settingOf(path)?.default, `${amount}${unit === 'min' ? 'm' : 's'}`, path)
  }
  for (const [, path = '', amount] of text.matchAll(/`((?:drain|routes|upstreams)[^` ]+)` (?:is|\()(?: )?(\d+) s/g)) {
    assert.equal(parseDuration(String(settingOf(path)?.default)), Number(amount) * 1000, path)
  }
})

test('every metric and label that it names is one', () => {
  // Generated, and held against the catalogue by a test of its own.
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
  const names = codes.filter((code) => /^(mcp|gen_ai|sidelight)_\w+$/.test(code))
  assert.ok(names.length > 6)
  const unknown = names.filter((name) => !page.includes(`\`${name.replace(/_(bucket|sum|count)$/, '')}\``))
  assert.deepEqual(unknown, [])
})

test('every error code and flag that it names is one', () => {
  const errors = codes.filter((code) => /_(forbidden|tls|timeout|full)$/.test(code) && !code.startsWith('proxy_'))
  assert.ok(errors.length >= 3)
  for (const code of errors) assert.ok(code in FAILURES, code)
  // curl has flags of its own.
  const used = [...text.replaceAll(/curl [^`\n]*/g, '').matchAll(/(?<=[\s`])--([a-z][a-z-]+)/g)].map(([, flag]) => flag)
  assert.ok(used.length > 3)
  for (const flag of used)
    assert.ok(
      flags.some(({ name }) => name === flag),
      flag,
    )
})
