/** The end of a JSON string, sixteen bytes at a time: as byte by byte, whatever stands where and wherever it is cut. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CUT, CUT_ESCAPED, plainEnd, stringEnd } from '../../src/mcp/string-end.ts'

const crowded = fc
  .array(fc.constantFrom(...Buffer.from('"\\\\\\aé')), { maxLength: 80 })
  .map((bytes) => Buffer.from(bytes))
const sparse = fc
  .array(
    fc.oneof({ weight: 30, arbitrary: fc.constant(0x61) }, { weight: 1, arbitrary: fc.constantFrom(0x22, 0x5c) }),
    {
      maxLength: 200,
    },
  )
  .map((bytes) => Buffer.from(bytes))

test('agrees with looking at each byte, between any two places', () => {
  fc.assert(
    fc.property(fc.oneof(crowded, sparse), (bytes) => {
      for (let from = 0; from < Math.min(bytes.length, 20); from++) {
        for (const to of [bytes.length, bytes.length - 1, from + 16, from + 17, from + 1, from]) {
          if (to < from || to > bytes.length) continue
          assert.equal(
            stringEnd(bytes, from, to),
            plainEnd(bytes, from, to),
            `${from}–${to} of ${bytes.toString('hex')}`,
          )
        }
      }
    }),
  )
})

test('goes on behind what it takes in one go, also where that ends with a backslash', () => {
  const span = 64 * 1024
  for (const slashes of [0, 1, 2, 3, 40]) {
    const bytes = Buffer.alloc(3 * span, 'x')
    bytes.fill('\\', span - slashes, span)
    bytes[span] = 0x22
    bytes[2 * span + 5] = 0x22
    assert.equal(stringEnd(bytes, 0, bytes.length), slashes % 2 === 0 ? span + 1 : 2 * span + 6)
  }
})

test('tells an escape that is cut from one that is whole', () => {
  assert.equal(stringEnd(Buffer.from('ab\\'), 0, 3), CUT_ESCAPED)
  assert.equal(stringEnd(Buffer.from('ab\\\\'), 0, 4), CUT)
  assert.equal(stringEnd(Buffer.from('ab\\"'), 0, 4), CUT)
  const row = Buffer.alloc(16, '\\')
  assert.equal(stringEnd(row, 0, 16), CUT)
  assert.equal(stringEnd(row, 0, 15), CUT_ESCAPED)
})
