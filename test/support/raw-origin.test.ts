/** Proves that the raw origin records what it got and closes as it is told, seen by the raw client. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { certificateAuthority } from './certificates.ts'
import { settles } from './measure.ts'
import { rawClient, requestBytes } from './raw-client.ts'
import { rawOrigin } from './raw-origin.ts'

test('records head bytes, header order and case, and the body', async (t) => {
  const origin = await rawOrigin()
  t.after(() => origin.close())
  const client = await rawClient(origin.url)
  const sent = 'POST /mcp?q=1 HTTP/1.1\r\nhOsT: a\r\nX-B:  two \r\nx-b:\r\nContent-Length: 3\r\n\r\nabc'
  await client.send(sent)
  const response = await client.response()
  client.close()

  assert.equal(response.body.toString(), '{"ok":true}')
  const [request] = origin.requests
  assert.ok(request)
  assert.equal(request.rawHead.toString(), sent.slice(0, -3))
  assert.deepEqual(request.headers, [
    ['hOsT', 'a'],
    ['X-B', 'two'],
    ['x-b', ''],
    ['Content-Length', '3'],
  ])
  assert.deepEqual([request.method, request.target, request.version], ['POST', '/mcp?q=1', 'HTTP/1.1'])
  assert.equal(request.body.toString(), 'abc')
  assert.equal(request.complete, true)
  assert.equal(origin.failures.length, 0)
})

test('reads chunked requests and says when one is cut', async (t) => {
  const origin = await rawOrigin()
  t.after(() => origin.close())
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
  const whole = await rawClient(origin.url)
  await whole.send(`${head}3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nX-T: 1\r\n\r\n`)
  await whole.response()
  const cut = await rawClient(origin.url)
  await cut.send(`${head}3\r\nab`)
  await origin.request(1)
  cut.fin()
  await origin.requests[1]?.finished
  whole.close()
  cut.close()

  assert.equal(origin.requests[0]?.body.toString(), 'abcde')
  assert.deepEqual(origin.requests[0]?.incoming.trailers, [['X-T', '1']])
  assert.equal(origin.requests[1]?.complete, false)
  assert.equal(origin.requests[1]?.incoming.wireEnd, 'fin')
})

test('keeps a connection for pipelined requests, in order, with queued behaviours first', async (t) => {
  const origin = await rawOrigin({ named: { named: (exchange) => exchange.respond({ body: 'named' }) } })
  t.after(() => origin.close())
  origin.next((exchange) => exchange.respond({ body: 'queued' }))
  const client = await rawClient(origin.url)
  const named = requestBytes({ headers: [['x-behaviour', 'named']], body: '{}' })
  await client.send(Buffer.concat([named, named, requestBytes({ body: '{}' })]))
  const bodies = [await client.response(), await client.response(), await client.response()].map(({ body }) =>
    String(body),
  )
  client.close()

  assert.deepEqual(bodies, ['queued', 'named', '{"ok":true}'])
  assert.equal(origin.connections.length, 1)
  assert.deepEqual(
    origin.requests.map((request) => request.indexOnConnection),
    [0, 1, 2],
  )
})

for (const how of ['fin', 'reset'] as const) {
  test(`sees the ${how} of a peer while a behaviour hangs`, async (t) => {
    const origin = await rawOrigin({ behaviour: async (exchange) => void (await exchange.closed) })
    t.after(() => origin.close())
    const client = await rawClient(origin.url)
    await client.send(requestBytes({ body: '{}' }))
    await origin.request()
    assert.equal(origin.open, 1)
    client[how]()
    const [connection] = origin.connections
    assert.equal(await connection?.closed, how === 'fin' ? 'fin' : 'rst')
    assert.ok(connection?.wire.endedAt !== undefined)
    assert.equal(origin.open, 0)
    client.close()
    await settles(() => connection?.destroyed, { what: 'the connection of a peer that is gone' })
  })
}

test('refuses connections and takes them again on the same port, while open ones go on', async (t) => {
  const origin = await rawOrigin()
  t.after(() => origin.close())
  const { url } = origin
  const kept = await rawClient(url)
  await kept.ask({ body: '{}' })
  await origin.refuse()
  await assert.rejects(rawClient(url), { code: 'ECONNREFUSED' })
  assert.equal((await kept.ask({ body: '{}' })).status, 200)
  await origin.listen()
  const again = await rawClient(url)
  assert.equal((await again.ask({ body: '{}' })).status, 200)
  for (const client of [kept, again]) client.close()
})

test('keeps what never became a request as stray bytes', async (t) => {
  const origin = await rawOrigin()
  t.after(() => origin.close())
  const client = await rawClient(origin.url)
  await client.send('POST / HTTP/1.1\r\nHos')
  client.fin()
  await settles(() => origin.connections[0]?.stray.toString() === 'POST / HTTP/1.1\r\nHos')
  client.close()
  assert.equal(origin.hits, 0)
})

test('a behaviour that throws is on record and ends its connection', async (t) => {
  const origin = await rawOrigin({
    behaviour: () => {
      throw new Error('faulty')
    },
  })
  t.after(() => origin.close())
  const client = await rawClient(origin.url)
  await assert.rejects(client.ask({ body: '{}' }), { wireEnd: 'fin' })
  client.close()
  assert.match(String(origin.failures), /faulty/)
})

test('speaks TLS: name asked for, client certificate, RST below the encryption', async (t) => {
  const authority = await certificateAuthority()
  const pair = await authority.issue({ name: 'upstream.test', dns: ['upstream.test'] })
  const mine = await authority.issue({ name: 'gateway', purpose: 'client' })
  const origin = await rawOrigin({ tls: { ...pair, ca: authority.cert, requestCert: true } })
  t.after(() => origin.close())
  const tls = { ca: authority.cert, servername: 'upstream.test' }

  const client = await rawClient(origin.url, { tls: { ...tls, ...mine } })
  assert.equal((await client.ask({ body: '{}' })).status, 200)
  assert.equal(origin.connections[0]?.servername, 'upstream.test')
  assert.equal(origin.connections[0]?.peerName, 'gateway')
  origin.next((exchange) => exchange.reset())
  await assert.rejects(client.ask({ body: '{}' }), { wireEnd: 'rst' })
  client.close()

  const bare = await rawClient(origin.url, { tls })
  await assert.rejects(bare.ask({ body: '{}' }), { name: 'Error' })
  bare.close()
  await settles(() => origin.handshakeFailures.length === 1, { what: 'the handshake without a certificate' })
  assert.equal(origin.hits, 2)
})

test('sees the RST of a peer below the encryption', async (t) => {
  const authority = await certificateAuthority()
  const pair = await authority.issue({ name: 'localhost', ip: ['127.0.0.1'] })
  const origin = await rawOrigin({ tls: pair, behaviour: async (exchange) => void (await exchange.closed) })
  t.after(() => origin.close())
  const client = await rawClient(origin.url, { tls: { ca: authority.cert } })
  await client.send(requestBytes({ body: '{}' }))
  await origin.request()
  client.reset()
  assert.equal(await origin.connections[0]?.closed, 'rst')
})
