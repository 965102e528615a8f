/** The process as health components: a late event loop, memory near its limit, lost log lines. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventLoopComponent, logComponent, memoryComponent } from '../../src/health/process-components.ts'
import { settles } from '../support/measure.ts'

test('an event loop that is held again and again is degraded, and healthy again when it is left alone', async (t) => {
  const component = eventLoopComponent(100)
  t.after(() => component.stop?.())
  const measured = () => {
    for (let i = 0; i < 10; i++) component.measure()
    return component.report()
  }
  await settles(() => {
    const until = performance.now() + 200
    while (performance.now() < until);
    return measured().status === 'degraded'
  })
  assert.match(component.report().message, /^p99 \d+ ms late$/)
  await settles(() => measured().status === 'healthy', { every: 100 })
})

test('memory is degraded above its share of the limit, and healthy without one', () => {
  let use: { used: number; limit: number } | undefined = { used: 89e6, limit: 100e6 }
  const component = memoryComponent(0.9, () => use)
  const measured = () => {
    component.measure()
    const { status, message } = component.report()
    return [status, message]
  }
  assert.deepEqual(measured(), ['healthy', '89 MB of 100 MB'])
  use = { used: 90e6, limit: 100e6 }
  assert.deepEqual(measured(), ['degraded', '90 MB of 100 MB'])
  use = undefined
  assert.match(measured().join(), /^healthy,\d+ MB, without a limit$/)
})

test('the log is degraded for a minute after it lost lines', () => {
  let dropped = 7
  const component = logComponent(() => dropped)
  const status = () => component.report().status
  component.measure()
  assert.equal(status(), 'healthy', 'what was lost before does not count')
  dropped = 10
  component.measure()
  assert.deepEqual([status(), component.report().message], ['degraded', '3 lines lost in the last minute'])
  for (let second = 0; second < 58; second++) component.measure()
  assert.equal(status(), 'degraded')
  component.measure()
  assert.equal(status(), 'healthy')
})
