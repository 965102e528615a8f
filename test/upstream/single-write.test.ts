/** A head and a small body leave together, whatever bytes they hold; everything else is written as it was. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { writeTogether } from '../../src/upstream/single-write.ts'

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, i) => i))

type Piece = Buffer | [text: string, encoding: BufferEncoding]

const bytesOf = (piece: Piece): Buffer => (Buffer.isBuffer(piece) ? piece : Buffer.from(piece[0], piece[1]))

describe('writing a request', () => {
  let received: Promise<Buffer>
  const server = createServer((socket) => {
    received = socket.toArray().then((chunks) => Buffer.concat(chunks))
    socket.resume()
  })
  before(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  after(() => server.close())

  /** What arrived, and how often the socket was asked for a plain write. */
  async function sent(pieces: readonly Piece[], connected = true): Promise<{ arrived: Buffer; plain: number }> {
    const arriving = once(server, 'connection')
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    let plain = 0
    const watched = socket as Socket & { _write: (...args: unknown[]) => void }
    const write = watched._write.bind(socket)
    watched._write = (...args) => {
      plain++
      write(...args)
    }
    writeTogether(socket)
    if (connected) await once(socket, 'connect')
    const done: Promise<unknown>[] = []
    socket.cork()
    for (const piece of pieces) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      done.push(promise)
      const told = (error?: Error | null): void => (error ? reject(error) : resolve())
      if (Buffer.isBuffer(piece)) socket.write(piece, told)
      else socket.write(piece[0], piece[1], told)
    }
    socket.uncork()
    await Promise.all(done)
    socket.end()
    await arriving
    const arrived = await received
    return { arrived, plain }
  }

  it('takes one plain write for a head and a small body, each byte as it was', async () => {
    const pieces: Piece[] = [['POST / HTTP/1.1\r\nx: \u00e9\u00ff\r\n\r\n', 'latin1'], EVERY_BYTE]
    const { arrived, plain } = await sent(pieces)
    assert.deepEqual(arrived, Buffer.concat(pieces.map(bytesOf)))
    assert.equal(plain, 1)
  })

  it('does so for a connection that is still being made', async () => {
    const pieces: Piece[] = [['head\r\n\r\n', 'latin1'], EVERY_BYTE]
    const { arrived, plain } = await sent(pieces, false)
    assert.deepEqual(arrived, Buffer.concat(pieces.map(bytesOf)))
    assert.equal(plain, 1)
  })

  const others: Record<string, Piece[]> = {
    'a large body': [['head', 'latin1'], Buffer.alloc(4_097, 0xe9)],
    'a head in UTF-8': [['h\u00e9ad', 'utf8'], EVERY_BYTE],
    'two texts': [
      ['one', 'latin1'],
      ['tw\u00f6', 'latin1'],
    ],
    'two buffers': [EVERY_BYTE, EVERY_BYTE],
    'three pieces': [['head', 'latin1'], EVERY_BYTE, EVERY_BYTE],
  }
  for (const [name, pieces] of Object.entries(others)) {
    it(`gathers ${name} as before`, async () => {
      const { arrived, plain } = await sent(pieces)
      assert.deepEqual(arrived, Buffer.concat(pieces.map(bytesOf)))
      assert.equal(plain, 0)
    })
  }
})
