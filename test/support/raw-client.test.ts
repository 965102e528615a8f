/** Proves that the raw client sends what it is told and reads responses exactly, against Node's own server. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { settles } from './measure.ts'
import { NoResponse, rawClient, requestBytes } from './raw-client.ts'
import { rawOrigin } from './raw-origin.ts'

async function nodeServer(t: TestContext, listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

/** Answers with the request's own body. */
const echo: RequestListener = (request, response) => void request.pipe(response)

test('reads a chunked response: chunk sizes, trailers, names in their own case', async (t) => {
  const { url } = await nodeServer(t, (request, response) => {
    request.resume()
    response.writeHead(200, { 'X-MiXed': 'yes', Trailer: 'X-Sum' })
    response.write('abc')
    response.addTrailers({ 'X-Sum': '1' })
    setTimeout(() => response.end('de'), 20)
  })
  const client = await rawClient(url)
  const response = await client.ask({ body: '{}' })
  client.close()
  assert.equal(response.body.toString(), 'abcde')
  assert.deepEqual(response.chunkSizes, [3, 2])
  assert.deepEqual(response.trailers, [['X-Sum', '1']])
  assert.deepEqual(
    [response.end, response.clean, response.version, response.reason],
    ['chunked', true, 'HTTP/1.1', 'OK'],
  )
  assert.ok(response.headers.some(([name]) => name === 'X-MiXed'))
})

test('collects interim responses and answers an Expect by hand', async (t) => {
  const { url } = await nodeServer(t, (request, response) => {
    response.writeEarlyHints({ link: '</x>; rel=preload' }, () => echo(request, response))
  })
  const client = await rawClient(url)
  await client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n')
  await client.send('{}')
  const response = await client.response()
  client.close()
  assert.deepEqual(
    response.interim.map((head) => head.startLine),
    ['HTTP/1.1 100 Continue', 'HTTP/1.1 103 Early Hints'],
  )
  assert.equal(response.body.toString(), '{}')
})

test('reads pipelined responses one after the other, bodiless ones too', async (t) => {
  const { url } = await nodeServer(t, (request, response) => {
    request.resume()
    response.statusCode = request.url === '/none' ? 204 : 200
    if (request.url !== '/none') response.setHeader('content-length', 2)
    response.end(request.url === '/none' ? undefined : request.url)
  })
  const client = await rawClient(url)
  const ask = (method: string, target: string) => requestBytes({ method, target })
  await client.send(Buffer.concat([ask('GET', '/a'), ask('HEAD', '/b'), ask('GET', '/none'), ask('GET', '/c')]))
  assert.equal((await client.response('GET')).body.toString(), '/a')
  const head = await client.response('HEAD')
  assert.deepEqual([head.header('content-length'), head.body.length, head.end], ['2', 0, 'none'])
  assert.equal((await client.response('GET')).status, 204)
  assert.equal((await client.response('GET')).body.toString(), '/c')
  client.close()
})

test('sends bytes cut at any place', async (t) => {
  const pieces: number[] = []
  const { url, server } = await nodeServer(t, echo)
  server.on('connection', (socket) => socket.on('data', (bytes) => pieces.push(bytes.length)))
  const client = await rawClient(url)
  const bytes = requestBytes({ body: '{"a":1}' })
  await client.sendCut(bytes, [1, 5, bytes.length - 3], 15)
  const response = await client.response()
  client.close()
  assert.equal(response.body.toString(), '{"a":1}')
  assert.ok(pieces.length >= 2, `arrived in ${pieces.length} pieces`)
  assert.equal(
    pieces.reduce((sum, length) => sum + length),
    bytes.length,
  )
})

for (const how of ['fin', 'reset', 'close'] as const) {
  test(`${how} in the middle of a request body reaches the server`, async (t) => {
    let code: string | undefined
    let begun = false
    const { url } = await nodeServer(t, (request) => {
      begun = true
      request.on('error', (error: NodeJS.ErrnoException) => {
        code = error.code
      })
    })
    const client = await rawClient(url)
    await client.send(requestBytes({ body: 'x'.repeat(100) }).subarray(0, -50))
    await settles(() => begun)
    client[how]()
    await settles(() => code === 'ECONNRESET' || code === 'HPE_INVALID_EOF_STATE', { what: 'the broken request' })
    client.close()
  })
}

test('not reading makes the other side wait, and reading on loses nothing', async (t) => {
  const total = 64 * 1024 * 1024
  const progress = { written: 0 }
  const origin = await rawOrigin({
    behaviour: async (exchange) => {
      await exchange.head(200, [['Content-Length', String(total)]])
      const piece = Buffer.alloc(1024 * 1024)
      while (progress.written < total && (await exchange.write(piece))) progress.written += piece.length
    },
  })
  t.after(() => origin.close())
  const client = await rawClient(origin.url)
  await client.send(requestBytes({ body: '{}' }))
  const open = await client.head()
  let before = -1
  await settles(
    () => {
      const still = progress.written === before
      before = progress.written
      return still
    },
    { every: 100, what: 'the stalled writer' },
  )
  assert.ok(progress.written < total, 'everything was written although nothing was read')
  await open.incoming.rest({ keep: false })
  client.close()
  assert.equal(open.incoming.end, 'length')
  assert.equal(open.incoming.bytes, total)
})

test('gives up in time and says how much had come', async (t) => {
  const { url } = await nodeServer(t, () => {})
  const client = await rawClient(url, { within: 50 })
  await assert.rejects(
    client.ask({ body: '{}' }),
    (error) => error instanceof NoResponse && error.wireEnd === undefined,
  )
  client.close()
})

test('everything() returns the raw bytes and how the connection ended', async (t) => {
  const { url } = await nodeServer(t, echo)
  const client = await rawClient(url)
  await client.send('nonsense\r\n\r\n')
  const { bytes, end } = await client.everything()
  client.close()
  assert.match(bytes.toString(), /^HTTP\/1\.1 400 Bad Request\r\n/)
  assert.equal(end, 'fin')
})
