/** Proves that floods are whole, exact in length, and wait for their reader instead of filling memory. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { coded, hugeEvent, hugeJson, hugeStream } from './floods.ts'
import { rawClient, requestBytes } from './raw-client.ts'
import { type Behaviour, rawOrigin } from './raw-origin.ts'

const MB = 1024 * 1024

async function ask(behaviour: Behaviour) {
  const origin = await rawOrigin({ behaviour })
  const client = await rawClient(origin.url)
  const response = await client.ask({ body: '{}' })
  client.close()
  await origin.close()
  assert.deepEqual(origin.failures, [])
  return response
}

test('a huge JSON body is one document of the length it promises', async () => {
  const { body, clean } = await ask(hugeJson(3 * MB + 17))
  assert.equal(clean, true)
  assert.equal(body.length, 3 * MB + 17)
  assert.equal(JSON.parse(body.toString()).jsonrpc, '2.0')
})

test('a huge event is one event', async () => {
  const { body, clean } = await ask(hugeEvent(2 * MB))
  assert.equal(clean, true)
  assert.equal(body.length, 2 * MB + 8)
  assert.deepEqual(body.toString().match(/\n+/g), ['\n\n'])
})

test('a huge stream has events of the size asked for', async () => {
  const { body, clean } = await ask(hugeStream(1_000_500, 1000))
  assert.equal(clean, true)
  assert.equal(body.length, 1_000_500)
  assert.deepEqual(
    new Set(
      body
        .toString()
        .split('\n\n')
        .map((event) => event.length),
    ),
    new Set([998, 498, 0]),
  )
})

test('a flood waits for its reader', async () => {
  const progress = { sent: 0 }
  const origin = await rawOrigin({ behaviour: hugeJson(256 * MB, progress) })
  const client = await rawClient(origin.url)
  await client.send(requestBytes({ body: '{}' }))
  const open = await client.head()
  client.hold()
  for (let before = -1; before !== progress.sent; await delay(100)) before = progress.sent
  assert.ok(progress.sent < 64 * MB, `${progress.sent} bytes left without a reader`)
  client.release()
  await open.incoming.next()
  client.reset()
  await origin.close()
})

test('coded bodies are what they say', async () => {
  for (const [coding, inflate] of [
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
  ] as const) {
    const { behaviour, bytes } = coded(coding, '{"plain":true}')
    const response = await ask(behaviour)
    assert.equal(response.header('content-encoding'), coding)
    assert.deepEqual(response.body, bytes)
    assert.equal(inflate(response.body).toString(), '{"plain":true}')
  }
})
