/** promtool accepts the metrics page of a gateway in use. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { expose } from '../../src/telemetry/exposition.ts'
import { Instruments } from '../../src/telemetry/instruments.ts'
import { observeProcess } from '../../src/telemetry/process.ts'
import { SeriesStore } from '../../src/telemetry/series.ts'

const missing = spawnSync('promtool', ['--version']).error !== undefined

test('promtool finds nothing wrong with any metric of the catalogue', async (t) => {
  if (missing) {
    console.log('NOT RUN: promtool is not installed')
    assert.equal(process.env.CI, undefined, 'promtool must be installed where CI is set')
    t.skip('promtool is not installed')
    return
  }
  const store = new SeriesStore()
  const instruments = new Instruments(store)
  const observed = observeProcess(store, instruments, '0.0.0')
  for (const instrument of store.instruments) {
    instrument.bind(instrument.def.labels.map((label) => `hostile "${label}"\\\n…`))
  }
  for (const series of instruments.exchangeDuration.series) series.record(0.2)
  let page = ''
  for await (const chunk of expose(store, 'text')) page += chunk
  observed.stop()
  for (const { def } of store.instruments) assert.ok(page.includes(`${def.help}\n`), def.name)
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: page, encoding: 'utf8' })
  assert.deepEqual([status, stdout, stderr], [0, '', ''])
})
