/** Which headers pass, as rules and against a simple model with generated headers. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  connectionTokens,
  duplicated,
  endsHere,
  forwardable,
  protectedToken,
  responseHeaders,
  validSessionId,
} from '../../src/mcp/headers.ts'

const HOP = [
  ...['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade', 'expect'],
]
const OWN = [
  ...['host', 'content-length', 'forwarded', 'x-correlation-id'],
  ...['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-proto'],
]
const PASS = [
  'accept',
  'authorization',
  'mcp-session-id',
  'mcp-param-x',
  'x-a',
  'traceparent',
  'date',
  'x-forwarded',
  '',
]

const spelled = fc
  .tuple(fc.constantFrom(...HOP, ...OWN, ...PASS), fc.infiniteStream(fc.boolean()))
  .map(([name, upper]) => [...name].map((c) => (upper.next().value ? c.toUpperCase() : c)).join(''))
const pairs = fc.array(fc.tuple(spelled, fc.string()), { maxLength: 12 })
const lower = (name: string): string => name.toLowerCase()

describe('request headers', () => {
  it('pass in order and spelling, but for those of the connection, our own and the dropped', () => {
    fc.assert(
      fc.property(pairs, fc.subarray(PASS), (headers, dropped) => {
        const gone = new Set([...HOP, ...OWN, ...dropped])
        assert.deepEqual(
          forwardable(headers.flat(), dropped),
          headers.filter(([name]) => !gone.has(lower(name))).flat(),
        )
      }),
    )
  })

  it('pass alike however many names were seen before', () => {
    const seen = Array.from({ length: 3_000 }, (_, i) => [`X-Many-${i}`, String(i)]).flat()
    assert.deepEqual(forwardable(seen, []), seen)
    assert.deepEqual(forwardable(['X-NEW', '1', 'KEEP-alive', '2', 'hOsT', '3'], []), ['X-NEW', '1'])
  })

  it('say which of them never pass', () => {
    for (const name of [...HOP, ...OWN]) assert.ok(endsHere(name) && endsHere(name.toUpperCase()), name)
    for (const name of PASS) assert.ok(!endsHere(name), name)
  })
})

describe('response headers', () => {
  it('pass in order and spelling, as latin-1, but for those of the connection and those it names', () => {
    const latin = fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('latin1'))
    const named = fc.array(fc.tuple(spelled, latin), { maxLength: 12 })
    fc.assert(
      fc.property(named, fc.subarray(PASS), fc.boolean(), (headers, tokens, inOnePiece) => {
        const sent = [...headers, ...tokens.map((token) => ['Connection', token.toUpperCase()] as const)]
        const raw = inOnePiece ? cutFromOne(sent.flat()) : sent.flat().map((each) => Buffer.from(each, 'latin1'))
        const connections = sent.filter(([name]) => lower(name) === 'connection').map(([, value]) => value)
        const gone = new Set([
          ...HOP,
          ...connections.flatMap((value) => value.split(',').map((one) => lower(one.trim()))),
        ])
        gone.delete('')
        // These two are options of the connection, not names of headers; neither is the name of one that would pass.
        assert.deepEqual(responseHeaders(raw), sent.filter(([name]) => !gone.has(lower(name))).flat())
      }),
    )
  })

  it('keep what only a request must not have', () => {
    const headers = ['Content-Length', '7', 'Host', 'x', 'X-Correlation-ID', 'y', 'Forwarded', 'for=x']
    assert.deepEqual(responseHeaders(cutFromOne(headers)), headers)
  })
})

/** As a parser gives them: views of the head that was received. */
function cutFromOne(texts: readonly string[]): Buffer[] {
  const whole = Buffer.from(texts.map((text) => `${text}: `).join(''), 'latin1')
  let at = 0
  return texts.map((text) => {
    const view = whole.subarray(at, at + text.length)
    at += text.length + 2
    return view
  })
}

describe('the tokens of a Connection header', () => {
  const cases: readonly (readonly [value: string | undefined, tokens: readonly string[]])[] = [
    [undefined, []],
    ['', []],
    ['close', []],
    ['Keep-Alive', []],
    ['close, X-One', ['x-one']],
    [' X-One ,, keep-alive,\tX-TWO ', ['x-one', 'x-two']],
    ['upgrade', ['upgrade']],
  ]
  for (const [value, tokens] of cases) {
    it(`${JSON.stringify(value)} are ${JSON.stringify(tokens)}`, () =>
      assert.deepEqual(connectionTokens(value), tokens))
  }

  it('must not name what the upstream has to get', () => {
    for (const bad of ['Authorization', 'MCP-Session-Id', 'mcp-param-region', 'Mcp-Name']) {
      assert.equal(protectedToken(connectionTokens(`x-one, ${bad}, close`)), lower(bad))
    }
    for (const fine of ['x-authorization', 'mcp', 'xmcp-name', 'te, trailer']) {
      assert.equal(protectedToken(connectionTokens(fine)), undefined, fine)
    }
  })
})

describe('headers that may occur once', () => {
  const single = ['host', 'origin', 'mcp-session-id', 'authorization']

  it('are found where they occur twice, in any spelling, the first by its second place', () => {
    const names = fc.array(
      fc
        .tuple(fc.constantFrom(...single, 'accept', 'cookie', 'x-same-length', 'four', 'length'), fc.boolean())
        .map(([name, upper]) => (upper ? name.toUpperCase() : name)),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(names, (sent) => {
        const twice = sent.map(lower).find((name, i, all) => single.includes(name) && all.indexOf(name) < i)
        assert.equal(duplicated(sent.flatMap((name) => [name, 'v'])), twice)
      }),
    )
  })

  it('are not looked for among values', () => {
    assert.equal(duplicated(['Host', 'host', 'X-A', 'host', 'X-B', 'Origin', 'X-C', 'Origin']), undefined)
  })
})

describe('a session id', () => {
  it('is one or more visible ASCII characters', () => {
    const visible = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
      minLength: 1,
    })
    fc.assert(fc.property(visible, (id) => assert.equal(validSessionId(id), true)))
    const bad = fc.constantFrom(' ', '\t', '\n', '\u0000', '\u007f', '\u0080', 'é', '€')
    fc.assert(fc.property(visible, bad, visible, (a, c, b) => assert.equal(validSessionId(a + c + b), false)))
    for (const id of ['', 'a\n', '\na']) assert.equal(validSessionId(id), false, JSON.stringify(id))
  })
})
