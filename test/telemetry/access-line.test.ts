/** The access-log line: right for any input, shaped like the other lines, and as its table says. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ACCESS_FIELDS } from '../../src/telemetry/access-fields.ts'
import { writeAccessLine } from '../../src/telemetry/access-line.ts'
import type { AccessRecord } from '../../src/telemetry/access-record.ts'
import { LineBytes } from '../../src/telemetry/line-bytes.ts'
import { bare, call, full } from './access-records.ts'

const line = new LineBytes()

/** What is written into the same bytes each time, as the access log does. */
function written(write: () => void): string {
  line.length = 0
  write()
  return line.bytes.toString('utf8', 0, line.length)
}

const accessLine = (record: AccessRecord, level: 'info' | 'warn', time: string) =>
  written(() => writeAccessLine(line, record, level, time))
const quote = (text: string) => written(() => line.quoted(text))
const decimal = (n: number) => written(() => line.decimal(n))
const whole = (n: number) => written(() => line.whole(n))
const TIME = '2026-01-01T00:00:00.000Z'
const parse = (record: AccessRecord) => JSON.parse(accessLine(record, 'info', TIME)) as Record<string, unknown>

test('a line that tells everything', () => {
  assert.equal(
    accessLine(full, 'warn', TIME),
    '{"level":"warn","time":"2026-01-01T00:00:00.000Z","module":"access","correlation_id":"c-1",' +
      '"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331",' +
      '"upstream":"everything","route":"/mcp","endpoint":"10.0.0.1:3001",' +
      '"http.request.method":"POST","url.path":"/mcp","http.response.status_code":504,"outcome":"timeout",' +
      '"error.type":"upstream_timeout","error.cause":"ECONNREFUSED","duration_ms":1.235,"request_read_ms":0.5,"interceptors_ms":0.012,' +
      '"pool_wait_ms":0,"connect_ms":2,"response_head_ms":10.25,"first_event_ms":12,"stream_ms":1234567.891,' +
      '"request_bytes":120,"response_bytes":340,' +
      '"client.address":"127.0.0.1","mcp.client.name":"inspector","mcp.client.version":"2.12.0",' +
      '"mcp.method.name":"tools/call","gen_ai.tool.name":"echo","jsonrpc.request.id":"7","messages":2,' +
      '"operation.outcome":"tool_error","operation.duration_ms":3,' +
      '"mcp.protocol.version":"2025-11-25","mcp.session.id":"abc","interrupted":true,"msg":"exchange"}\n',
  )
})

describe('the table of fields', () => {
  const KINDS: Readonly<Record<string, (value: unknown) => boolean>> = {
    text: (value) => typeof value === 'string',
    time: (value) => new Date(String(value)).toISOString() === value,
    number: Number.isInteger,
    bytes: Number.isInteger,
    ms: (value) => typeof value === 'number',
    true: (value) => value === true,
  }

  test('has every field of the line, in its order', () => {
    const keys = Object.keys(parse(full))
    keys.splice(keys.indexOf('gen_ai.tool.name') + 1, 0, 'gen_ai.prompt.name')
    assert.deepEqual(
      ACCESS_FIELDS.map(({ name }) => name),
      keys,
    )
  })

  test('knows which fields are always there', () => {
    const always = ACCESS_FIELDS.filter(({ when }) => when === '').map(({ name }) => name)
    assert.deepEqual(Object.keys(parse(bare)), always)
  })

  test('knows of which kind each is', () => {
    const line = {
      ...parse(full),
      'gen_ai.prompt.name': parse({ ...full, rpcMethod: 'prompts/get' })['gen_ai.prompt.name'],
    }
    for (const { name, kind } of ACCESS_FIELDS) {
      assert.ok(KINDS[kind]?.(line[name as keyof typeof line]), `${name} is no ${kind}`)
    }
  })
})

describe('the line', () => {
  test('never has the query or the fragment', () => {
    for (const path of ['/mcp?token=secret', '/mcp#secret', '/mcp?#secret', '/mcp#?secret']) {
      assert.equal(parse({ ...bare, path })['url.path'], '/mcp')
    }
  })

  test('is JSON whatever the numbers are', () => {
    const odd = { durationMs: Number.NaN, requestReadMs: -1.5, requestBytes: Infinity, responseBytes: 1e15, status: -0 }
    const line = parse({ ...bare, ...odd })
    assert.deepEqual([line.duration_ms, line.request_read_ms, line.request_bytes], [0, -1.5, 0])
    assert.equal(line.response_bytes, 1e15)
  })

  test('is one line and gives hostile text back', () => {
    const text = fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)), maxLength: 40 })
    fc.assert(
      fc.property(text, text, text, (correlationId, clientName, target) => {
        const line = accessLine({ ...call, correlationId, clientName, target }, 'info', TIME)
        assert.doesNotMatch(line.slice(0, -1), /[\p{Cc}\u2028\u2029]/u)
        assert.ok(line.isWellFormed())
        const parsed = JSON.parse(line) as Record<string, unknown>
        assert.equal(parsed.correlation_id, correlationId)
        assert.equal(parsed['mcp.client.name'], clientName)
        assert.equal(parsed['gen_ai.tool.name'], target)
        assert.equal(parsed.msg, 'exchange')
      }),
    )
  })

  test('repeats nothing of the line before that has changed', () => {
    const changes = [
      ['upstream', 'upstream', 'other'],
      ['route', 'route', '/other'],
      ['endpoint', 'endpoint', '10.0.0.2:1'],
      ['method', 'http.request.method', 'DELETE'],
      ['path', 'url.path', '/else'],
      ['status', 'http.response.status_code', 404],
      ['outcome', 'outcome', 'http_error'],
    ] as const
    for (const [key, field, value] of changes) {
      const changed = { ...full, [key]: value } as AccessRecord
      const told = [full, full, changed, changed, full].map((record) => parse(record)[field])
      assert.deepEqual(told, [full[key], full[key], value, value, full[key]])
    }
  })

  test('stays short for long values', () => {
    const line = accessLine(
      { ...bare, path: `/${'é'.repeat(50_000)}`, correlationId: 'x'.repeat(50_000) },
      'info',
      TIME,
    )
    assert.ok(line.length < 4000)
    assert.match(String((JSON.parse(line) as Record<string, unknown>).correlation_id), /^xxx/)
  })

  test('says how the operation ended only where that is not how the exchange did', () => {
    assert.equal(parse({ ...call, operationOutcome: 'ok' })['operation.outcome'], undefined)
    assert.equal(parse({ ...call, operationOutcome: 'tool_error' })['operation.outcome'], 'tool_error')
  })

  test('counts messages only where there are several', () => {
    assert.equal(parse(call).messages, undefined)
    assert.equal(parse({ ...call, messages: 3 }).messages, 3)
  })

  test('never shows a URI', () => {
    assert.doesNotMatch(
      accessLine({ ...call, rpcMethod: 'resources/read', target: 'file:///secret' }, 'info', TIME),
      /secret/,
    )
  })

  test('tells ids that a double cannot hold, and those that are text', () => {
    const ids = [2n ** 70n, '7', 7, 1.5, null, undefined].map(
      (rpcId) => parse({ ...call, rpcId })['jsonrpc.request.id'],
    )
    assert.deepEqual(ids, ['1180591620717411303424', '7', '7', '1.5', undefined, undefined])
  })
})

test('quoting agrees with JSON for every UTF-16 unit', () => {
  for (let code = 0; code <= 0xffff; code++) {
    const text = `a${String.fromCharCode(code)}z`
    assert.equal(JSON.parse(quote(text)), text)
  }
})

test('a number is written with three decimals as JavaScript would round and write it', () => {
  const rounded = (n: number) => String(Math.round(n * 1000) / 1000)
  for (const n of [0, 0.0004, 0.0005, 0.9994, 0.9996, 1, 1999999.9996, 2e6, 1e21, -3.25, 0.1 + 0.2]) {
    assert.equal(decimal(n), rounded(n))
  }
  fc.assert(
    fc.property(fc.double({ min: 0, max: 3e6, noNaN: true }), (n) => {
      assert.equal(Number(decimal(n)), Number(rounded(n)))
    }),
  )
  for (const n of [Number.NaN, Infinity, -Infinity]) assert.equal(decimal(n), '0')
})

test('a whole number is rounded and written as JavaScript would', () => {
  for (const n of [0, -0, 7.5, 10, 99, 100, 999_999_999.4, 1e9, 2 ** 53, -12.3])
    assert.equal(whole(n), String(Math.round(n)))
  fc.assert(fc.property(fc.nat(), (n) => assert.equal(whole(n), String(n))))
  for (const n of [Number.NaN, Infinity]) assert.equal(whole(n), '0')
})
