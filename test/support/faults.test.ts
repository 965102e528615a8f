/** Proves that every named fault really happens on the wire, seen by the raw client and by a strict parser. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { type TestContext, test } from 'node:test'
import type { Fault } from './fault-parts.ts'
import { OK_BODY } from './fault-parts.ts'
import { fault, faultBehaviours, faults } from './faults.ts'
import { NoResponse, rawClient, requestBytes } from './raw-client.ts'
import { type RawOrigin, rawOrigin } from './raw-origin.ts'

async function originOf(t: TestContext, { behaviour, onConnection }: Fault): Promise<RawOrigin> {
  const origin = await rawOrigin({ behaviour, ...(onConnection ? { onConnection } : {}) })
  t.after(() => origin.close())
  return origin
}

function requestOf({ method = 'POST' }: Fault): Buffer {
  return requestBytes(method === 'POST' ? { method, body: '{}' } : { method })
}

/** One word for what the raw client sees: the status and how its body ended, or how the connection ended without. */
async function seenRaw(t: TestContext, each: Fault): Promise<string> {
  const origin = await originOf(t, each)
  const client = await rawClient(origin.url, { within: 10_000 })
  t.after(() => client.close())
  await client.send(requestOf(each))
  try {
    const { status, end, wireEnd, body } = await client.response(each.method)
    const text = body.toString() === OK_BODY ? '' : ` ${body.length}`
    return `${status} ${[end, end === 'broken' ? wireEnd : undefined].filter(Boolean).join(' ')}${text}`
  } catch (error) {
    if (error instanceof NoResponse) return `none ${error.wireEnd}`
    throw error
  }
}

const SEEN: Readonly<Record<string, string>> = {
  'close-on-accept': 'none fin',
  'reset-before-head': 'none rst',
  'close-before-head': 'none fin',
  'close-mid-head': 'none fin',
  'reset-mid-length': '200 broken rst 8',
  'close-mid-length': '200 broken fin 8',
  'reset-mid-chunked': '200 broken rst',
  'close-without-last-chunk': '200 broken fin',
  'close-mid-chunk': '200 broken fin',
  'close-mid-trailer': '200 broken fin',
  'reset-mid-stream': '200 broken rst 288',
  'close-mid-stream': '200 broken fin 288',
  'reset-stream-before-answer': '200 broken rst 288',
  'reset-stream-behind-answer': '200 broken rst 52',
  'stream-without-answer': '200 chunked 288',
  'reset-mid-chunked-closing': '200 broken rst',
  'reset-mid-length-closing': '200 broken rst',
  'close-mid-stream-closing': '200 broken fin 288',
  'reset-close-delimited': '200 broken rst',
  'bad-chunk-size': '200 malformed',
  'chunk-longer-than-said': '200 malformed 3',
  garbage: 'none fin',
  'tls-alert': 'none fin',
  'switching-unasked': '101 none 0',
  'status-99': '99 length',
  'status-999': '999 length 71',
  'status-1000': '1000 length',
  'early-response-closed': '413 length 71',
  'early-response-unread': '413 length 71',
  'http10-to-close': '200 close',
  'close-delimited': '200 close',
  'trailer-on-204': '204 none 0',
  'not-modified': '304 none 0',
  unavailable: '503 length 5',
}

for (const [name, seen] of Object.entries(SEEN)) {
  test(`${name} is seen as: ${seen}`, async (t) => assert.equal(await seenRaw(t, fault(name)), seen))
}

const readable = faults.filter(({ expect }) => expect.end === 'clean' && expect.body === OK_BODY)
for (const each of readable.filter(({ name }) => SEEN[name] === undefined)) {
  test(`${each.name} can be read to a clean end`, async (t) => {
    assert.match(await seenRaw(t, each), /^200 (?:length|chunked)$/)
  })
}

for (const name of ['hang-before-head', 'hang-mid-head', 'hang-mid-body', 'silent-stream', 'endless-stream']) {
  test(`${name} does not end by itself, and ends when the peer goes`, async (t) => {
    const each = fault(name)
    const origin = await originOf(t, each)
    const client = await rawClient(origin.url, { within: 150 })
    await client.send(requestOf(each))
    await assert.rejects(client.response(each.method), { wireEnd: undefined })
    client.reset()
    assert.equal(await origin.connections[0]?.closed, 'rst')
    assert.deepEqual([origin.hits, origin.failures.length], [1, 0])
  })
}

test('reset-on-accept resets before any request', async (t) => {
  const origin = await originOf(t, fault('reset-on-accept'))
  // The RST can come before the connect is seen, or after.
  const ending = rawClient(origin.url).then(async (client) => (await client.everything()).end)
  assert.match(await ending.catch((error: NodeJS.ErrnoException) => String(error.code)), /^(?:rst|ECONNRESET)$/)
  assert.equal(origin.hits, 0)
})

test('reset-on-next-request answers the first request and resets on the second', async (t) => {
  const origin = await originOf(t, fault('reset-on-next-request'))
  const client = await rawClient(origin.url)
  assert.equal((await client.ask({ body: '{}' })).body.toString(), OK_BODY)
  assert.equal(client.end, undefined)
  await assert.rejects(client.ask({ body: '{}' }), { wireEnd: 'rst' })
  assert.equal(origin.hits, 1)
})

test('early-response-unread loses its answer or not, but never reads a large request', async (t) => {
  const origin = await originOf(t, fault('early-response-unread'))
  const client = await rawClient(origin.url)
  const sending = client.send(requestBytes({ body: Buffer.alloc(32 * 1024 * 1024) }))
  const { end } = await client.everything()
  assert.equal(await sending, false)
  assert.equal(end, 'rst')
  assert.ok((origin.requests[0]?.body.length ?? 0) < 1024 * 1024)
})

/** The code with which Node's own client refuses the response, or undefined when it reads it to the end. */
function seenStrict(origin: RawOrigin): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asking = request(origin.url, { method: 'POST', headers: { 'content-length': 2 } })
    const fail = (error: NodeJS.ErrnoException) => resolve(error.code)
    asking.on('error', fail)
    asking.on('response', (response) =>
      response
        .on('error', fail)
        .on('end', () => resolve(undefined))
        .resume(),
    )
    asking.end('{}')
  })
}

// What a tolerant reader would let pass is a fault only if a strict one objects.
const offending = faults.filter(({ expect, onConnection }) => expect.statuses[0] === 502 && !onConnection)
for (const each of [...offending, fault('bad-chunk-size'), fault('nul-in-header'), fault('huge-head')]) {
  if (each.name === 'switching-unasked' || each.name === 'status-999') continue
  test(`${each.name} is refused by a strict parser`, async (t) => {
    assert.match(String(await seenStrict(await originOf(t, each))), /^(?:HPE_|ECONNRESET|EPIPE)/)
  })
}

test('every fault has a name of its own and answers to it', () => {
  assert.equal(Object.keys(faultBehaviours).length, faults.length)
})
