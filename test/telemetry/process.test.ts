/** The process's own figures. */
import assert from 'node:assert/strict'
import { open } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Instruments } from '../../src/telemetry/instruments.ts'
import { observeProcess } from '../../src/telemetry/process.ts'
import { SeriesStore } from '../../src/telemetry/series.ts'

const SIZE = 64 * 1024 * 1024

test('a collection reads memory, CPU, uptime and descriptors of this process', async () => {
  const store = new SeriesStore()
  const instruments = new Instruments(store)
  const observed = observeProcess(store, instruments, '1.2.3')
  store.collect()
  const { process: own } = instruments
  const resident = own.memoryUsage.bind([]).value
  assert.ok(resident > 20e6 && resident < 2e9, `${resident} bytes`)
  const heap = [...own.heapUsed.series].reduce((sum, { value }) => sum + value, 0)
  assert.ok(heap > 1e6 && heap < resident)
  assert.equal(own.heapUsed.overflowed, 0)
  assert.ok(own.cpuTime.bind(['user']).value > 0)
  assert.ok(Math.abs(instruments.uptime.bind([]).value - process.uptime()) < 10)
  assert.equal(instruments.buildInfo.bind(['1.2.3', process.versions.node]).value, 1)
  const descriptors = own.fileDescriptors.bind([]).value
  const files = await Promise.all(Array.from({ length: 20 }, () => open(import.meta.filename)))
  store.collect()
  assert.ok(own.fileDescriptors.bind([]).value >= descriptors + 15)
  await Promise.all(files.map((file) => file.close()))
  observed.stop()
})

test('buffers are external memory, and go from it again when they are not held', () => {
  const store = new SeriesStore()
  const instruments = new Instruments(store)
  const observed = observeProcess(store, instruments, '')
  const external = (): number => {
    store.collect()
    return instruments.process.externalMemory.bind([]).value
  }
  const before = external()
  assert.ok(before > 0)
  const buffer = new ArrayBuffer(SIZE)
  const held = external()
  assert.ok(held >= before + 0.9 * SIZE && held < before + 2 * SIZE, `${before} bytes, then ${held}`)
  // Frees it without a collection.
  buffer.transfer(0)
  const after = external()
  assert.ok(after < before + 0.5 * SIZE, `${held} bytes, then ${after}`)
  observed.stop()
})

test('a blocked event loop shows in its delay', async () => {
  const store = new SeriesStore()
  const instruments = new Instruments(store)
  const observed = observeProcess(store, instruments, '')
  await delay(60)
  for (const until = performance.now() + 200; performance.now() < until; );
  await delay(60)
  store.collect()
  const { eventLoopDelayMax: max, eventLoopDelayP50: p50, eventLoopUtilization: busy } = instruments.process
  assert.ok(max.bind([]).value > 0.1, `${max.bind([]).value} s`)
  assert.ok(p50.bind([]).value <= max.bind([]).value)
  assert.ok(busy.bind([]).value > 0 && busy.bind([]).value <= 1)
  observed.stop()
})

test('garbage collections are timed by type', async () => {
  const store = new SeriesStore()
  const instruments = new Instruments(store)
  const observed = observeProcess(store, instruments, '')
  const minor = instruments.process.gcDuration.bind(['minor'])
  const kept: object[][] = []
  for (const deadline = performance.now() + 10_000; minor.count === 0 && performance.now() < deadline; ) {
    kept[0] = Array.from({ length: 100_000 }, (_, i) => ({ i }))
    await delay(1)
  }
  assert.ok(minor.count > 0)
  assert.ok(minor.sum > 0 && minor.sum < 10)
  observed.stop()
})

test('stopping leaves the last values and reads no more', () => {
  const store = new SeriesStore()
  const instruments = new Instruments(store)
  const observed = observeProcess(store, instruments, '')
  store.collect()
  observed.stop()
  const before = instruments.uptime.bind([]).value
  assert.ok(before > 0)
  for (const until = performance.now() + 5; performance.now() < until; );
  store.collect()
  assert.equal(instruments.uptime.bind([]).value, before)
})
