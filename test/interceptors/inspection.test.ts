/** What the inspection of requests refuses, what it lets pass, and what it leaves to the upstream. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { call, event, IN_S, result, SSE, stage } from '../inspection/stage.ts'

const MODERN = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'echo' }
const META = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }
const modern = (id = 1) => ({ ...call(id), params: { name: 'echo', _meta: META } })

test('requests that are no JSON, or say a key twice, are refused', () => {
  const { ask, invalid } = stage()
  const code = (body: string): unknown => (ask(body).verdict as { code?: string } | undefined)?.code
  assert.equal(code(''), 'parse_error')
  assert.equal(code('{"jsonrpc":"2.0",}'), 'parse_error')
  assert.equal(code('{"jsonrpc":"2.0","id":1,"id":1,"method":"ping"}'), 'duplicate_key')
  assert.equal(
    code('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","n\\u0061me":"b"}}'),
    'duplicate_key',
  )
  assert.equal(
    code('[{"jsonrpc":"2.0","id":1,"method":"ping"},{"id":2,"method":"a","method":"ping"}]'),
    'duplicate_key',
  )
  assert.deepEqual(invalid, ['u parse_error', 'u parse_error', 'u duplicate_key', 'u duplicate_key', 'u duplicate_key'])
})

test('a key twice in what a tool is given is the tool’s own', () => {
  const { ask } = stage()
  assert.equal(ask('{"id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":1,"x":2}}}').verdict, undefined)
})

test('headers of 2026-07-28 that contradict the message are refused, in a batch too', () => {
  const { ask } = stage()
  const code = (body: unknown, headers: Readonly<Record<string, string>>): unknown =>
    (ask(body, { headers }).verdict as { code?: string } | undefined)?.code
  assert.equal(code(modern(), MODERN), undefined)
  assert.equal(code(modern(), { ...MODERN, 'mcp-name': 'other' }), 'header_mismatch')
  assert.equal(code(modern(), { ...MODERN, 'mcp-method': 'ping' }), 'header_mismatch')
  assert.equal(code(modern(), {}), 'header_mismatch')
  assert.equal(code([call(1), modern(2)], {}), 'header_mismatch')
  assert.equal(code([call(1), call(2)], {}), undefined)
})

test('what is refused ends its operations, and does nothing else', async () => {
  const { ask, ended, session } = stage()
  session('s')
  const calling = ask(call(1), IN_S)
  calling.head(200, SSE)
  calling.send(event('{"jsonrpc":"2.0","id":7,"method":"roots/list"}'))
  // Neither the answer nor the cancellation reaches the upstream.
  const twice = ask('[{"jsonrpc":"2.0","id":7,"id":7,"result":{}},{"id":8,"method":"ping"}]', IN_S)
  await twice.end('refused', 'duplicate_key')
  assert.deepEqual(ended, ['ping 8 refused duplicate_key'])
  ask('{"jsonrpc":"2.0","id":7,"result":{}}', IN_S)
  assert.deepEqual(ended.slice(1), ['roots/list 7 ok'])
})

test('a lenient route passes all of it, and counts it', async () => {
  const { ask, invalid, ended } = stage({ lenient: true })
  assert.equal(ask('{').verdict, undefined)
  assert.equal(ask('{"id":1,"id":2,"method":"ping"}').verdict, undefined)
  const mismatched = ask(modern(), { headers: { ...MODERN, 'mcp-name': 'other' } })
  assert.equal(mismatched.verdict, undefined)
  await mismatched.answer(result(1))
  assert.deepEqual(invalid, ['u parse_error', 'u duplicate_key', 'u header_mismatch'])
  assert.deepEqual(ended, ['tools/call 1 ok'])
})

test('JSON that is no JSON-RPC is the upstream’s to refuse, and counted', () => {
  const { ask, unread } = stage()
  for (const body of ['1', '[]', '"x"', '[1]', '{"hello":"world"}']) assert.equal(ask(body).verdict, undefined, body)
  assert.ok(unread.length >= 3 && unread.every((line) => line === 'u request no_message'), unread.join())
})

test('a compressed request is read; one of an unknown coding is counted', async () => {
  const { ask, unread, messages } = stage()
  const headers = { 'content-encoding': 'gzip' }
  const packed = ask(gzipSync(JSON.stringify(call(1))), { headers })
  assert.deepEqual([packed.verdict, packed.x.operations.length], [undefined, 1])
  assert.equal(ask('no gzip', { headers }).verdict, undefined)
  assert.equal(ask('???', { headers: { 'content-encoding': 'aes128gcm' } }).verdict, undefined)
  assert.deepEqual(unread, ['u request corrupt', 'u request unsupported'])
  assert.deepEqual(messages, ['downstream request tools/call'])
})

test('what is beside MCP, and what has no body, is not read as a message', () => {
  const { ask, ended, messages } = stage()
  for (const options of [
    { mcp: false },
    { method: 'HEAD' },
    { method: 'OPTIONS' },
    { method: 'GET' },
    { method: 'DELETE' },
  ])
    assert.equal(ask('{', options).verdict, undefined)
  assert.deepEqual([ended, messages], [[], []])
})

test('each message is told once, with the side that sent it', async () => {
  const { ask, messages } = stage()
  const asked = ask([call(1), { jsonrpc: '2.0', method: 'notifications/initialized' }])
  asked.head(200, SSE)
  asked.send(event('{"jsonrpc":"2.0","method":"notifications/progress"}'), event(result(1)))
  await asked.end()
  assert.deepEqual(messages, [
    'downstream request tools/call',
    'downstream notification notifications/initialized',
    'upstream notification notifications/progress',
    'upstream response 1',
  ])
})
