/** Checks and probes that are stopped at once: nothing of them is left running, or kept. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { commandLook } from '../../src/health/checks/command.ts'
import { Health } from '../../src/health/health.ts'

test('a command is not started for whoever has left', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-check-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'ran')
  await assert.rejects(async () => commandLook(['touch', file])(AbortSignal.abort(new Error('left'))), /left/)
  await delay(100)
  assert.equal(existsSync(file), false)
})

test('a component that goes is forgotten, whatever it is called', async () => {
  let told = true
  const health = new Health('1')
  const component = {
    name: 'constructor',
    required: false,
    report: () => ({ status: 'healthy', message: '' }) as const,
  }
  health.add(() => (told ? [component] : []))
  const { constructor: before } = health.look()
  told = false
  health.look()
  await delay(5)
  told = true
  assert.notEqual(
    (health.look().constructor as { changed_at?: string }).changed_at,
    (before as { changed_at?: string }).changed_at,
  )
})
