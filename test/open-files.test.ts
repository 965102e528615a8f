/** The warning at the start when the configured limits need more open files than the system allows. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openFilesLimit, openFilesNeeded } from '../src/open-files.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const UPSTREAM = 'url: "http://127.0.0.1:9/mcp", probe: { interval: 1h }, limits: { calls: 10, streams: 30 }'
const FILE = `
upstreams: { one: { ${UPSTREAM} }, other: { ${UPSTREAM} } }
routes: [{ path: /one, upstream: one }, { path: /other, upstream: other }]
listen: { port: 0 }
admin: { port: 0, limits: { connections: 50 } }
`
/** Two sockets for each of 2 × 40 exchanges, 50 of the admin listener, and 100. */
const NEEDED = 310

type Line = Readonly<Record<string, unknown>>

/** What the real program logs until it listens, under this `ulimit -n`. */
async function startedUnder(t: TestContext, limit: number): Promise<Line[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sidelight-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'sidelight.yaml'), FILE)
  const program = [process.execPath, MAIN, '--config', join(folder, 'sidelight.yaml')]
  const child = spawn('sh', ['-c', 'ulimit -n "$0" && exec "$@"', String(limit), ...program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = once(child, 'exit')
  const lines: Line[] = []
  for await (const text of createInterface(child.stdout)) {
    lines.push(JSON.parse(text) as Line)
    if (lines.at(-1)?.msg === 'listening') break
  }
  child.kill('SIGKILL')
  await gone
  assert.equal(lines.at(-1)?.msg, 'listening', 'it starts all the same')
  return lines
}

const warnings = (lines: readonly Line[]) => lines.filter(({ msg }) => String(msg).includes('ulimit -n'))

it('every upstream needs two sockets for each call and stream, and the admin listener its own', () => {
  const limits = { calls: 10, streams: 30 }
  assert.equal(openFilesNeeded([], 0), 100)
  assert.equal(openFilesNeeded([{ limits }, { limits }], 50), NEEDED)
})

describe('the program', { skip: process.platform !== 'linux', concurrency: 2, timeout: 60_000 }, () => {
  it('warns when one open file is missing, with what is there and what is needed', async (t) => {
    const [warning, ...more] = warnings(await startedUnder(t, NEEDED - 1))
    assert.deepEqual(more, [], 'once')
    assert.equal(warning?.level, 'warn')
    assert.deepEqual([warning?.limit, warning?.needed], [NEEDED - 1, NEEDED])
  })

  it('says nothing when there are just enough', async (t) => {
    assert.deepEqual(warnings(await startedUnder(t, NEEDED)), [])
  })

  it('knows its limit', () => {
    assert.ok(Number(openFilesLimit()) > 0)
  })
})
