/** What a command does when nobody reads on. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { it } from 'node:test'
import { MAIN } from './program.ts'

it('a reader that has seen enough is no error', async () => {
  const child = spawn(process.execPath, [MAIN, 'schema'], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  let stderr = ''
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString()
  })
  const [status] = await once(child, 'close')
  assert.deepEqual([status, stderr], [0, ''])
})
