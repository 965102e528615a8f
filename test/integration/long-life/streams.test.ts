/** 10,000 idle streams through one gateway, or as many as the limit of open files allows: all live, in bounded memory. */
import assert from 'node:assert/strict'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { it, type TestContext } from 'node:test'
import { openFilesLimit } from '../../../src/open-files.ts'
import { gatewayProcess } from '../../support/gateway.ts'
import { processUse, settles } from '../../support/measure.ts'

const WANTED = 10_000
/** Sockets that are opened at a time: fewer than a listen queue holds. */
const AT_ONCE = 200
/** Descriptors of this process and the gateway beside the streams. */
const OTHERS = 200
/** Generous: not the goal of the design, which test/bench/streams.ts measures, but what no leak stays under. */
const MOST_BYTES_EACH = 128 * 1024
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
const EVENT = 'data: all of you\n\n'
const NO = 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n'

/** Holds every stream that is asked for open. Requests for anything else, as those of a probe, are refused. */
async function origin(t: TestContext): Promise<{ readonly url: string; readonly open: ReadonlySet<Socket> }> {
  const open = new Set<Socket>()
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => {
      sockets.delete(socket)
      open.delete(socket)
    })
    socket.on('data', (data) => {
      if (!data.subarray(0, 3).equals(Buffer.from('GET'))) return socket.write(NO)
      open.add(socket)
      return socket.write(HEAD)
    })
  })
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 2 * AT_ONCE }, resolve))
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, open }
}

class Stream {
  text = ''
  readonly socket: Socket

  /** Resolves at its response head. */
  static open(port: number): Promise<Stream> {
    return new Promise((resolve, reject) => {
      const stream = new Stream(connect(port, '127.0.0.1'))
      stream.socket.once('error', reject)
      stream.socket.once('close', () => reject(new Error(`closed: ${stream.text}`)))
      stream.socket.on('data', () => stream.text.includes('\r\n\r\n') && resolve(stream))
      stream.socket.write(`GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: text/event-stream\r\n\r\n`)
    })
  }

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (data) => {
      this.text += data.toString('latin1')
    })
  }
}

it('10,000 idle streams', { timeout: 90_000 }, async (t) => {
  // Two descriptors a stream, in the gateway and in this process alike.
  const count = Math.min(WANTED, Math.floor(((openFilesLimit() ?? Number.POSITIVE_INFINITY) - OTHERS) / 2))
  if (count < WANTED) console.log(`ulimit -n allows ${count} streams instead of ${WANTED}`)
  const { url, open } = await origin(t)
  const front = await gatewayProcess(['--upstream', url])
  t.after(() => front.close())
  const port = Number(new URL(front.url).port)
  const before = await processUse(front.pid)
  const streams: Stream[] = []
  t.after(() => {
    for (const { socket } of streams) socket.destroy()
  })
  const began = performance.now()
  while (streams.length < count) {
    const next = Math.min(AT_ONCE, count - streams.length)
    streams.push(...(await Promise.all(Array.from({ length: next }, () => Stream.open(port)))))
  }
  const opened = performance.now()
  assert.equal(open.size, count)
  const { rss, sockets } = await processUse(front.pid)
  const each = (rss - before.rss) / count
  assert.ok(sockets >= 2 * count, `${sockets} sockets`)
  assert.equal(await front.metric('mcp_requests_active'), count)

  for (const { socket } of streams) assert.equal(socket.readyState, 'open')
  for (const socket of open) socket.write(`${EVENT.length.toString(16)}\r\n${EVENT}\r\n`)
  await settles(() => streams.every(({ text }) => text.includes(EVENT)), { within: 30_000, what: 'the event' })
  t.diagnostic(
    `${count} streams opened in ${((opened - began) / 1000).toFixed(1)} s, an event told to all in ${((performance.now() - opened) / 1000).toFixed(1)} s, ${(each / 1024).toFixed(1)} KiB of memory each`,
  )
  assert.ok(each <= MOST_BYTES_EACH, `${each} bytes a stream`)

  for (const { socket } of streams) socket.destroy()
  await settles(() => open.size === 0, { within: 30_000, what: 'the end of the streams at the upstream' })
  await settles(async () => (await front.metric('mcp_requests_active')) === 0, { what: 'the active exchanges' })
  await settles(async () => (await processUse(front.pid)).sockets <= before.sockets + 2, { what: 'the sockets' })
})
