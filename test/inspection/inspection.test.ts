/** An exchange seen beside its bytes: each operation ends once, with the word that is true, on whichever stream. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { brotliCompressSync, gzipSync, constants as zlib } from 'node:zlib'
import { call, event, failure, IN_S, result, SSE, stage } from './stage.ts'

const GZIP = { ...SSE, 'content-encoding': 'gzip' }

test('a call ends with its response, whatever that says', async () => {
  const { ask, ended } = stage()
  const outcomes: string[] = []
  for (const body of [
    result(1),
    result(1, { isError: true }),
    failure(1, -32602),
    failure(1, 7),
    failure(null, -32600),
  ]) {
    const asked = ask(call(1))
    await asked.answer(body)
    outcomes.push(`${asked.x.outcome} ${asked.x.errorType}`.trim())
  }
  const expected = [
    'ok',
    'tool_error tool_error',
    'jsonrpc_error -32602',
    'jsonrpc_error _other',
    'jsonrpc_error -32600',
  ]
  assert.deepEqual(outcomes, expected)
  assert.deepEqual(
    ended,
    expected.map((words) => `tools/call 1 ${words}`),
  )
})

test('a JSON-RPC error in a 4xx counts before the status, and names the call or nothing', async () => {
  const { ask, ended } = stage()
  for (const body of [failure(1, -32602), failure(null, -32600), '{"detail":"no"}', '<html>']) {
    const asked = ask(call(1))
    await asked.answer(body, 400)
  }
  assert.deepEqual(ended, [
    'tools/call 1 jsonrpc_error -32602',
    'tools/call 1 jsonrpc_error -32600',
    'tools/call 1 http_error 400',
    'tools/call 1 http_error 400',
  ])
})

test('a result under a status that is no success is no result', async () => {
  const { ask, ended } = stage()
  for (const status of [200, 413, 500]) await ask(call(1)).answer(result(1), status)
  assert.deepEqual(ended, ['tools/call 1 ok', 'tools/call 1 http_error 413', 'tools/call 1 http_error 500'])
})

test('what came of a response that broke off tells nothing', async () => {
  for (const outcome of ['upstream_reset', 'downstream_closed', 'timeout'] as const) {
    const { ask, ended } = stage()
    // The message is all there, but the chunk that ends the body is not.
    const asked = ask(call(1))
    asked.head(200, { 'content-type': 'application/json' })
    asked.send(result(1))
    await asked.end(outcome)
    // So is this one, but for the blank line that would dispatch it.
    const streamed = ask(call(2))
    streamed.head(200, SSE)
    streamed.send(`data: ${result(2)}\n`)
    await streamed.end(outcome)
    assert.deepEqual(ended, [`tools/call 1 ${outcome} ${outcome}`, `tools/call 2 ${outcome} ${outcome}`])
  }
})

test('a call that was answered on a stream stays what it was, however the stream ends', async () => {
  for (const outcome of ['upstream_reset', 'downstream_closed'] as const) {
    const { ask, ended } = stage()
    const asked = ask(call(1))
    asked.head(200, SSE)
    asked.send(event(result(1)))
    assert.deepEqual(ended, ['tools/call 1 ok'])
    await asked.end(outcome)
    assert.deepEqual([ended.length, asked.x.outcome], [1, outcome])
  }
})

test('a clean end without the response: a stream was cut short, a body made no sense', async () => {
  const { ask, ended } = stage()
  const streamed = ask(call(1))
  streamed.head(200, SSE)
  streamed.send(event('{"jsonrpc":"2.0","method":"notifications/progress"}'))
  await streamed.end()
  assert.equal(streamed.x.outcome, 'upstream_reset')
  const asked = ask(call(2))
  await asked.answer(result(3))
  assert.equal(asked.x.outcome, 'unknown')
  assert.deepEqual(ended, ['tools/call 1 upstream_reset no_response', 'tools/call 2 unknown no_response'])
})

test('JSON that is none, half of one or followed by more is counted, and answers nothing', async () => {
  const { ask, ended, unread } = stage()
  for (const body of ['{"jsonrpc":', `${result(1)}x`, 'no']) await ask(call(1)).answer(body)
  assert.deepEqual(ended, Array(3).fill('tools/call 1 unknown invalid_json'))
  assert.deepEqual(unread, Array(3).fill('u response invalid_json'))
})

test('a response of another kind than JSON was not read; an acknowledgement may be of any kind', async () => {
  const { ask, ended, unread } = stage()
  const asked = ask(call(1))
  asked.head(200, { 'content-type': 'text/html' })
  asked.send('<html>')
  await asked.end()
  const noted = ask({ jsonrpc: '2.0', method: 'notifications/initialized' })
  noted.head(202, { 'content-type': 'text/plain; charset=utf-8' })
  noted.send('Accepted')
  await noted.end()
  assert.deepEqual([asked.x.outcome, noted.x.outcome], ['unknown', 'ok'])
  assert.deepEqual(ended, ['tools/call 1 unknown content_type', 'notifications/initialized undefined ok'])
  assert.deepEqual(unread, ['u response content_type'])
})

test('a batch: each call has its own end, and the exchange the first that is not ok', async () => {
  const { ask, ended } = stage()
  const asked = ask([call(1), call('1'), call(2), { jsonrpc: '2.0', method: 'notifications/initialized' }])
  await asked.answer(`[${result('1', { isError: true })},${result(2)},${result(1)}]`)
  assert.equal(asked.x.outcome, 'tool_error')
  assert.deepEqual(ended, [
    'tools/call 1 tool_error tool_error',
    'tools/call 2 ok',
    'tools/call 1 ok',
    'notifications/initialized undefined ok',
  ])
})

test('one error without an id stands for the whole batch', async () => {
  for (const status of [200, 400]) {
    const { ask, ended } = stage()
    await ask([call(1), call(2)]).answer(failure(null, -32600), status)
    assert.deepEqual(ended, ['tools/call 1 jsonrpc_error -32600', 'tools/call 2 jsonrpc_error -32600'])
  }
})

test('a large batch is matched in its order, not by looking at all of it for each answer', async () => {
  const { ask, ended } = stage()
  const ids = Array.from({ length: 1_000 }, (_, id) => id)
  const asked = ask(ids.map((id) => call(id)))
  let looks = 0
  asked.x.operations = new Proxy(asked.x.operations, {
    get(operations, key) {
      if (typeof key === 'string' && /^\d+$/.test(key)) looks++
      return Reflect.get(operations, key)
    },
  })
  await asked.answer(`[${ids.map((id) => result(id)).join(',')}]`)
  assert.ok(ended.length === 1_000 && ended.every((line) => line.endsWith('ok')))
  assert.ok(looks < 10_000, `${looks} looks`)
})

test('calls with the same id in a batch are answered one after the other, in whatever order', async () => {
  const { ask, ended } = stage()
  await ask([call(1), call(1), call(2)]).answer(`[${result(1)},${result(2)},${result(1)}]`)
  assert.deepEqual(ended, ['tools/call 1 ok', 'tools/call 2 ok', 'tools/call 1 ok'])
})

test('the response comes on another stream of the session', async () => {
  const { ask, ended, session } = stage()
  session('s')
  const listening = ask(undefined, { method: 'GET', ...IN_S })
  listening.head(200, SSE)
  const calling = ask(call(1), IN_S)
  calling.head(200, SSE)
  listening.send(event(result(1)))
  assert.deepEqual(ended, ['tools/call 1 ok'])
  await calling.end()
  assert.equal(calling.x.outcome, 'ok')
})

test('a call that was only accepted waits for its response while its session has a stream', async () => {
  const { ask, ended, session } = stage()
  session('s')
  const alone = ask(call(1), IN_S)
  alone.head(202)
  await alone.end()
  assert.deepEqual(ended, ['tools/call 1 unknown no_response'])
  const listening = ask(undefined, { method: 'GET', ...IN_S })
  listening.head(200, SSE)
  const accepted = ask(call(2), IN_S)
  accepted.head(202)
  await accepted.end()
  listening.send(event(result(2)))
  assert.deepEqual(ended.slice(1), ['tools/call 2 ok'])
  // A stream of its own that ends has said all.
  const streamed = ask(call(3), IN_S)
  streamed.head(200, SSE)
  await streamed.end()
  assert.deepEqual(ended.slice(2), ['tools/call 3 upstream_reset no_response'])
})

test('a stream with event ids is resumed: the call goes on, however the stream ended', async () => {
  for (const outcome of ['ok', 'upstream_reset', 'downstream_closed'] as const) {
    const { ask, ended, session } = stage()
    const known = session('s')
    const calling = ask(call(1), IN_S)
    calling.head(200, SSE)
    calling.send('id: 1\nretry: 50\ndata:\n\n')
    await calling.end(outcome)
    assert.deepEqual([ended, calling.x.outcome], [[], outcome])
    assert.ok(known.busy)
    const resumed = ask(undefined, { method: 'GET', headers: { 'mcp-session-id': 's', 'last-event-id': '1' } })
    resumed.head(200, SSE)
    resumed.send(event(result(1), '2'))
    assert.deepEqual(ended, ['tools/call 1 ok'])
    await resumed.end()
    assert.ok(!known.busy)
  }
})

test('a call can be resumed too when its session begins with it', async () => {
  const { ask, ended, registry } = stage()
  const asked = ask({ jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25' } })
  asked.head(200, { ...SSE, 'mcp-session-id': 's' })
  asked.send('id: 1\ndata:\n\n')
  await asked.end('upstream_reset')
  assert.deepEqual(ended, [])
  const resumed = ask(undefined, { method: 'GET', ...IN_S })
  resumed.head(200, SSE)
  resumed.send(event(result(0, { protocolVersion: '2025-11-25' })))
  assert.deepEqual(ended, ['initialize 0 ok'])
  assert.equal(registry.size, 1)
})

test('a compressed stream that was cut is resumed as any other', async () => {
  const { ask, ended, session, unread } = stage()
  session('s')
  const calling = ask(call(1), IN_S)
  calling.head(200, GZIP)
  calling.send(gzipSync('id: 1\ndata:\n\n', { finishFlush: zlib.Z_SYNC_FLUSH }))
  await calling.end('upstream_reset')
  assert.deepEqual([ended, unread], [[], ['u response corrupt']])
  const resumed = ask(undefined, { method: 'GET', ...IN_S })
  resumed.head(200, SSE)
  resumed.send(event(result(1)))
  assert.deepEqual(ended, ['tools/call 1 ok'])
})

test('compressed responses are read; codings of nobody are not, and never ok', async () => {
  const { ask, ended, unread } = stage()
  const json = (coding: string) => ({ 'content-type': 'application/json', 'content-encoding': coding })
  for (const [coding, body] of [
    ['gzip', gzipSync(result(1))],
    ['br', brotliCompressSync(result(1, { isError: true }))],
    ['aes128gcm', Buffer.from('???')],
    ['gzip', Buffer.from('no gzip')],
  ] as const) {
    const asked = ask(call(1))
    asked.head(200, json(coding))
    asked.send(body)
    await asked.end()
  }
  assert.deepEqual(ended, [
    'tools/call 1 ok',
    'tools/call 1 tool_error tool_error',
    'tools/call 1 unknown unsupported',
    'tools/call 1 unknown corrupt',
  ])
  assert.deepEqual(unread, ['u response unsupported', 'u response corrupt'])
})

test('what the upstream asks in a session is ended by the answer that the downstream posts', async () => {
  const { ask, ended, session } = stage()
  session('s')
  const calling = ask(call(1), IN_S)
  calling.head(200, SSE)
  const sampling = event('{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}', '7')
  calling.send(sampling, event('{"jsonrpc":"2.0","id":2,"method":"elicitation/create","params":{}}', '8'))
  ask(result(1), IN_S)
  ask(failure(2, -32601), IN_S)
  assert.deepEqual(ended, ['sampling/createMessage 1 ok', 'elicitation/create 2 jsonrpc_error -32601'])
})

test('what is asked again on a resumed stream is one operation', async () => {
  const { ask, ended, session, pass, operations } = stage()
  session('s')
  const sampling = event('{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}', '7')
  const calling = ask(call(1), IN_S)
  calling.head(200, SSE)
  calling.send(event('', '6'), sampling)
  await calling.end('upstream_reset')
  const resumed = ask(undefined, { method: 'GET', headers: { 'mcp-session-id': 's', 'last-event-id': '6' } })
  resumed.head(200, SSE)
  resumed.send(sampling)
  ask(result(1), IN_S)
  resumed.send(event(result(1)))
  await resumed.end()
  pass(86_400_000)
  operations.sweep()
  assert.deepEqual(ended, ['sampling/createMessage 1 ok', 'tools/call 1 ok'])
})

test('without a session nobody can answer what a stream asks', async () => {
  const { ask, ended } = stage()
  const calling = ask(call(1))
  calling.head(200, SSE)
  calling.send(event('{"jsonrpc":"2.0","id":1,"method":"roots/list"}'), event(result(1)))
  await calling.end()
  assert.deepEqual(ended, ['tools/call 1 ok', 'roots/list 1 downstream_closed no_response'])
})

test('a cancelled call ends as such with its exchange, unless it was answered all the same', async () => {
  const { ask, ended, session } = stage()
  session('s')
  const cancel = (requestId: number) =>
    ask({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } }, IN_S)
  for (const [id, answered] of [
    [1, false],
    [2, true],
  ] as const) {
    const calling = ask(call(id), IN_S)
    calling.head(200, SSE)
    cancel(id)
    if (answered) calling.send(event(result(id)))
    await calling.end()
  }
  assert.deepEqual(ended, ['tools/call 1 downstream_closed cancelled', 'tools/call 2 ok'])
})

test('sessions with the same ids do not mix', async () => {
  const { ask, ended, session } = stage()
  for (const id of ['a', 'b']) session(id)
  const inA = ask(call(1), { headers: { 'mcp-session-id': 'a' } })
  inA.head(200, SSE)
  const inB = ask(undefined, { method: 'GET', headers: { 'mcp-session-id': 'b' } })
  inB.head(200, SSE)
  inB.send(event(result(1)))
  assert.deepEqual(ended, [])
  inA.send(event(result(1)))
  assert.deepEqual(ended, ['tools/call 1 ok'])
})

test('a session begins with the response that names it, and tells what initialize agreed on', async () => {
  const { ask, registry } = stage()
  const params = { protocolVersion: '2025-11-25', clientInfo: { name: 'tester', version: '7' } }
  const asked = ask({ jsonrpc: '2.0', id: 0, method: 'initialize', params })
  asked.head(200, { 'content-type': 'application/json', 'mcp-session-id': 's' })
  asked.send(result(0, { protocolVersion: '2025-06-18' }))
  await asked.end()
  const { clientName, clientVersion, revision, endpoint, requests } = registry.get('u', 's') ?? assert.fail()
  assert.deepEqual([clientName, clientVersion, revision, endpoint, requests], ['tester', '7', '2025-06-18', 'e', 1])
  assert.equal(asked.x.revision, '2025-06-18')
})

test('a session counts its messages by kind', async () => {
  const { ask, session } = stage()
  const known = session('s')
  for (const body of [call(1), call(2), JSON.parse(result(3)), { jsonrpc: '2.0', method: 'notifications/initialized' }])
    ask(body, IN_S)
  assert.deepEqual([known.requests, known.responses, known.notifications], [2, 1, 1])
})

test('DELETE and 404 end a session; what is beside MCP does not', async () => {
  for (const [method, status, mcp, by] of [
    ['DELETE', 200, true, 'delete'],
    ['DELETE', 405, true, undefined],
    ['GET', 404, true, 'upstream_404'],
    ['GET', 404, false, undefined],
    ['GET', 500, true, undefined],
  ] as const) {
    const { ask, session } = stage()
    const known = session('s')
    const asked = ask(undefined, { method, mcp, ...IN_S })
    asked.head(status)
    await asked.end()
    assert.equal(known.ended, by, `${method} ${status} ${mcp}`)
  }
})

test('only a list that was asked for teaches names', async () => {
  const { ask, lists } = stage()
  const tools = { tools: [{ name: 'a' }, { name: 'b' }] }
  await ask(call(1)).answer(result(1, tools))
  await ask({ jsonrpc: '2.0', id: 2, method: 'tools/list', params: { cursor: 'c' } }).answer(
    result(2, { ...tools, nextCursor: 'd' }),
  )
  assert.deepEqual(lists, ['undefined c a,b d'])
})

test('a revision that nobody knows is no label', async () => {
  const { ask } = stage()
  const revisions = ['2025-06-18', '2026-07-27', 'x'.repeat(1000)].map(
    (version) => ask(call(1), { headers: { 'mcp-protocol-version': version } }).x.revision,
  )
  assert.deepEqual(revisions, ['2025-06-18', '_other', '_other'])
  assert.equal(ask(call(1)).x.revision, '2025-03-26')
})

test('a modern probe that a legacy upstream refuses has its answer', async () => {
  const { ask, ended, modern } = stage()
  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'server/discover' }
  const discover = { jsonrpc: '2.0', id: 1, method: 'server/discover' }
  const outcomes: string[] = []
  for (const [body, status] of [
    [failure(null, -32000), 400],
    ['Bad Request', 400],
    [failure(1, -32601), 200],
    [failure(1, -32022), 400],
  ] as const) {
    const asked = ask(discover, { headers })
    await asked.answer(body, status)
    outcomes.push(asked.x.outcome)
  }
  assert.deepEqual(outcomes, ['ok', 'ok', 'ok', 'jsonrpc_error'])
  assert.deepEqual(ended.slice(0, 3), Array(3).fill('server/discover 1 ok fallback_probe'))
  assert.equal(modern[0], 'server/discover 400 -32000')
})

test('input_required is an ok of its own kind, and what nobody knows another', async () => {
  const { ask, whole } = stage()
  for (const resultType of ['complete', 'input_required', 'x'.repeat(50)])
    await ask(call(1)).answer(result(1, { resultType }))
  assert.deepEqual(
    whole.map((operation) => `${operation.outcome} ${operation.resultType}`),
    ['ok ', 'ok input_required', 'ok _other'],
  )
})

test('what reading throws never reaches the traffic, and is counted', async () => {
  const { ask, faults, unread, ended } = stage({
    onMessage: () => {
      throw new Error('broken')
    },
  })
  for (const headers of [SSE, GZIP]) {
    const asked = ask([], { method: 'GET' })
    asked.head(200, headers)
    const bytes = Buffer.from(event(result(1)))
    asked.send(headers === GZIP ? gzipSync(bytes) : bytes)
    // As long as a decoder is waited for; this one will never end.
    const late = new AbortController()
    const grace = delay(1_000, 'waited', { signal: late.signal }).catch(() => 'waited')
    assert.notEqual(await Promise.race([asked.end(), grace]), 'waited')
    late.abort()
    assert.equal(asked.x.outcome, 'unknown')
  }
  assert.deepEqual([faults.length, ended.length], [2, 0])
  assert.deepEqual(unread, Array(2).fill('u response inspection_failed'))
})
