/** A body that is taken as it is parsed is whole, in order, told once, and leaves its connection as a stream would. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Request } from '../../src/listener/request.ts'

type Serve = (req: Request, res: ServerResponse) => void

/** A connection to a server whose requests go to `serve`. */
async function connected(serve: Serve): Promise<Socket & AsyncDisposable> {
  const server = createServer({ IncomingMessage: Request }, serve)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  const close = async (): Promise<void> => {
    socket.destroy()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return Object.assign(socket, { [Symbol.asyncDispose]: close }) as Socket & AsyncDisposable
}

const post = (body: string): string => `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`

/** Reads until `count` answers have come. */
async function answers(socket: Socket, count: number): Promise<string[]> {
  let all = ''
  while ((all.match(/\r\n\r\n<[^>]*>/g) ?? []).length < count) all += String((await once(socket, 'data'))[0])
  return [...all.matchAll(/\r\n\r\n<([^>]*)>/g)].map((found) => found[1] as string)
}

const echo: Serve = (req, res) => {
  let body = ''
  req.takeBody((piece) => {
    if (piece === null) res.end(`<${body}>`)
    else body += piece
  })
}

test('a body comes whole, and the connection goes on', async () => {
  await using socket = await connected(echo)
  for (const body of ['one', 'two']) {
    socket.write(post(body))
    assert.deepEqual(await answers(socket, 1), [body])
  }
})

test('a body that comes in pieces, chunked or not, keeps their order', async () => {
  await using socket = await connected(echo)
  const whole = post('abcdef')
  for (let i = 0; i < whole.length; i += 7) {
    socket.write(whole.slice(i, i + 7))
    await turn()
  }
  assert.deepEqual(await answers(socket, 1), ['abcdef'])
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
  await turn()
  socket.write('2\r\nde\r\n0\r\n\r\n')
  assert.deepEqual(await answers(socket, 1), ['abcde'])
})

test('pipelined requests each have their own', async () => {
  await using socket = await connected(echo)
  socket.write(post('one') + post('two') + post('three'))
  assert.deepEqual(await answers(socket, 3), ['one', 'two', 'three'])
})

test('what has come before it is taken is not lost', async () => {
  await using socket = await connected((req, res) => setImmediate(() => echo(req, res)))
  socket.write(post('one') + post('two'))
  assert.deepEqual(await answers(socket, 2), ['one', 'two'])
})

test('a body that nobody takes is a stream', async () => {
  await using socket = await connected(async (req, res) => res.end(`<${await text(req)}>`))
  socket.write(post('one') + post('two'))
  assert.deepEqual(await answers(socket, 2), ['one', 'two'])
})

test('a body that nobody wants does not block the connection', async () => {
  await using socket = await connected((_req, res) => res.end('<no>'))
  socket.write(post('x'.repeat(100_000)) + post('y'))
  assert.deepEqual(await answers(socket, 2), ['no', 'no'])
})

test('once it flows as a stream, who took it hears no more, not even of the end', async () => {
  const heard: (string | null)[] = []
  const ended = Promise.withResolvers<void>()
  await using socket = await connected((req) => {
    req.takeBody((piece) => {
      heard.push(piece === null ? null : String(piece))
      req.once('end', ended.resolve).resume()
    })
  })
  socket.write(post('abcdef').slice(0, -3))
  await pause(10)
  socket.write('def')
  await ended.promise
  assert.deepEqual(heard, ['abc'])
})

test('a response before the end of the body ends the taking, and the rest is read off the wire', async () => {
  const heard: (string | null)[] = []
  let first = true
  await using socket = await connected((req, res) => {
    if (!first) {
      echo(req, res)
      return
    }
    first = false
    req.takeBody((piece) => {
      heard.push(piece === null ? null : String(piece))
      if (heard.length === 1) res.end('<early>')
    })
  })
  socket.write(post('abcdef').slice(0, -3))
  assert.deepEqual(await answers(socket, 1), ['early'])
  socket.write(`def${post('next')}`)
  assert.deepEqual(await answers(socket, 1), ['next'])
  assert.deepEqual(heard, ['abc'])
})

test('who leaves amid the body has not sent it whole', async () => {
  const heard: (string | null)[] = []
  const closed = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<Request>()
  await using socket = await connected((req, res) => {
    res.once('close', closed.resolve)
    req.takeBody((piece) => {
      heard.push(piece === null ? null : String(piece))
      begun.resolve(req)
    })
  })
  socket.write(post('abcdef').slice(0, -3))
  const req = await begun.promise
  socket.destroy()
  await closed.promise
  assert.deepEqual(heard, ['abc'])
  assert.equal(req.complete, false)
  assert.equal(req.readableEnded, false)
})

test('an idle connection keeps nothing of the request that it carried', async () => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  let last: WeakRef<Request> | undefined
  await using socket = await connected((req, res) => {
    last = new WeakRef(req)
    echo(req, res)
  })
  socket.write(post('one'))
  assert.deepEqual(await answers(socket, 1), ['one'])
  for (let i = 0; i < 50 && last?.deref() !== undefined; i++) {
    await pause(10)
    gc()
  }
  assert.equal(last?.deref(), undefined)
})
