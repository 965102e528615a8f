/** What health says of a place that telemetry is sent to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exportComponent } from '../../src/health/export-component.ts'
import { Health } from '../../src/health/health.ts'
import { ExportTarget } from '../../src/telemetry/export-target.ts'

test('a collector that takes nothing degrades health, never readiness, and its address is not told', () => {
  const log = { info() {}, warn() {} }
  const target = new ExportTarget({ signal: 'metrics', exporter: 'otlp', log, failed() {} })
  const health = new Health('1', [exportComponent(target)])
  const of = () => health.ready().report.components['export:metrics:otlp']
  assert.deepEqual([of()?.status, of()?.message], ['healthy', 'nothing sent yet'])
  target.settled(new Error('connect ECONNREFUSED 10.1.2.3:4317'), 12.4)
  assert.equal(health.ready().code, 200)
  assert.equal(health.ready().report.status, 'degraded')
  assert.equal(of()?.duration_ms, 12)
  assert.doesNotMatch(JSON.stringify(of()), /10\.1\.2\.3/)
  target.settled(undefined, 3)
  assert.deepEqual([health.ready().report.status, of()?.message], ['healthy', 'sent'])
})
