/** Proves that generated JSON bodies and headers carry the oddities they claim and come again from the same seed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { paramHeader, requestHeaders, responseHeaders } from './header-payloads.ts'
import { headBytes, headLength, parseHead } from './http-head.ts'
import { jsonRpcBody, ODDITIES, type Oddity } from './payloads.ts'
import { cuts, Random, seeded } from './random.ts'

const bodyWith = (oddity: Oddity, seed: number) => jsonRpcBody(new Random(seed), { kind: 'result', oddities: [oddity] })

test('the same seed makes the same bytes, another seed others', () => {
  const make = (seed: number) => {
    const random = new Random(seed)
    return random.times(20, () => jsonRpcBody(random).bytes.toString('hex')).join()
  }
  assert.equal(make(7), make(7))
  assert.notEqual(make(7), make(8))
})

test('every body but a malformed one or one with a BOM is JSON', () =>
  seeded((random) => {
    const among = ODDITIES.filter((oddity) => oddity !== 'malformed-utf8' && oddity !== 'bom')
    for (let round = 0; round < 300; round++) {
      const { bytes, kind, id } = jsonRpcBody(random, { among, hugest: 5000 })
      const parsed = JSON.parse(bytes.toString())
      assert.equal(Array.isArray(parsed), kind === 'batch')
      if (id !== undefined) assert.equal(JSON.stringify(parsed.id), id)
      if (kind === 'request' || kind === 'notification') assert.equal(typeof parsed.method, 'string')
      if (kind === 'error') assert.equal(typeof parsed.error.code, 'number')
      if (kind === 'tool-error') assert.equal(parsed.result.isError, true)
    }
  }))

// Each of these would be lost by a parse and a rewrite, which is what makes them worth sending.
const SIGNS: Readonly<Record<Exclude<Oddity, 'odd-blanks' | 'key-order'>, RegExp>> = {
  'duplicate-key': /"same":1,"same":2/,
  'exotic-number': /\b1\.0\b/,
  'huge-string': /x{32768}/,
  'deep-nesting': /\[{20}/,
  escapes: /\\u0041/,
  'raw-unicode': /[\u0080-\u{10ffff}]/u,
  'lone-surrogate': /\\u[dD][89a-fA-F]/,
  'malformed-utf8': /\ufffd/,
  bom: /^\ufeff/,
}

for (const [oddity, sign] of Object.entries(SIGNS) as Array<[Oddity, RegExp]>) {
  test(`bodies with ${oddity} show it, others do not`, () => {
    for (let seed = 0; seed < 20; seed++) {
      assert.match(bodyWith(oddity, seed).bytes.toString(), sign)
      assert.doesNotMatch(jsonRpcBody(new Random(seed), { kind: 'result', oddities: [] }).bytes.toString(), sign)
    }
  })
}

test('malformed bodies do not survive a decoding', () => {
  const { bytes } = bodyWith('malformed-utf8', 1)
  assert.notDeepEqual(Buffer.from(bytes.toString()), bytes)
})

test('blanks and key orders vary', () => {
  const texts = (oddity: Oddity) => Array.from({ length: 30 }, (_, seed) => bodyWith(oddity, seed).bytes.toString())
  assert.ok(texts('odd-blanks').some((text) => /\r\n/.test(text)))
  assert.ok(texts('key-order').some((text) => text.startsWith('{"result"')))
})

test('cuts lose nothing and cut nothing empty', () =>
  seeded((random) => {
    for (let round = 0; round < 200; round++) {
      const bytes = random.bytes(random.integer(1, 300))
      const parts = cuts(random, bytes)
      assert.deepEqual(Buffer.concat(parts), bytes)
      assert.ok(parts.every((part) => part.length > 0))
    }
    assert.deepEqual(cuts(random, Buffer.alloc(0)), [Buffer.alloc(0)])
  }))

test('header lists survive being written and read, names and latin-1 values as they were', () =>
  seeded((random) => {
    for (let round = 0; round < 200; round++) {
      for (const headers of [requestHeaders(random), responseHeaders(random)]) {
        const raw = headBytes('POST / HTTP/1.1', headers)
        assert.equal(headLength(raw), raw.length)
        assert.deepEqual(parseHead(raw).headers, headers)
      }
    }
  }))

test('a parameter header decodes to its text', () => {
  const [name, value] = paramHeader('Region', 'žluť\r\nx')
  assert.equal(name, 'Mcp-Param-Region')
  assert.equal(Buffer.from(/^=\?base64\?(.*)\?=$/.exec(value)?.[1] ?? '', 'base64').toString(), 'žluť\r\nx')
})

test('a failure names its seed', async () => {
  const failing = seeded(() => assert.fail('on purpose'), 4711)
  await assert.rejects(failing, /SIDELIGHT_TEST_SEED=4711: on purpose/)
})

test('random numbers cover their range evenly enough', () => {
  const random = new Random(1)
  const counts = new Array<number>(10).fill(0)
  for (let draw = 0; draw < 10_000; draw++) {
    const digit = random.integer(0, 9)
    counts[digit] = (counts[digit] ?? 0) + 1
  }
  for (const count of counts) assert.ok(count > 800 && count < 1200, counts.join())
})
