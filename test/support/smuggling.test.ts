/** Proves that the smuggling shapes are what they claim: a strict server refuses them, a tolerant one is fooled. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { rawClient } from './raw-client.ts'
import { rawOrigin } from './raw-origin.ts'
import { SMUGGLED, smugglingShapes } from './smuggling.ts'

// Well-formed for HTTP itself; to refuse them is the gateway's own rule.
const WELL_FORMED = /^(?:duplicate-(?:origin|mcp|authorization)|connection-names)/

test('a strict server refuses each shape that has no other answer', async (t) => {
  const targets: unknown[] = []
  const server = createServer((request, response) => {
    targets.push(request.url)
    request.resume().on('end', () => response.end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (const { name, bytes, hits } of smugglingShapes) {
    const client = await rawClient(url)
    await client.send(bytes('/mcp'))
    const { status } = await client.response()
    client.close()
    if (hits === 0 && !WELL_FORMED.test(name))
      assert.ok([400, 413].includes(status) || name === 'duplicate-host', `${name}: ${status}`)
    else assert.ok(status === 200 || hits > 0, `${name}: ${status}`)
  }
  assert.ok(!targets.includes(SMUGGLED), 'a strict server saw the hidden request')
})

test('a tolerant server is fooled by what hides behind a Content-Length', async (t) => {
  const origin = await rawOrigin()
  t.after(() => origin.close())
  const hiding = smugglingShapes.filter(({ name }) =>
    /^(?:length-then-chunked|chunked-twice|chunked-with-tab)$/.test(name),
  )
  assert.equal(hiding.length, 3)
  for (const { name, bytes } of hiding) {
    const before = origin.hits
    const client = await rawClient(origin.url)
    await client.send(bytes('/mcp'))
    await client.response()
    await client.response()
    client.close()
    assert.deepEqual(
      origin.requests.slice(before).map(({ target }) => target),
      ['/mcp', SMUGGLED],
      name,
    )
  }
})

test('every shape arrives byte for byte', async (t) => {
  const received: Buffer[] = []
  const origin = await rawOrigin({
    onConnection: ({ wire }) => wire.socket.on('data', (bytes: Buffer) => received.push(bytes)),
  })
  t.after(() => origin.close())
  for (const { name, bytes } of smugglingShapes) {
    received.length = 0
    const client = await rawClient(origin.url)
    await client.send(bytes('/mcp'))
    client.fin()
    await origin.connections.at(-1)?.closed
    client.close()
    assert.deepEqual(Buffer.concat(received), bytes('/mcp'), name)
  }
})
