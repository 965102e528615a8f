/** Messages of request bodies: compressed ones are read too, within bounds. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { requestMessages } from '../../src/inspection/request-messages.ts'

const call = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}')
const LIMIT = 1024
const nameIn = (body: Buffer, coding: string | undefined) => {
  const read = requestMessages(body, coding, LIMIT)
  return typeof read === 'string' ? read : read.messages[0]?.name
}

describe('the messages of a request', () => {
  const bodies: [string | undefined, Buffer][] = [
    [undefined, call],
    ['identity', call],
    ['gzip', gzipSync(call)],
    ['X-GZip', gzipSync(call)],
    ['deflate', deflateSync(call)],
    ['br', brotliCompressSync(call)],
    ['zstd', zstdCompressSync(call)],
    ['br, gzip', gzipSync(brotliCompressSync(call))],
  ]
  for (const [coding, body] of bodies) {
    test(`are read from ${coding ?? 'a plain body'}`, () => assert.equal(nameIn(body, coding), 'echo'))
  }

  test('are not read from a coding that is unknown', () => assert.equal(nameIn(call, 'snappy'), 'unsupported'))
  test('are not read from a body that is not what it says', () => assert.equal(nameIn(call, 'gzip'), 'corrupt'))
  test('are not read beyond the limit, whatever the compressed size', () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000, ' '))
    assert.ok(bomb.length < 20_000)
    assert.equal(nameIn(bomb, 'gzip'), 'limit')
    assert.equal(nameIn(brotliCompressSync(Buffer.alloc(10_000_000, ' ')), 'br'), 'limit')
  })
})
