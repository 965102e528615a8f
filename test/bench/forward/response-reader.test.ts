/** The bench's figures are worth what its reading of responses is worth. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ResponseReader } from './response-reader.ts'

const SIZED = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
const EMPTY = 'HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n'
const CHUNKED =
  'HTTP/1.1 404 X\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=1\r\n0\r\n\r\n01234\r\n0\r\nt: 1\r\n\r\n'

function read(parts: readonly string[]): string[] {
  const seen: string[] = []
  const reader = new ResponseReader((status, bytes) => seen.push(`${status}:${bytes}`))
  for (const part of parts) reader.push(Buffer.from(part, 'latin1'))
  return seen
}

it('reads sized, empty and chunked responses wherever the bytes are cut', () => {
  for (const [text, expected] of [
    [SIZED, '200:5'],
    [EMPTY, '202:0'],
    [CHUNKED, '404:13'],
  ] as const) {
    assert.deepEqual(read([...text]), [expected])
    for (let cut = 0; cut < text.length; cut++) {
      const parts = [text.slice(0, cut), text.slice(cut)]
      assert.deepEqual(read(parts), [expected], `cut at ${cut} of ${text}`)
      assert.deepEqual(read(parts.slice(0, 1)), [], `only ${cut} bytes of ${text}`)
    }
  }
})

it('refuses bytes after a response, two lengths, none, and bad chunk sizes', () => {
  for (const text of [
    `${SIZED}x`,
    `${EMPTY}x`,
    `${CHUNKED}x`,
    'HTTP/1.1 200 OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
  ]) {
    assert.throws(() => read([text]), Error, text)
  }
})
