/** Levels of the log that change while it runs. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLog } from '../../src/telemetry/log.ts'
import { LOG_MODULES } from '../../src/telemetry/log-levels.ts'
import { settles } from '../support/measure.ts'

function stage() {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push((JSON.parse(line) as { msg: string }).msg) }
  const log = createLog({ level: 'info', levels: { upstream: 'error' }, destination })
  return { log, lines, levels: log.levels }
}

describe('log levels', () => {
  it('change for one module, also where its logger was taken before', () => {
    const { log, lines, levels } = stage()
    const upstream = log.module('upstream')
    upstream.warn('one')
    levels.set(['upstream'], 'debug')
    upstream.debug('two')
    log.module('session').debug('three')
    levels.reset(['upstream'])
    upstream.warn('four')
    upstream.error('five')
    assert.deepEqual(lines, ['two', 'five'])
  })

  it('change for all, modules whose logger is taken later included', () => {
    const { log, lines, levels } = stage()
    levels.set(LOG_MODULES, 'debug')
    log.module('upstream').debug('one')
    log.module('health').debug('two')
    levels.reset(LOG_MODULES)
    log.module('health').debug('three')
    assert.deepEqual(lines, ['one', 'two'])
  })

  it('return by themselves after their time, which is told', async () => {
    const { log, levels } = stage()
    const before = Date.now()
    levels.set(['upstream'], 'trace', 60)
    const { level, configured, until } = levels.list().upstream
    assert.deepEqual([level, configured], ['trace', 'error'])
    assert.ok(Math.abs(Date.parse(until ?? '') - before - 60) < 50, until)
    await settles(() => log.module('upstream').level === 'error')
    assert.deepEqual(levels.list().upstream, { level: 'error', configured: 'error' })
    assert.ok(Date.now() - before >= 59)
  })

  it('set anew forget the time that was set before', async () => {
    const { levels } = stage()
    levels.set(['upstream'], 'trace', 20)
    levels.set(['upstream'], 'debug')
    levels.set(['session'], 'trace', 40)
    await settles(() => levels.of('session') === 'info')
    assert.deepEqual(levels.list().upstream, { level: 'debug', configured: 'error' })
  })

  it('of a new configuration hold, except where another was set for a time', () => {
    const { log, levels } = stage()
    levels.set(['upstream'], 'trace')
    levels.set(['session'], 'trace', 60_000)
    levels.configure({ level: 'warn', levels: { health: 'debug' } })
    assert.deepEqual(
      (['upstream', 'session', 'health', 'main'] as const).map((module) => levels.of(module)),
      ['warn', 'trace', 'debug', 'warn'],
    )
    assert.equal(log.logger.level, 'warn')
    levels.reset(LOG_MODULES)
    assert.equal(levels.of('session'), 'warn')
  })
})
