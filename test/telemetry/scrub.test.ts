/** Secrets are taken out of free text, and the text stays readable. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scrub } from '../../src/telemetry/scrub.ts'

const cases: readonly [kind: string, text: string, scrubbed: string][] = [
  [
    'credentials in a URL',
    'no answer from http://user:pw@host:1/mcp today',
    'no answer from http://[redacted]@host:1/mcp today',
  ],
  ['the query of a URL', 'GET "https://host/mcp?key=pw#pw" failed', 'GET "https://host/mcp" failed'],
  ['a bearer', 'sent Bearer abc.def-123== twice', 'sent Bearer [redacted] twice'],
  ['an Authorization header', 'authorization: Custom pw, pw\nnext', 'authorization: [redacted]\nnext'],
  ['a cookie', 'Set-Cookie: a=pw; b=pw; Path=/', 'Set-Cookie: [redacted]'],
  ['a header as JSON', '{"x-api-key": "pw"}', '{"x-api-key": "[redacted]"}'],
  ['a named secret', 'refused: api_key=pw, retry', 'refused: api_key=[redacted], retry'],
  ['a session id', 'mcp-session-id: pw is gone', 'mcp-session-id: [redacted] is gone'],
]

for (const [kind, text, scrubbed] of cases) test(kind, () => assert.equal(scrub(text), scrubbed))

test('what JSON.parse quotes', () => {
  for (const text of [
    'pw',
    '{"a": pw}',
    `${' '.repeat(50)}{"x": 1,\n pw pw pw${' '.repeat(50)}`,
    '{"pw": "\n"}',
    "{'pw'",
  ]) {
    let message = ''
    try {
      JSON.parse(text)
    } catch (error) {
      message = (error as Error).message
    }
    assert.notEqual(message, '')
    assert.doesNotMatch(scrub(message), /pw/, message)
  }
})

test('text without secrets stays as it is', () => {
  const texts = [
    'connect ECONNREFUSED 127.0.0.1:3001',
    'TypeError: x is not a function\n    at file:///app/dist/main.js:10:5',
    'http://127.0.0.1:8080/mcp',
    'the token bucket is empty',
  ]
  for (const text of texts) assert.equal(scrub(text), text)
})

test('a long hostile text costs no more than a short one', () => {
  const cpu = (text: string) => {
    const began = process.cpuUsage()
    for (let i = 0; i < 5; i++) scrub(text)
    const { user } = process.cpuUsage(began)
    return user
  }
  for (const piece of ['://', 'bearer ', 'token', ', "', 'cookie: ', 'http://a']) {
    const short = cpu(piece.repeat(10_000))
    const long = cpu(piece.repeat(1_000_000))
    // Both are cut to the same length first; time in proportion would be a hundredfold.
    assert.ok(long < 30 * short + 100_000, `${piece}: ${long} µs after ${short} µs`)
  }
})
