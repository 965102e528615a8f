/** Reads a profile of a gateway with Go's own tool, as docs/operations.md says. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { ask } from '../admin/ask.ts'
import { gatewayProcess, inFrontOf } from '../support/gateway.ts'
import { rawOrigin } from '../support/raw-origin.ts'
import { goMissing, goTool } from './deploy/go-tools.ts'

const skip = goMissing !== undefined && `NOT RUN: ${goMissing}`

/** What `go tool pprof` prints of a path of `/debug/pprof/` while calls pass. */
async function read(t: TestContext, path: string, flags: readonly string[]): Promise<string> {
  const origin = await rawOrigin()
  t.after(() => origin.close())
  const g = await gatewayProcess([], { settings: inFrontOf(`${origin.url}/mcp`) })
  t.after(() => g.close())
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-pprof-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'profile.pb.gz')

  const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  let running = true
  const calls = (async () => {
    while (running) await (await fetch(`${g.url}/mcp`, { method: 'POST', headers, body })).text()
  })()
  try {
    const answer = await ask(g.adminUrl, path)
    assert.equal(answer.status, 200, answer.text.slice(0, 200))
    writeFileSync(file, answer.body)
  } finally {
    running = false
    await calls
  }
  return (await goTool(['tool', 'pprof', ...flags, file])).stdout
}

describe('go tool pprof', { skip }, () => {
  it('shows where the time of the processor went, by function and by line of this repository', async (t) => {
    const text = await read(t, '/debug/pprof/profile?seconds=3', ['-top', '-cum', '-nodecount=400', '-lines'])
    assert.match(text, /^Type: cpu$/m)
    assert.match(text, /^Duration: [\d.]+s, Total samples = /m)
    assert.match(text, /\/src\/(listener|upstream|exchange)\/\S+\.ts/)
  })

  it('shows what memory is in use', async (t) => {
    const text = await read(t, '/debug/pprof/heap?seconds=3', [
      '-top',
      '-cum',
      '-nodecount=400',
      '-sample_index=inuse_space',
    ])
    assert.match(text, /^Type: inuse_space$/m)
    assert.match(text, /\(external\)/)
  })
})
