/** The log: levels, shape and what must never be in it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createLog, type LogLevel } from '../../src/telemetry/log.ts'

function logTo(level: LogLevel, access = true) {
  const lines: string[] = []
  const log = createLog({ level, access, destination: { write: (line) => void lines.push(line) } })
  return { ...log, lines, parsed: () => lines.map((line) => JSON.parse(line)) }
}

const exchange = {
  correlationId: 'c',
  upstream: undefined,
  route: undefined,
  method: 'GET',
  path: '/',
  status: 200,
  outcome: 'ok',
  errorType: undefined,
  durationMs: 1,
  requestBytes: 0,
  responseBytes: 0,
  clientAddress: undefined,
  rpcMethod: undefined,
  target: undefined,
  rpcId: undefined,
  messages: 0,
  operationOutcome: undefined,
  protocolVersion: undefined,
  session: undefined,
  interrupted: false,
} as const

test('both kinds of line begin with level and time, end with msg and share their form', () => {
  const { logger, access, lines, parsed } = logTo('info')
  logger.info({ port: 1 }, 'exchange')
  access?.write(exchange)
  assert.equal(lines.length, 2)
  for (const line of parsed()) {
    const keys = Object.keys(line)
    assert.deepEqual([...keys.slice(0, 2), keys.at(-1)], ['level', 'time', 'msg'])
    assert.equal(line.level, 'info')
    assert.equal(line.time, new Date(line.time).toISOString())
  }
  assert.ok(lines.every((line) => line.endsWith('}\n')))
})

test('there is no access log when none of its lines would be written', () => {
  for (const level of ['error', 'fatal', 'silent'] as const) assert.equal(logTo(level).access, undefined)
  assert.equal(logTo('info', false).access, undefined)
  const { access, lines } = logTo('warn')
  access?.write(exchange)
  assert.equal(lines.length, 0)
  access?.write({ ...exchange, status: 502 })
  assert.equal(lines.length, 1)
})

describe('redaction', () => {
  test('hides secrets by name, at any depth and in any case', () => {
    const { logger, lines } = logTo('info')
    logger.info({ Authorization: 'sesame', request: { headers: [{ 'Set-Cookie': 'sesame' }] } }, 'x')
    logger.info({ params: { arguments: { city: 'sesame' } }, 'mcp-session-id': 'sesame' }, 'x')
    logger.child({ headers: { cookie: 'sesame' } }).info('x')
    logger.child({ a: 1 }).child({ token: 'sesame' }, { level: 'debug' }).info('x')
    logger.info({ url: new URL('http://user:sesame@host/path?key=sesame') }, 'x')
    assert.equal(lines.length, 5)
    for (const line of lines) {
      assert.doesNotMatch(line, /sesame/)
      assert.match(line, /\[redacted\]|http:\/\/host\/path/)
    }
  })

  test('keeps of an error its type, code, message, stack and cause, and nothing it carries', () => {
    const { logger, parsed } = logTo('info')
    const cause = Object.assign(new TypeError('inner'), { headers: { authorization: 'sesame' } })
    logger.error(Object.assign(new Error('outer', { cause }), { code: 'E_X', body: 'sesame' }))
    logger.error({ err: cause }, 'said')
    const [first, second] = parsed()
    assert.deepEqual(Object.keys(first.err), ['type', 'message', 'code', 'stack', 'cause'])
    assert.deepEqual([first.msg, first.err.cause.type, second.msg], ['outer', 'TypeError', 'said'])
    assert.doesNotMatch(JSON.stringify([first, second]), /sesame/)
  })

  test('copes with what JSON cannot say', () => {
    const { logger, parsed } = logTo('info')
    const cyclic: Record<string, unknown> = { n: 1n, buffer: Buffer.from('sesame'), when: new Date(0) }
    cyclic.self = cyclic
    logger.info({ cyclic }, 'x')
    const [{ cyclic: seen }] = parsed()
    assert.deepEqual([seen.n, seen.buffer, seen.when], ['1', '[Buffer]', '1970-01-01T00:00:00.000Z'])
  })
})
