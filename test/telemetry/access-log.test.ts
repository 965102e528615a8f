/** The access-log line: right for any input, and shaped like the other lines. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { AccessLog, type AccessRecord, accessLine, sessionTag } from '../../src/telemetry/access-log.ts'
import { quote } from '../../src/telemetry/json.ts'

const record: AccessRecord = {
  correlationId: 'c-1',
  upstream: 'everything',
  route: '/mcp',
  method: 'POST',
  path: '/mcp',
  status: 200,
  outcome: 'ok',
  errorType: undefined,
  durationMs: 1.23456,
  requestBytes: 120,
  responseBytes: 340,
  clientAddress: '127.0.0.1',
  rpcMethod: undefined,
  target: undefined,
  rpcId: undefined,
  messages: 0,
  operationOutcome: undefined,
  protocolVersion: '2025-11-25',
  session: 'abc',
  interrupted: false,
}

const TIME = '2026-01-01T00:00:00.000Z'
const parse = (over: Partial<AccessRecord>) => JSON.parse(accessLine({ ...record, ...over }, 'info', TIME))

describe('the line', () => {
  test('has every field', () => {
    const full = { ...record, status: 504, outcome: 'timeout', errorType: 'head_timeout', interrupted: true } as const
    assert.equal(
      accessLine(full, 'warn', TIME),
      '{"level":"warn","time":"2026-01-01T00:00:00.000Z","correlation_id":"c-1","upstream":"everything","route":"/mcp",' +
        '"http.request.method":"POST","url.path":"/mcp","http.response.status_code":504,"outcome":"timeout",' +
        '"error.type":"head_timeout","duration_ms":1.235,"request_bytes":120,"response_bytes":340,' +
        '"client.address":"127.0.0.1","mcp.protocol.version":"2025-11-25","mcp.session":"abc","interrupted":true,' +
        '"msg":"exchange"}\n',
    )
  })

  test('leaves out what is not known', () => {
    const bare = {
      upstream: undefined,
      route: undefined,
      status: undefined,
      clientAddress: undefined,
      rpcMethod: undefined,
      target: undefined,
      rpcId: undefined,
      messages: 0,
      operationOutcome: undefined,
      protocolVersion: undefined,
      session: undefined,
    }
    assert.deepEqual(Object.keys(parse(bare)), [
      'level',
      'time',
      'correlation_id',
      'http.request.method',
      'url.path',
      'outcome',
      'duration_ms',
      'request_bytes',
      'response_bytes',
      'msg',
    ])
  })

  test('never has the query or the fragment', () => {
    for (const path of ['/mcp?token=secret', '/mcp#secret', '/mcp?#secret', '/mcp#?secret']) {
      assert.equal(parse({ path })['url.path'], '/mcp')
    }
  })

  test('is JSON whatever the numbers are', () => {
    const line = parse({ durationMs: Number.NaN, requestBytes: Infinity, responseBytes: 1e15, status: -0 })
    assert.deepEqual([line.duration_ms, line.request_bytes, line.response_bytes], [0, 0, 1e15])
  })

  test('is one line and gives hostile text back', () => {
    const text = fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)), maxLength: 40 })
    fc.assert(
      fc.property(text, text, (correlationId, session) => {
        const line = accessLine({ ...record, correlationId, session }, 'info', TIME)
        assert.doesNotMatch(line.slice(0, -1), /[\p{Cc}\u2028\u2029]/u)
        assert.ok(line.isWellFormed())
        const parsed = JSON.parse(line)
        assert.equal(parsed.correlation_id, correlationId)
        assert.equal(parsed['mcp.session'], session)
        assert.equal(parsed.msg, 'exchange')
      }),
    )
  })

  test('stays short for long values', () => {
    const line = accessLine(
      { ...record, path: `/${'é'.repeat(50_000)}`, correlationId: 'x'.repeat(50_000) },
      'info',
      TIME,
    )
    assert.ok(line.length < 4000)
    assert.ok(JSON.parse(line).correlation_id.startsWith('xxx'))
  })
})

test('quoting agrees with JSON for every UTF-16 unit', () => {
  for (let code = 0; code <= 0xffff; code++) {
    const text = `a${String.fromCharCode(code)}z`
    assert.equal(JSON.parse(quote(text)), text)
  }
})

describe('the log', () => {
  const written = (records: readonly AccessRecord[], faultsOnly: boolean) => {
    const lines: string[] = []
    const log = new AccessLog({ write: (line) => lines.push(line) }, faultsOnly)
    for (const each of records) log.write(each)
    return lines.map((line) => JSON.parse(line))
  }
  const records: AccessRecord[] = [
    record,
    { ...record, outcome: 'tool_error' },
    { ...record, outcome: 'refused', status: 403 },
    { ...record, outcome: 'http_error', status: 500 },
    { ...record, outcome: 'upstream_reset' },
    { ...record, outcome: 'downstream_closed', status: undefined },
  ]

  test('warns of faults of the gateway and the upstream only', () => {
    const levels = written(records, false).map(({ level }) => level)
    assert.deepEqual(levels, ['info', 'info', 'info', 'warn', 'warn', 'info'])
  })

  test('writes only the faults when told so', () => {
    const outcomes = written(records, true).map(({ outcome }) => outcome)
    assert.deepEqual(outcomes, ['http_error', 'upstream_reset'])
  })
})

test('a session tag is short, steady and not the id', () => {
  const id = 'b2b7c2a0-0000-4000-8000-1234567890ab'
  assert.match(sessionTag(id), /^[0-9a-f]{12}$/)
  assert.equal(sessionTag(id), sessionTag(id))
  assert.notEqual(sessionTag(id), sessionTag(`${id}x`))
  assert.ok(!id.includes(sessionTag(id)))
})

describe('the line of an exchange that carried a call', () => {
  const call = { ...record, rpcMethod: 'tools/call', target: 'echo', rpcId: 7, messages: 1 }

  test('names method, tool and id', () => {
    const line = JSON.parse(accessLine(call, 'info', 'now')) as Record<string, unknown>
    assert.equal(line['mcp.method.name'], 'tools/call')
    assert.equal(line['gen_ai.tool.name'], 'echo')
    assert.equal(line['jsonrpc.request.id'], '7')
    assert.equal('messages' in line || 'operation.outcome' in line, false)
  })

  test('says how the operation ended only where that is not how the exchange did', () => {
    const line = (operationOutcome: 'ok' | 'tool_error') =>
      JSON.parse(accessLine({ ...call, messages: 3, operationOutcome }, 'info', 'now')) as Record<string, unknown>
    assert.equal(line('ok')['operation.outcome'], undefined)
    assert.equal(line('tool_error')['operation.outcome'], 'tool_error')
    assert.equal(line('ok').messages, 3)
  })

  test('never shows a URI', () => {
    assert.doesNotMatch(
      accessLine({ ...call, rpcMethod: 'resources/read', target: 'file:///secret' }, 'info', 'now'),
      /secret/,
    )
  })
})
