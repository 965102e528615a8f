/** Lines for people: readable, and harmless to a terminal. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { consoleLine } from '../../src/telemetry/console-line.ts'

const line = (fields: object) =>
  consoleLine(JSON.stringify({ level: 'warn', time: '2026-01-01T00:00:00.000Z', module: 'upstream', ...fields }))

test('says what happened first, then the facts', () => {
  const fields = {
    upstream: 'search',
    seconds: 1.5,
    ok: false,
    why: 'two words',
    empty: '',
    list: [1, 'a'],
    none: null,
    msg: 'slow',
  }
  assert.equal(
    line(fields),
    '2026-01-01T00:00:00.000Z WARN  [upstream] slow  upstream=search seconds=1.5 ok=false why="two words" empty="" list=[1,"a"] none=null\n',
  )
  assert.equal(line({ msg: 'alone' }), '2026-01-01T00:00:00.000Z WARN  [upstream] alone\n')
})

test('puts the stack of an error below', () => {
  const err = { type: 'Error', message: 'no', stack: 'Error: no\n    at a\n    at b' }
  assert.equal(
    line({ err, msg: 'failed' }),
    '2026-01-01T00:00:00.000Z WARN  [upstream] failed  err={"type":"Error","message":"no"}\n    Error: no\n    at a\n    at b\n',
  )
})

test('lets no character through that a terminal obeys, and no line end but its own', () => {
  const unit = fc.oneof(
    fc.nat(0xffff).map((code) => String.fromCharCode(code)),
    fc.constantFrom('\x1b', '\x07', '\x9b', '\r', '\n', '\u202e', '\u2028', '"', '\\'),
  )
  const text = fc.string({ unit, maxLength: 30 })
  fc.assert(
    fc.property(text, text, text, (key, value, msg) => {
      const written = line({ [`k${key}`]: value, deep: { value }, msg })
      assert.ok(written.endsWith('\n'))
      assert.doesNotMatch(written.slice(0, -1), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    }),
  )
})
