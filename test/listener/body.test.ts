/** A body is gathered whole and bounded, and in memory that its size decides, not its pieces. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { readBody } from '../../src/listener/body.ts'
import { Request } from '../../src/listener/request.ts'

interface Read {
  readonly code: string | undefined
  readonly body: Buffer
}

/** What is read of a chunked body of these pieces, and how often that was said. */
async function read(pieces: readonly string[], limit: number): Promise<Read[]> {
  const told: Read[] = []
  const server = createServer({ IncomingMessage: Request }, (req, res) => {
    readBody(req as Request, limit, (error, body) => {
      told.push({ code: error?.code, body })
      res.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => {})
  const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
  const close = 'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n'
  socket.end(`${close}${chunks.join('')}0\r\n\r\n`)
  socket.resume()
  await once(socket, 'close')
  server.close()
  return told
}

const many = (count: number, length: number): string[] =>
  Array.from({ length: count }, (_, i) => String.fromCharCode(97 + (i % 26)).repeat(length))

for (const [count, length] of [
  [1, 5],
  [2, 700],
  [63, 3],
  [64, 3],
  [65, 3],
  [5_000, 1],
  [300, 997],
] as const) {
  test(`${count} pieces of ${length} bytes come whole and in order`, async () => {
    const pieces = many(count, length)
    const told = await read(pieces, 10_000_000)
    assert.equal(told.length, 1)
    assert.equal(told[0]?.code, undefined)
    assert.equal(told[0]?.body.toString(), pieces.join(''))
  })
}

for (const count of [2, 100, 3_000]) {
  test(`${count} pieces that are a byte too much are refused, once`, async () => {
    const told = await read(many(count, 10), count * 10 - 1)
    assert.deepEqual(
      told.map(({ code, body }) => [code, body.length]),
      [['request_too_large', 0]],
    )
  })
}

test('pieces of one byte take little more than their size', async () => {
  const [told] = await read(many(200_000, 1), 1_000_000)
  assert.equal(told?.body.length, 200_000)
  // Nothing but the body itself is kept: no list of its pieces.
  assert.ok(told.body.buffer.byteLength < 500_000, `${told.body.buffer.byteLength} bytes`)
})
