/** Each reference server is a program too: it prints where it is, and answers there. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sdkClient } from '../sdk-client.ts'

const PROGRAMS = [
  ['legacy.ts', 'legacy-reference', 'http'],
  ['modern.ts', 'modern-reference', 'http'],
  ['sse.ts', 'legacy-reference', 'sse'],
] as const

async function firstLine(child: ChildProcess): Promise<string> {
  const [text] = (await once(child.stdout ?? assert.fail('no output'), 'data')) as [Buffer]
  return text.toString()
}

describe('reference servers as programs', { timeout: 60_000, concurrency: 2 }, () => {
  for (const [file, name, over] of PROGRAMS) {
    it(file, async (t) => {
      const program = fileURLToPath(new URL(file, import.meta.url))
      const child = spawn(process.execPath, [program, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
      t.after(() => child.kill('SIGKILL'))
      const { url } = JSON.parse(await firstLine(child)) as { url: string }
      const peer = await sdkClient(url, { over })
      assert.equal(peer.client.getServerVersion()?.name, name)
      assert.deepEqual((await peer.call('test_simple_text')).content, [
        { type: 'text', text: 'This is a simple text response for testing.' },
      ])
      await peer.end()
    })
  }
})
