/** Nothing waits for what comes after it: heads, events, early answers, interim responses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CRLF, headBytes } from '../support/http-head.ts'
import { settles } from '../support/measure.ts'
import { type OpenResponse, requestBytes } from '../support/raw-client.ts'
import { between } from './bytes-between.ts'

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}'

/** Opened by one side when the other may go on. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}

async function bytes(response: OpenResponse, length: number): Promise<string> {
  let text = ''
  while (text.length < length) {
    const piece = await response.incoming.next()
    assert.ok(piece !== undefined, `the body ended after ${JSON.stringify(text)}`)
    text += piece.toString('latin1')
  }
  return text
}

const HEADS = [
  [
    'an event stream',
    [
      ['Content-Type', 'text/event-stream'],
      ['Transfer-Encoding', 'chunked'],
    ],
  ],
  [
    'JSON with a length',
    [
      ['Content-Type', 'application/json'],
      ['Content-Length', '5'],
    ],
  ],
  [
    'JSON in chunks',
    [
      ['Content-Type', 'application/json'],
      ['Transfer-Encoding', 'chunked'],
    ],
  ],
] as const

for (const [what, headers] of HEADS) {
  test(`the response head of ${what} arrives before the first byte of its body exists`, async (t) => {
    const seen = gate()
    const { connect } = await between(t, async (exchange) => {
      await exchange.head(200, [...headers, ['X-Latin-1', 'caf\u00e9 \u00ff']], 'd\u00e9j\u00e0')
      await seen.opened
      await exchange.write(
        'Content-Length' in Object.fromEntries(headers) ? 'hello' : `5${CRLF}hello${CRLF}0${CRLF}${CRLF}`,
      )
    })
    const client = await connect()
    await client.send(requestBytes({ method: 'GET' }))
    const response = await client.head('GET')
    assert.equal(response.status, 200)
    // As bytes: a head that goes alone takes another way through Node than one with a body behind it.
    assert.equal(response.header('x-latin-1'), 'caf\u00e9 \u00ff')
    assert.equal(response.reason, 'd\u00e9j\u00e0')
    seen.open()
    assert.equal((await response.incoming.rest()).toString(), 'hello')
    assert.notEqual(response.incoming.end, 'broken')
  })
}

test('each event arrives while the next has not been sent', async (t) => {
  const steps = Array.from({ length: 20 }, gate)
  const event = (index: number): string => `id: ${index}\ndata: {"event":${index}}\n\n`
  const { connect } = await between(t, async (exchange) => {
    await exchange.openStream()
    for (const [index, step] of steps.entries()) {
      await exchange.chunk(event(index))
      await step.opened
      await exchange.pause(5)
    }
    await exchange.lastChunk()
  })
  const client = await connect()
  await client.send(requestBytes({ body: PING }))
  const response = await client.head()
  for (const [index, step] of steps.entries()) {
    assert.equal(await bytes(response, event(index).length), event(index))
    step.open()
  }
  assert.equal(await response.incoming.next(), undefined)
  assert.equal(response.incoming.end, 'chunked')
})

test('single bytes of an event arrive one by one', async (t) => {
  const text = 'data: caf\u00e9\r\n\r\n'
  const steps = Array.from(text, gate)
  const { connect } = await between(t, async (exchange) => {
    await exchange.openStream()
    for (const [index, step] of steps.entries()) {
      await exchange.chunk(Buffer.from(text[index] as string, 'latin1'))
      await step.opened
    }
    await exchange.lastChunk()
  })
  const client = await connect()
  await client.send(requestBytes({ method: 'GET' }))
  const response = await client.head('GET')
  for (const [index, step] of steps.entries()) {
    assert.equal(await bytes(response, 1), text[index])
    step.open()
  }
})

test('an upstream may answer before it has read a large request', async (t) => {
  const answered = gate()
  const { connect, requests } = await between(t, async (exchange) => {
    exchange.hold()
    await exchange.head(
      413,
      [
        ['Content-Type', 'application/json'],
        ['Content-Length', '2'],
      ],
      'Too much',
    )
    await exchange.write('{}')
    await answered.opened
    exchange.release()
    await exchange.body()
  })
  const client = await connect()
  const body = JSON.stringify({ ...JSON.parse(PING), params: { padding: 'x'.repeat(4_000_000) } })
  await client.send(requestBytes({ body }))
  const response = await client.response()
  assert.deepEqual([response.status, response.reason, response.body.toString()], [413, 'Too much', '{}'])
  answered.open()
  const next = await client.ask({ method: 'GET' })
  assert.equal(next.status, 413)
  assert.equal(requests.length, 2)
})

test('a downstream that expects 100 Continue gets it and is answered; the upstream never sees it', async (t) => {
  const { connect, requests } = await between(t, (exchange) => exchange.respond({ body: PING }))
  const client = await connect()
  const head = headBytes('POST /mcp HTTP/1.1', [
    ['Host', 'localhost'],
    ['Expect', '100-continue'],
    ['Content-Length', String(PING.length)],
  ])
  await client.send(head)
  await settles(() => client.wire.peek().toString('latin1').startsWith('HTTP/1.1 100'))
  assert.equal(requests.length, 0)
  await client.send(PING)
  const response = await client.response()
  assert.equal(response.interim.length, 1)
  assert.deepEqual([response.status, response.body.toString()], [200, PING])
  assert.equal(requests[0]?.header('expect'), undefined)
  assert.equal(requests[0]?.body.toString(), PING)
})

const HINT = `HTTP/1.1 103 Early Hints${CRLF}Link: </style.css>; rel=preload${CRLF}${CRLF}`
const CONTINUE = `HTTP/1.1 100 Continue${CRLF}${CRLF}`
const INTERIM: ReadonlyArray<readonly [string, readonly string[]]> = [
  ['a 100 that nobody asked for', [CONTINUE]],
  ['a 103', [HINT]],
  ['a 102, 103 and 100', [`HTTP/1.1 102 Processing${CRLF}${CRLF}`, HINT, CONTINUE, HINT]],
  ['a 100 byte by byte', Array.from(CONTINUE)],
  ['a 100 cut before its end', [CONTINUE.slice(0, -2), CONTINUE.slice(-2)]],
  ['a status line byte by byte', []],
]

for (const [what, interim] of INTERIM) {
  for (const apart of [true, false]) {
    test(`${what} does not disturb the response, ${apart ? 'apart from it' : 'in one piece with it'}`, async (t) => {
      const { connect, requests } = await between(t, async (exchange) => {
        await exchange.body()
        const final = headBytes('HTTP/1.1 200 Well then', [
          ['Content-Type', 'application/json'],
          ['Content-Length', String(PING.length)],
        ]).toString('latin1')
        const parts = [...interim, ...Array.from(final), PING]
        if (!apart) await exchange.write(parts.join(''))
        else for (const part of parts) if (await exchange.write(part)) await exchange.pause(1)
      })
      const client = await connect()
      for (let round = 0; round < 2; round++) {
        const response = await client.ask({ body: PING })
        assert.deepEqual([response.status, response.reason], [200, 'Well then'])
        assert.equal(response.body.toString(), PING)
        assert.equal(response.interim.length, 0)
      }
      assert.equal(requests.length, 2)
    })
  }
}

const UNREADABLE: ReadonlyArray<readonly [string, string]> = [
  ['something that is not HTTP, without a line end', 'hello'],
  ['a version of something else', 'HTTP/9.9 '],
  ['a status of letters', 'HTTP/1.1 abc'],
  ['an interim response whose head has no end', `HTTP/1.1 103 Hint${CRLF}Link: ${'x'.repeat(40_000)}`],
]

for (const [what, start] of UNREADABLE) {
  test(`an upstream that answers ${what} and waits is refused at once, not at a deadline`, async (t) => {
    const { connect, origin } = await between(t, async (exchange) => {
      await exchange.body()
      await exchange.write(start)
      // Whoever awaits more waits until the gateway has given up.
      await exchange.closed
    })
    const client = await connect({ within: 10_000 })
    const response = await client.ask({ body: PING })
    assert.equal(response.status, 502)
    assert.match(response.body.toString(), /"type":"upstream_invalid"/)
    await settles(() => origin.connections.every(({ requests, end }) => requests.length === 0 || end !== undefined))
  })
}
