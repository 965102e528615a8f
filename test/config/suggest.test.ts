/** Suggestions for mistyped words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from '../../src/config/suggest.ts'

const words = ['url', 'required', 'requestBytes', 'keepAlive', 'port', 'hosts']

test('finds words mistyped by a letter, a swap, case or separators', () => {
  const meant = ['ulr', 'urll', 'requird', 'request_bytes', 'keep-alive', 'KeepAlve', 'prot', 'host'].map((word) =>
    nearest(word, words),
  )
  assert.deepEqual(meant, ['url', 'url', 'required', 'requestBytes', 'keepAlive', 'keepAlive', 'port', 'hosts'])
})

test('suggests nothing for words that are far from all', () => {
  assert.deepEqual(
    ['', 'x', 'timeout', 'upstreams'].map((word) => nearest(word, words)),
    [undefined, undefined, undefined, undefined],
  )
})
