/** Who leaves amid a response is noticed, also behind a request that is not served any more. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { gateway, inFrontOf } from '../support/gateway.ts'

test('a large request behind a closing answer does not hide that its sender leaves', { timeout: 20_000 }, async (t) => {
  const left = Promise.withResolvers<void>()
  // Answers before the request is whole, and never ends.
  const upstream = createServer((req, res) => {
    // Not the probe's.
    if (req.url === '/pass/a') res.on('close', left.resolve)
    res.writeHead(200, { 'content-type': 'text/plain' })
    res.write('begun')
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  const g = await gateway(
    inFrontOf(`${url}/mcp`, {
      limits: { bodyTimeout: '60s' },
      routes: [{ path: '/mcp', upstream: 'upstream', passthrough: ['/pass/*'] }],
    }),
  )
  t.after(async () => {
    await g.close()
    upstream.closeAllConnections()
    upstream.close()
  })
  const { host, port } = new URL(g.url)
  const socket = connect(Number(port), '127.0.0.1')
  socket.on('error', () => {})
  const post = (length: number, body: string) =>
    `POST /pass/a HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${length}\r\n\r\n${body}`
  socket.write(post(4, 'ab'))
  const [head] = await once(socket, 'data')
  assert.match(String(head), /connection: close/i)
  socket.write(`cd${post(1_000_000, 'x'.repeat(1_000_000))}`)
  setTimeout(() => socket.destroy(), 200)
  await left.promise
})
