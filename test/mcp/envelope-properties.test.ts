/** The envelope scanner against `JSON.parse`, and against itself with the same bytes cut anywhere. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EnvelopeScanner, scanRequest } from '../../src/mcp/envelope.ts'
import type { Envelope } from '../../src/mcp/message.ts'
import { document, message } from './envelope-documents.ts'
import { envelopesOf, isDocument, parse } from './envelope-oracle.ts'

interface Scan {
  readonly messages: readonly Envelope[]
  readonly valid: boolean
  readonly wellFormed: boolean
  readonly batch: boolean
}

/** The pieces that these places cut a document into, each in a larger chunk with foreign bytes around it. */
function scan(body: Buffer, cuts: readonly number[], strict: boolean): Scan {
  const messages: Envelope[] = []
  const scanner = new EnvelopeScanner((found) => messages.push(found), { strict, lists: true })
  const places = [0, ...cuts.map((cut) => cut % (body.length + 1)).sort((a, b) => a - b), body.length]
  for (let i = 1; i < places.length; i++) {
    const piece = body.subarray(places[i - 1], places[i])
    const before = Buffer.from('"\\{}').subarray(0, 1 + (i % 4))
    const chunk = Buffer.concat([before, piece, Buffer.from('"]}')])
    scanner.push(chunk, before.length, before.length + piece.length)
    chunk.fill(0x7d)
  }
  const valid = scanner.end()
  return { messages, valid, wellFormed: scanner.wellFormed, batch: scanner.batch }
}

const body = document.map((text) => Buffer.from(text))

test('facts are those that JSON.parse reads', () => {
  fc.assert(
    fc.property(document, (text) => {
      const { value } = parse(text) ?? assert.fail('the generator writes JSON')
      const { messages, batch, valid, wellFormed } = scanRequest(Buffer.from(text))
      const facts = messages.map((found) => ({ ...found, bytes: 0, duplicate: undefined }))
      assert.deepEqual(
        facts,
        envelopesOf(value).map((found) => ({ ...found, errorMessage: found.errorMessage?.slice(0, 256) })),
      )
      assert.deepEqual(
        { batch, valid, wellFormed },
        { batch: Array.isArray(value), valid: isDocument(value), wellFormed: true },
      )
    }),
    { numRuns: 500 },
  )
})

test('the same bytes cut at random places give the same', () => {
  fc.assert(
    fc.property(body, fc.array(fc.nat(), { maxLength: 12 }), fc.boolean(), (bytes, cuts, strict) => {
      assert.deepEqual(scan(bytes, cuts, strict), scan(bytes, [], strict))
    }),
    { numRuns: 500 },
  )
})

test('the same bytes cut at every place, and between all bytes, give the same', () => {
  fc.assert(
    fc.property(message, fc.boolean(), (text, strict) => {
      const bytes = Buffer.from(text).subarray(0, 1500)
      const whole = scan(bytes, [], strict)
      assert.deepEqual(scan(bytes, [...bytes.keys()], strict), whole)
      for (let cut = 0; cut < bytes.length; cut += 1 + (bytes.length >> 8))
        assert.deepEqual(scan(bytes, [cut], strict), whole)
    }),
    { numRuns: 40 },
  )
})

test('the length of each message of a batch is that of its text', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), (texts) => {
      const { messages } = scan(Buffer.from(` [ ${texts.join(' , ')} ] `), [], false)
      assert.deepEqual(
        messages.map(({ bytes }) => bytes),
        texts.map((text) => Buffer.byteLength(text)),
      )
    }),
    { numRuns: 100 },
  )
})

const mutation = fc.record({
  at: fc.nat(),
  remove: fc.nat(3),
  insert: fc.oneof(
    fc.constantFrom(
      ...'{}[],:"\\/-+.eE0129 \n\t\u0001\u007ftfnu'.split(''),
      '',
      '""',
      '00',
      '\\u',
      'true',
      'nul',
      '\ufeff',
      ',,',
    ),
    fc.string({ unit: 'binary', maxLength: 2 }),
  ),
})

test('strictly, a mutated document is well-formed exactly when JSON.parse takes it', () => {
  let taken = 0
  let refused = 0
  fc.assert(
    fc.property(document, fc.array(mutation, { minLength: 1, maxLength: 3 }), fc.nat(), (text, mutations, cut) => {
      const mutated = mutations.reduce((from, { at, remove, insert }) => {
        const place = at % (from.length + 1)
        return from.slice(0, place) + insert + from.slice(place + remove)
      }, text)
      const bytes = Buffer.from(mutated)
      // A byte order mark is skipped; JSON.parse refuses it.
      fc.pre(!mutated.startsWith('\ufeff'))
      const parsed = parse(bytes.toString())
      if (parsed === undefined) refused++
      else taken++
      const expected = { wellFormed: parsed !== undefined, valid: parsed !== undefined && isDocument(parsed.value) }
      const whole = scan(bytes, [], true)
      assert.deepEqual({ wellFormed: whole.wellFormed, valid: whole.valid }, expected)
      assert.deepEqual(scan(bytes, [cut], true), whole)
      // What is JSON is so without strictness too.
      if (parsed !== undefined) assert.equal(scan(bytes, [cut], false).wellFormed, true)
    }),
    { numRuns: 1000 },
  )
  assert.ok(taken > 50 && refused > 50, `${taken} taken, ${refused} refused`)
})

test('outside strings, loose reading refuses what JSON.parse refuses', () => {
  fc.assert(
    fc.property(
      document,
      fc.nat(),
      fc.constantFrom('{', '}', '[', ']', ',', ':', '1', '-', 'x'),
      (text, at, insert) => {
        const place = at % (text.length + 1)
        const mutated = text.slice(0, place) + insert + text.slice(place)
        assert.equal(
          scan(Buffer.from(mutated), [], false).wellFormed,
          parse(mutated) !== undefined || inEscape(mutated),
        )
      },
    ),
    { numRuns: 500 },
  )
})

/** Whether the only fault is a wrong escape, which loose reading does not look for. */
function inEscape(text: string): boolean {
  return parse(text.replace(/\\(?:u[0-9a-f]{4}|.)/gis, '_')) !== undefined
}
