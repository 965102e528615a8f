/** A client on the Python package `mcp`, in both eras, says the same through the gateway as directly. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gateway, inFrontOf } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import type { PeerServer } from '../support/peers/server.ts'
import { peerServer1x } from '../support/peers/server-1x.ts'
import { peerServer2x } from '../support/peers/server-2x.ts'

/** One release, so that the test means the same everywhere. It needs Python 3.10. */
const PACKAGE = 'mcp==2.3.0'
const PROGRAM = fileURLToPath(new URL('peers/client.py', import.meta.url))
const VERSION = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))'

const run = promisify(execFile)
const missing = spawnSync('python3', ['-c', VERSION], { stdio: 'ignore' }).status !== 0

const PAIRS: readonly (readonly [mode: string, line: string, start: () => Promise<PeerServer>, revision: string])[] = [
  ['legacy', 'SDK 1.x', peerServer1x, '2025-11-25'],
  ['auto', 'SDK 1.x', peerServer1x, '2025-11-25'],
  ['legacy', 'SDK 2.x', peerServer2x, '2025-11-25'],
  ['auto', 'SDK 2.x', peerServer2x, '2026-07-28'],
  ['2026-07-28', 'SDK 2.x', peerServer2x, '2026-07-28'],
]

interface Transcript {
  readonly results: readonly unknown[]
  readonly asked: readonly unknown[]
  readonly notifications: readonly string[]
}

describe('a Python client', { concurrency: 2, timeout: 240_000, skip: missing && 'no python3 with venv' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-python-'))
  const python = join(folder, 'bin', 'python')
  before(async () => {
    await run('python3', ['-m', 'venv', folder])
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', PACKAGE])
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  /** One for each URL. */
  async function transcripts(mode: string, urls: readonly string[]): Promise<readonly Transcript[]> {
    const { stdout } = await run(python, ['-W', 'ignore', PROGRAM, mode, ...urls], { timeout: 60_000 })
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Transcript)
  }

  for (const [mode, line, start, revision] of PAIRS) {
    it(`in mode ${mode} and a server on ${line}`, async (t) => {
      const server = await start()
      t.after(() => server.close())
      const upstreams = { upstream: { url: server.url, probe: { interval: '1h' } } }
      const front = await gateway(inFrontOf(server.url, { upstreams }))
      t.after(() => front.close())
      const [direct, through] = await transcripts(mode, [server.url, `${front.url}/mcp`])
      assert.ok(direct !== undefined)
      assert.equal((direct.results[0] as readonly unknown[])[0], revision)
      assert.deepEqual(direct.asked, [
        ['elicitation', 'Who are you?'],
        ['sampling', 'Why?'],
      ])
      assert.deepEqual(through, direct)
      await settles(() => server.cancelled.length === 2, { what: 'the cancellations at the server' })
    })
  }
})

it('a Python client was there to be held against the gateway', { skip: !missing || 'it was' }, () => {
  console.log('NOT RUN: python3 with venv (3.10 or later) is not installed')
  assert.equal(process.env.CI, undefined, 'python3 and its venv must be installed where CI is set')
})
