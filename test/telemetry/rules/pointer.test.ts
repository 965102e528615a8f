/** JSON Pointers, by the examples of RFC 6901 and beyond. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePointer, resolvePointer } from '../../../src/telemetry/rules/pointer.ts'

const DOCUMENT = {
  foo: ['bar', 'baz'],
  '': 0,
  'a/b': 1,
  'c%d': 2,
  'e^f': 3,
  'g|h': 4,
  'i\\j': 5,
  'k"l': 6,
  ' ': 7,
  'm~n': 8,
}

const find = (text: string, document: unknown = DOCUMENT) => resolvePointer(document, parsePointer(text)!)

test('finds what RFC 6901 says', () => {
  assert.equal(find(''), DOCUMENT)
  assert.equal(find('/foo'), DOCUMENT.foo)
  const found = ['/foo/0', '/', '/a~1b', '/c%d', '/e^f', '/g|h', '/i\\j', '/k"l', '/ ', '/m~0n'].map((text) =>
    find(text),
  )
  assert.deepEqual(found, ['bar', 0, 1, 2, 3, 4, 5, 6, 7, 8])
  assert.equal(find('/~01', { '~1': 'x' }), 'x')
})

test('finds nothing where there is nothing, and nothing that was not written', () => {
  for (const text of ['/x', '/foo/2', '/foo/01', '/foo/-', '/foo/length', '/foo/0/0', '/__proto__', '/constructor'])
    assert.equal(find(text), undefined, text)
  for (const document of [undefined, null, 7, 'text']) assert.equal(find('/x', document), undefined)
})

test('is refused when it is none', () => {
  for (const text of ['foo', '#/foo', '/a~', '/a~2b', 'a/b']) assert.equal(parsePointer(text), undefined, text)
})
