/** How many tasks were begun never falls, whatever series end. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Instruments } from '../../src/telemetry/instruments.ts'
import { SeriesStore } from '../../src/telemetry/series.ts'
import { observeTasks } from '../../src/telemetry/tasks.ts'

it('the probes of an upstream that is removed stay counted', () => {
  const store = new SeriesStore()
  const instruments = new Instruments(store)
  const none = () => 0
  const sources = { check: none, log_write: none, metrics_export: none, profile: none, traces_export: none }
  observeTasks(store, instruments, sources)
  const { upstreamProbeDuration } = instruments.pools
  const probed = (upstream: string) => {
    const values = upstreamProbeDuration.def.labels.map((label) => (label === 'upstream' ? upstream : 'success'))
    upstreamProbeDuration.bind(values).record(0.001)
  }
  const counted = (): number => {
    store.collect()
    return instruments.tasksSpawned.bind(['probe']).value
  }
  for (const upstream of ['one', 'one', 'two']) probed(upstream)
  assert.equal(counted(), 3)
  upstreamProbeDuration.unbindWhere(upstreamProbeDuration.def.labels.map((l) => (l === 'upstream' ? 'one' : undefined)))
  assert.equal(counted(), 3)
  probed('one')
  assert.equal(counted(), 4)
})
