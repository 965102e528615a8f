/** `sidelight top` against a gateway that carries traffic: printed once, and watched in a terminal. */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it, type TestContext } from 'node:test'
import { watch } from '../../../src/command/top/watch.ts'
import { gateway, inFrontOf, type TestGateway } from '../../support/gateway.ts'
import { settles } from '../../support/measure.ts'
import { rawOrigin } from '../../support/raw-origin.ts'
import { sidelight } from '../program.ts'

const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
const answer = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { content: [], isError: true } })

async function stage(t: TestContext): Promise<TestGateway & { call(tool: string): Promise<void> }> {
  const origin = await rawOrigin({ behaviour: (exchange) => exchange.respond({ body: answer }) })
  const g = await gateway(inFrontOf(`${origin.url}/mcp`))
  t.after(async () => {
    await g.close()
    await origin.close()
  })
  return {
    ...g,
    async call(name) {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name } })
      await (await fetch(`${g.url}/mcp`, { method: 'POST', headers: HEADERS, body })).text()
    },
  }
}

/** What is on it, without styles. */
function terminal() {
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    raw: false,
    setRawMode(raw: boolean) {
      input.raw = raw
    },
  })
  const output = Object.assign(new PassThrough(), { columns: 100, rows: 20 })
  let written = ''
  output.on('data', (data: Buffer) => {
    written += data.toString()
  })
  return { input, output, all: () => written, last: () => written.slice(written.lastIndexOf('\x1b[H')) }
}

describe('sidelight top', { concurrency: true, timeout: 60_000 }, () => {
  it('prints one view where it is piped: tools with their failures, and the upstream', async (t) => {
    const g = await stage(t)
    for (let i = 0; i < 3; i++) await g.call('broken')
    const { status, stdout, stderr } = await sidelight(['top', '--url', g.adminUrl])
    assert.deepEqual([status, stderr], [0, ''])
    assert.match(stdout, /^Sidelight 0\.0\.0-test .* ready +since its start$/m)
    assert.match(stdout, /^upstream +up /m)
    assert.match(stdout, /^broken +upstream .* 100 % .* 3 +tool_error$/m)
    assert.ok(!stdout.includes('\x1b'), 'no colours into a pipe')
    const painted = await sidelight(['top', '--once', '--url', g.adminUrl], { FORCE_COLOR: '1' })
    assert.ok(painted.stdout.includes('\x1b[1;31m'))
  })

  it('is about the next interval where one is given', async (t) => {
    const g = await stage(t)
    await g.call('before')
    const printed = sidelight(['top', '--once', '--interval', '500ms', '--url', g.adminUrl])
    assert.doesNotMatch((await printed).stdout, /^before/m)
  })

  it('follows the traffic, outlives the gateway, and leaves the terminal as it was', async (t) => {
    const g = await stage(t)
    const screen = terminal()
    const options = { url: new URL('/metrics', g.adminUrl), interval: 50, colours: false, terminal: screen }
    const ended = watch({ ...options, signal: new AbortController().signal })
    await settles(() => screen.last().includes('no calls yet'))
    assert.equal(screen.input.raw, true)
    await g.call('late')
    await settles(() => /\nlate +upstream/.test(screen.last()))
    await g.close()
    await settles(() => /is not there .*; trying again/.test(screen.last()))
    screen.input.write('q')
    await ended
    assert.equal(screen.input.raw, false)
    assert.ok(screen.all().startsWith('\x1b[?1049h') && screen.all().endsWith('\x1b[?1049l'))
  })

  it('ends when it is told to by a signal', async (t) => {
    const g = await stage(t)
    const screen = terminal()
    const stop = new AbortController()
    const options = { url: new URL('/metrics', g.adminUrl), interval: 60_000, colours: false, terminal: screen }
    const ended = watch({ ...options, signal: stop.signal })
    await settles(() => screen.all().includes('Sidelight'))
    stop.abort()
    await ended
    assert.ok(screen.all().endsWith('\x1b[?1049l'))
  })

  it('says where nobody is, and ends with 1; with 64 for wrong flags', async () => {
    const [none, wrong] = await Promise.all([
      sidelight(['top', '--url', '127.0.0.1:9']),
      sidelight(['top', '--interval', '10ms']),
    ])
    assert.deepEqual(none, {
      status: 1,
      stdout: '',
      stderr: 'sidelight: 127.0.0.1:9 is not there (connection refused)\n',
    })
    assert.equal(wrong.status, 64)
    assert.match(wrong.stderr, /--interval must be a duration from 500ms to 1h, not 10ms/)
  })
})
