/** The probe against a real server that is killed, restarted, stopped in its tracks, and replaced by something else. */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { gateway, type TestGateway } from '../../support/gateway.ts'
import { settles } from '../../support/measure.ts'
import { peerServer1x } from '../../support/peers/server-1x.ts'
import { peerServer2x } from '../../support/peers/server-2x.ts'
import { type RawOrigin, rawOrigin } from '../../support/raw-origin.ts'
import { onFixedPort } from '../long-life/fixed-port.ts'

const PROGRAM = new URL('./server-program.ts', import.meta.url)
const WITHIN = { within: 20_000 }

interface Report {
  readonly status: string
  readonly components: Readonly<Record<string, { readonly status: string; readonly message: string }>>
}

async function startServer(port: number): Promise<ChildProcess> {
  const child = fork(PROGRAM, [String(port)])
  const came = await Promise.race([once(child, 'message').then(() => true), once(child, 'exit').then(() => false)])
  if (!came) throw Object.assign(new Error('the server did not start'), { code: 'EADDRINUSE' })
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** The component of the upstream; liveness must hold whatever it is. */
async function upstream(g: TestGateway): Promise<{ code: number; status: string; message: string }> {
  assert.equal((await fetch(`${g.url}/health`)).status, 200)
  const ready = await fetch(`${g.url}/health/ready`)
  const report = (await ready.json()) as Report
  const { status, message } = report.components['upstream:upstream'] ?? assert.fail('no component')
  return { code: ready.status, status, message }
}

async function becomes(g: TestGateway, status: string, message: RegExp) {
  const found = await settles(
    async () => {
      const now = await upstream(g)
      return now.status === status && message.test(now.message) ? now : undefined
    },
    { ...WITHIN, what: `${status}: ${message}` },
  )
  return found ?? assert.fail()
}

describe('the probe', { concurrency: true, timeout: 90_000 }, () => {
  it('follows a real server through death, restart, a hang, and another program in its place', async (t) => {
    let port = 0
    let server = await onFixedPort((free) => {
      port = free
      return startServer(free)
    })
    t.after(() => kill(server))
    const probe = { interval: '150ms', timeout: '600ms', traffic: false }
    const g = await gateway({ upstreams: { upstream: { url: `http://127.0.0.1:${port}/mcp`, probe } } })
    t.after(() => g.close())
    assert.equal((await becomes(g, 'healthy', /^answered server\/discover$/)).code, 200)

    await kill(server)
    assert.equal((await becomes(g, 'unhealthy', /^no answer: ECONNREFUSED$/)).code, 503)
    server = await startServer(port)
    assert.equal((await becomes(g, 'healthy', /^answered/)).code, 200)

    server.kill('SIGSTOP')
    assert.equal((await becomes(g, 'unhealthy', /^no answer: timeout$/)).code, 503)
    server.kill('SIGCONT')
    assert.equal((await becomes(g, 'healthy', /^answered/)).code, 200)

    await kill(server)
    const page = createServer(
      (_req, res) => void res.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Hello</h1>'),
    )
    await new Promise<void>((resolve) => page.listen(port, '127.0.0.1', resolve))
    t.after(() => page.close())
    assert.equal((await becomes(g, 'unhealthy', /^answered 200 without JSON-RPC$/)).code, 503)
    page.closeAllConnections()
    await new Promise((resolve) => page.close(resolve))
    server = await startServer(port)
    assert.equal((await becomes(g, 'healthy', /^answered/)).code, 200)
    assert.equal(await g.metric('mcp_upstream_up', { upstream: 'upstream' }), 1)
  })

  const answer = JSON.stringify({ jsonrpc: '2.0', id: 'sidelight-probe', result: {} })

  async function front(t: TestContext, o: RawOrigin, probe: object): Promise<TestGateway> {
    const g = await gateway({ upstreams: { upstream: { url: `${o.url}/mcp`, probe: { timeout: '5s', ...probe } } } })
    t.after(async () => {
      await g.close()
      await o.close()
    })
    return g
  }

  it('counts as many answers and misses as its thresholds say', async (t) => {
    const o = await rawOrigin({ behaviour: (e) => e.respond({ body: answer }) })
    const g = await front(t, o, { interval: '100ms', successThreshold: 3, failureThreshold: 4 })
    await becomes(g, 'healthy', /answered/)
    assert.equal(o.requests.length >= 3, true)
    const before = o.requests.length
    for (let i = 0; i < 3; i++) o.next((e) => e.reset())
    await settles(() => o.requests.length >= before + 4, WITHIN)
    assert.equal((await upstream(g)).code, 200, 'three misses are not four')
    for (let i = 0; i < 4; i++) o.next((e) => e.reset())
    o.next((e) => e.respond({ body: answer }))
    await settles(async () => (await upstream(g)).code === 503, WITHIN)
    await becomes(g, 'healthy', /answered/)
  })

  it('lets calls that are answered speak for an upstream, and asks when they stop', async (t) => {
    const o = await rawOrigin()
    const g = await front(t, o, { interval: '1s' })
    const call = () =>
      fetch(`${g.url}/mcp`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      }).then((response) => response.text())
    await becomes(g, 'healthy', /^answered server\/discover$/)
    await settles(async () => {
      await call()
      return (await upstream(g)).message === 'answered calls'
    }, WITHIN)
    const probes = () => o.requests.filter((request) => request.values('mcp-method')[0] === 'server/discover').length
    const before = probes()
    await settles(async () => {
      await call()
      return (await upstream(g)).message === 'answered calls'
    }, WITHIN)
    assert.equal(probes(), before)
    // Nobody calls any more: it is asked again.
    await becomes(g, 'healthy', /^answered server\/discover$/)
  })

  it('asks at once when a call finds nobody, long before its time', async (t) => {
    const o = await rawOrigin()
    const g = await front(t, o, { interval: '10m' })
    await becomes(g, 'healthy', /answered/)
    await o.refuse()
    o.resetAll()
    await fetch(`${g.url}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    })
    assert.equal((await becomes(g, 'unhealthy', /ECONNREFUSED/)).code, 503)
    await o.listen()
    await becomes(g, 'healthy', /answered/)
  })

  for (const [era, start] of [
    ['with sessions', peerServer1x],
    ['of 2026-07-28', peerServer2x],
  ] as const) {
    it(`names the tools that a server ${era} lacks, and learns the names of the others`, async (t) => {
      const peer = await start()
      const probe = {
        interval: '100ms',
        timeout: '5s',
        tools: ['echo', 'gone'],
        learnNames: true,
        listInterval: '100ms',
      }
      const g = await gateway({ upstreams: { upstream: { url: peer.url, probe } } })
      t.after(async () => {
        await g.close()
        await peer.close()
      })
      assert.equal((await becomes(g, 'degraded', /^lacks the tools gone$/)).code, 200)
      await settles(async () => (await g.metric('mcp_tools_listed', { upstream: 'upstream' })) > 0, WITHIN)
    })
  }

  it('reads every page of the list, and the token anew for each probe', async (t) => {
    const o = await rawOrigin({
      behaviour: async (e) => {
        const { method, params } = JSON.parse(String(await e.body())) as { method: string; params: { cursor?: string } }
        const page = Number(params.cursor ?? 0)
        const next = page < 2 ? { nextCursor: String(page + 1) } : {}
        const result = method === 'tools/list' ? { tools: [{ name: `tool_${page}`, inputSchema: {} }], ...next } : {}
        await e.respond({ body: JSON.stringify({ jsonrpc: '2.0', id: 'sidelight-probe', result }) })
      },
    })
    const folder = await mkdtemp(join(tmpdir(), 'sidelight-'))
    t.after(() => rm(folder, { recursive: true }))
    const tokenFile = join(folder, 'token')
    await writeFile(tokenFile, 'the-first-token-of-all\n')
    const tools = ['tool_0', 'tool_1', 'tool_2']
    const g = await front(t, o, { interval: '100ms', tools, listInterval: '100ms', tokenFile })
    await becomes(g, 'healthy', /answered/)
    const last = () => o.requests.at(-1)?.values('authorization')[0]
    assert.equal(last(), 'Bearer the-first-token-of-all')
    await writeFile(tokenFile, 'another-token-altogether')
    await settles(() => last() === 'Bearer another-token-altogether', WITHIN)
    assert.deepEqual(o.failures, [])
  })
})
