/** A watched file: rewritten, replaced, swapped behind a link as Kubernetes does, half-written, and gone. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { FileWatch } from '../../src/reload/file-watch.ts'
import { settles } from '../support/measure.ts'

const INTERVAL = 20

function stage(t: TestContext, prepare: (folder: string) => string) {
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-watch-'))
  const file = prepare(folder)
  let changes = 0
  const watch = new FileWatch(file, () => changes++, INTERVAL)
  t.after(() => {
    watch.stop()
    rmSync(folder, { recursive: true })
  })
  return { folder, file, watch, changes: () => changes }
}

const plain = (folder: string): string => {
  const file = join(folder, 'sidelight.yaml')
  writeFileSync(file, 'a')
  return file
}

/** Long enough for several looks. */
const looks = () => delay(8 * INTERVAL)

test('a file that is written or replaced is told once', async (t) => {
  const { folder, file, watch, changes } = stage(t, plain)
  watch.start()
  await looks()
  assert.equal(changes(), 0)
  writeFileSync(file, 'bb')
  await settles(() => changes() === 1)
  writeFileSync(join(folder, 'other'), 'cc')
  renameSync(join(folder, 'other'), file)
  await settles(() => changes() === 2)
  await looks()
  assert.equal(changes(), 2)
})

test('the links of a mounted ConfigMap that are swapped are told', async (t) => {
  const { folder, watch, changes } = stage(t, (folder) => {
    for (const [version, text] of [
      ['..1', 'a'],
      ['..2', 'b'],
    ] as const) {
      mkdirSync(join(folder, version))
      writeFileSync(join(folder, version, 'sidelight.yaml'), text)
      // Same size, same times: only which file it is has changed.
      utimesSync(join(folder, version, 'sidelight.yaml'), 1, 1)
    }
    symlinkSync('..1', join(folder, '..data'))
    symlinkSync(join('..data', 'sidelight.yaml'), join(folder, 'sidelight.yaml'))
    return join(folder, 'sidelight.yaml')
  })
  watch.start()
  await looks()
  symlinkSync('..2', join(folder, '..data_tmp'))
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  await settles(() => changes() === 1)
})

test('a file that is still being written is waited for', async (t) => {
  const { file, watch, changes } = stage(t, plain)
  watch.start()
  await looks()
  let text = 'b'
  // Grows between any two looks, however late the looks come.
  const writing = setInterval(() => {
    text += 'b'
    writeFileSync(file, text)
  }, 1)
  t.after(() => clearInterval(writing))
  await looks()
  assert.equal(changes(), 0)
  clearInterval(writing)
  await settles(() => changes() === 1)
})

test('a file that is gone is told, and again when it is back', async (t) => {
  const { file, watch, changes } = stage(t, plain)
  watch.start()
  await looks()
  rmSync(file)
  await settles(() => changes() === 1)
  writeFileSync(file, 'b')
  await settles(() => changes() === 2)
})

test('what was read is known, and what came before it was watched is not lost', async (t) => {
  const { file, watch, changes } = stage(t, plain)
  await watch.reading()
  writeFileSync(file, 'bb')
  watch.start()
  await settles(() => changes() === 1)
  writeFileSync(file, 'ccc')
  await watch.reading()
  await looks()
  assert.equal(changes(), 1)
})

test('stopped, it tells nothing, and begun again, only what comes then', async (t) => {
  const { file, watch, changes } = stage(t, plain)
  watch.start()
  watch.start()
  await looks()
  watch.stop()
  writeFileSync(file, 'bb')
  await looks()
  watch.start()
  await looks()
  assert.equal(changes(), 0)
  writeFileSync(file, 'ccc')
  await settles(() => changes() === 1)
})
