/** The log: levels, shape and what must never be in it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createLog, LogDestinationError, type LogOptions } from '../../src/telemetry/log.ts'
import type { LogLevel } from '../../src/telemetry/log-levels.ts'
import { bare as exchange } from './access-records.ts'

function logTo(level: LogLevel, options: Partial<LogOptions> = {}) {
  const lines: string[] = []
  const log = createLog({ level, destination: { write: (line) => void lines.push(line) }, ...options })
  return { ...log, lines, parsed: () => lines.map((line) => JSON.parse(line)) }
}

test('both kinds of line begin with level and time, end with msg and share their form', () => {
  const { logger, access, lines, parsed } = logTo('info')
  logger.info({ port: 1 }, 'exchange')
  access?.write(exchange)
  assert.equal(lines.length, 2)
  for (const line of parsed()) {
    const keys = Object.keys(line)
    assert.deepEqual([...keys.slice(0, 3), keys.at(-1)], ['level', 'time', 'module', 'msg'])
    assert.equal(line.level, 'info')
    assert.equal(line.time, new Date(line.time).toISOString())
  }
  assert.ok(lines.every((line) => line.endsWith('}\n')))
})

test('there is no access log when none of its lines would be written', () => {
  for (const level of ['error', 'fatal', 'silent'] as const) assert.equal(logTo(level).access, undefined)
  assert.equal(logTo('info', { access: false }).access, undefined)
  const { access, lines } = logTo('warn')
  access?.write(exchange)
  assert.equal(lines.length, 0)
  access?.write({ ...exchange, status: 502 })
  assert.equal(lines.length, 1)
})

test('a line of level fatal waits like any other: a flush would block, or lose what waits', () => {
  const lines: string[] = []
  let flushed = 0
  const destination = { write: (line: string) => void lines.push(line), flushSync: () => void flushed++ }
  const log = createLog({ level: 'info', destination })
  log.module('incidents').fatal({ alert: true }, 'alert firing')
  assert.deepEqual([lines.length, flushed], [1, 0])
  log.flushSync()
  assert.equal(flushed, 1)
})

describe('modules', () => {
  test('name themselves on each line, and children of theirs too', () => {
    const { module, logger, parsed } = logTo('info')
    logger.info('a')
    module('upstream').info('b')
    module('session').child({ id: 1 }).info('c')
    assert.deepEqual(
      parsed().map((line) => line.module),
      ['main', 'upstream', 'session'],
    )
    assert.equal(module('upstream'), module('upstream'))
  })

  test('have levels of their own, above and below the level of the others', () => {
    const { module, parsed } = logTo('warn', { levels: { upstream: 'debug', session: 'silent' } })
    for (const name of ['upstream', 'session', 'listener'] as const) {
      module(name).debug('debug')
      module(name).error('error')
    }
    const told = parsed().map((line) => `${line.module} ${line.msg}`)
    assert.deepEqual(told, ['upstream debug', 'upstream error', 'listener error'])
  })

  test('leave the access log its own', () => {
    const quiet = logTo('error', { levels: { access: 'info' } })
    quiet.access?.write(exchange)
    assert.equal(quiet.lines.length, 1)
    assert.equal(logTo('info', { levels: { access: 'error' } }).access, undefined)
  })
})

test('a filter reaches the access log', () => {
  const { access, lines } = logTo('info', { filter: { sample: 1, minDuration: 50, outcomes: [] } })
  access?.write(exchange)
  assert.equal(lines.length, 0)
})

test('in console format both kinds of line are for people', () => {
  const { logger, access, lines } = logTo('info', { format: 'console' })
  logger.info({ port: 1 }, 'listening')
  access?.write(exchange)
  assert.match(lines[0] ?? '', /^\S+Z INFO {2}\[main\] listening {2}port=1\n$/)
  assert.match(lines[1] ?? '', /^\S+Z INFO {2}\[access\] exchange {2}correlation_id=c-1 .* outcome=ok .*\n$/)
})

test('a file that cannot be opened is an error that names it', () => {
  assert.throws(() => createLog({ level: 'info', destination: '/nowhere/at/all.log' }), LogDestinationError)
  assert.throws(
    () => createLog({ level: 'info', destination: '/nowhere/at/all.log' }),
    /\/nowhere\/at\/all\.log.*ENOENT/,
  )
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

  test('takes queries off targets, and credentials and queries out of texts', () => {
    const { logger, lines } = logTo('info')
    logger.warn({ path: '/mcp?key=sesame', 'x-y': 'see http://u:sesame@host/a?b=sesame' }, 'x')
    logger.error({ err: new Error('Bearer sesame-sesame was refused at https://h/p?token=sesame') }, 'x')
    logger.error(new Error('authorization: sesame'))
    logger.info('Cookie: a=sesame; b=sesame')
    assert.equal(lines.length, 4)
    for (const line of lines) assert.doesNotMatch(line, /sesame/)
    assert.match(lines[0] ?? '', /"path":"\/mcp"/)
  })
})
