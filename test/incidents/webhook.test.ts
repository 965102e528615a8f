/** Posting to a webhook that is slow, away or unwilling: again where that helps, never without bound, never in the way. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type Delivery, Webhook, type WebhookOptions } from '../../src/incidents/webhook.ts'
import { settles } from '../support/measure.ts'

interface Told {
  readonly url: string
  readonly bodies: string[]
  readonly headers: IncomingMessage['headers'][]
}

/** Answers the n-th request with the status that is given for n; 0 is never. */
async function receiver(
  t: TestContext,
  status: (request: number) => number,
  headers = {},
  { ports = [0], endless = false } = {},
): Promise<Told> {
  const bodies: string[] = []
  const seen: IncomingMessage['headers'][] = []
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    let body = ''
    for await (const piece of request.setEncoding('utf8')) body += piece
    bodies.push(body)
    seen.push(request.headers)
    const code = status(bodies.length)
    if (code === 0) return
    response.writeHead(code, headers).write('ok')
    if (!endless) response.end()
  })
  for (const port of ports) {
    server.listen(port, '127.0.0.1')
    if (
      await once(server, 'listening').then(
        () => true,
        () => false,
      )
    )
      break
  }
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook-secret`, bodies, headers: seen }
}

function webhook(t: TestContext, url: string, more: Partial<WebhookOptions> = {}) {
  const deliveries: Delivery[] = []
  const failures: string[] = []
  const made = new Webhook({
    url,
    headers: { authorization: 'Bearer abc' },
    timeout: 5_000,
    retries: 3,
    backoff: 1,
    onDelivery: (delivery) => deliveries.push(delivery),
    onFailure: (why) => failures.push(why),
    ...more,
  })
  t.after(() => made.close())
  return { webhook: made, deliveries, failures }
}

test('it posts JSON with the headers of the configuration, in order', async (t) => {
  const { url, bodies, headers } = await receiver(t, () => 200)
  const { webhook: hook, deliveries } = webhook(t, url)
  for (const body of ['1', '2', '3']) hook.send(body)
  await settles(() => deliveries.length === 3)
  assert.deepEqual(bodies, ['1', '2', '3'])
  assert.equal(headers[0]?.['content-type'], 'application/json')
  assert.equal(headers[0]?.authorization, 'Bearer abc')
  assert.deepEqual(deliveries, ['sent', 'sent', 'sent'])
  assert.equal(hook.idle, true)
})

test('a content type of the configuration takes the place of its own', async (t) => {
  const { url, headers } = await receiver(t, () => 200)
  const { webhook: hook, deliveries } = webhook(t, url, { headers: { 'Content-Type': 'application/cloudevents+json' } })
  hook.send('x')
  await settles(() => deliveries.length === 1)
  assert.equal(headers[0]?.['content-type'], 'application/cloudevents+json')
})

test('it reaches ports that browsers do not ask', async (t) => {
  const { url } = await receiver(t, () => 200, {}, { ports: [10_080, 6_697, 6_566, 4_190] })
  const { webhook: hook, deliveries, failures } = webhook(t, url, { retries: 0 })
  hook.send('x')
  await settles(() => deliveries.length === 1)
  assert.deepEqual([deliveries, failures], [['sent'], []])
})

test('an answer without end holds up nothing', async (t) => {
  const { url, bodies } = await receiver(t, () => 200, {}, { endless: true })
  const { webhook: hook, deliveries } = webhook(t, url, { timeout: 60_000 })
  hook.send('x')
  hook.send('y')
  await settles(() => deliveries.length === 2)
  assert.deepEqual(
    [deliveries, bodies],
    [
      ['sent', 'sent'],
      ['x', 'y'],
    ],
  )
})

test('it tries again while the other side is overloaded', async (t) => {
  const { url, bodies } = await receiver(t, (request) => [503, 429, 200][request - 1] ?? 200)
  const { webhook: hook, deliveries } = webhook(t, url)
  hook.send('x')
  await settles(() => deliveries.length === 1)
  assert.deepEqual([deliveries, bodies], [['sent'], ['x', 'x', 'x']])
})

test('it gives up after the last attempt, says so once without the URL, and goes on with the next', async (t) => {
  const { url, bodies } = await receiver(t, (request) => (request <= 4 ? 500 : 200))
  const { webhook: hook, deliveries, failures } = webhook(t, url)
  hook.send('x')
  hook.send('y')
  await settles(() => deliveries.length === 2)
  assert.deepEqual(deliveries, ['failed', 'sent'])
  assert.deepEqual(failures, ['answered 500'])
  assert.deepEqual(bodies, ['x', 'x', 'x', 'x', 'y'])
})

test('what was refused for good is not sent again, and a redirect is not followed', async (t) => {
  for (const [status, headers] of [
    [400, {}],
    [307, { location: '/elsewhere' }],
  ] as const) {
    const { url, bodies } = await receiver(t, () => status, headers)
    const { webhook: hook, deliveries, failures } = webhook(t, url)
    hook.send('x')
    await settles(() => deliveries.length === 1)
    assert.deepEqual([deliveries, failures, bodies.length], [['failed'], [`answered ${status}`], 1])
  }
})

test('nobody there is tried again, and told by a code', async (t) => {
  const gone = createServer()
  await once(gone.listen(0, '127.0.0.1'), 'listening')
  const { port } = gone.address() as AddressInfo
  await new Promise((resolve) => gone.close(resolve))
  const { webhook: hook, deliveries, failures } = webhook(t, `http://127.0.0.1:${port}/hook-secret`, { retries: 1 })
  hook.send('x')
  await settles(() => deliveries.length === 1)
  assert.deepEqual([deliveries, failures], [['failed'], ['ECONNREFUSED']])
})

test('one that never answers is left after the time limit', async (t) => {
  const silent = await receiver(t, () => 0)
  const { webhook: hook, deliveries, failures } = webhook(t, silent.url, { retries: 0, timeout: 50 })
  hook.send('x')
  await settles(() => deliveries.length === 1)
  assert.deepEqual([deliveries, failures], [['failed'], ['TimeoutError']])
})

test('no more wait than there is room for: the oldest are dropped, and counted', async (t) => {
  const silent = await receiver(t, () => 0)
  const { webhook: hook, deliveries } = webhook(t, silent.url, { queue: 5 })
  for (let i = 0; i < 1_000; i++) hook.send(String(i))
  // One is being sent.
  assert.equal(deliveries.length, 994)
  assert.ok(deliveries.every((delivery) => delivery === 'dropped'))
})

test('closing gives up at once what is being sent, and takes nothing more', async (t) => {
  const silent = await receiver(t, () => 0)
  const { webhook: hook, deliveries, failures } = webhook(t, silent.url)
  hook.send('x')
  hook.close()
  await settles(() => hook.idle)
  hook.send('y')
  assert.equal(hook.idle, true)
  assert.deepEqual([deliveries, failures], [[], []])
})
