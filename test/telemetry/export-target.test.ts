/** How the state of an exporter is kept and told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ExportTarget } from '../../src/telemetry/export-target.ts'

test('the log tells when an exporter fails and when it works again, and each failure is counted', () => {
  const lines: string[] = []
  const note = (_fields: object, message: string) => lines.push(message)
  let failures = 0
  const target = new ExportTarget({
    signal: 'metrics',
    exporter: 'otlp',
    log: { info: note, warn: note },
    failed: () => failures++,
  })
  const before = target.last
  assert.equal(before, undefined)
  const errors = [undefined, undefined, new Error('down'), new Error('still'), undefined, new Error('again')]
  for (const error of errors) target.settled(error, 5)
  assert.deepEqual(lines, ['export failed', 'export works again', 'export failed'])
  assert.equal(failures, 3)
  assert.deepEqual({ ...target.last, at: 0 }, { ok: false, message: 'again', at: 0, duration: 5 })
})
