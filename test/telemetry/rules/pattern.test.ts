/** Patterns with `*`, held against regular expressions. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compilePattern } from '../../../src/telemetry/rules/pattern.ts'

test('matches what a regular expression would', () => {
  const letters = fc.constantFrom('a', 'b', '.', '*')
  fc.assert(
    fc.property(
      fc.string({ unit: letters, maxLength: 8 }),
      fc.string({ unit: letters, maxLength: 10 }),
      (pattern, name) => {
        const expression = pattern
          .split('*')
          .map((text) => text.replaceAll('.', '\\.'))
          .join('[^]*')
        assert.equal(compilePattern(pattern)(name), new RegExp(`^${expression}$`).test(name), `${pattern} ${name}`)
      },
    ),
    { numRuns: 2000 },
  )
})

test('is done at once with a name that would keep a regular expression busy', () => {
  const matches = compilePattern(`${'*a'.repeat(30)}*b`)
  assert.equal(matches('a'.repeat(4096)), false)
})
