/** `sidelight health`, as a container's health check runs it. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { gateway, inFrontOf } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { rawOrigin } from '../support/raw-origin.ts'
import { sidelight } from './program.ts'

const PRELOAD = new URL('../support/loaded-modules.ts', import.meta.url).href
const answer = JSON.stringify({ jsonrpc: '2.0', id: 'sidelight-probe', result: {} })

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sidelight-'))
  t.after(() => rm(path, { recursive: true }))
  return path
}

async function readyGateway(t: TestContext) {
  const origin = await rawOrigin({ behaviour: (exchange) => exchange.respond({ body: answer }) })
  const g = await gateway(inFrontOf(`${origin.url}/mcp`))
  t.after(async () => {
    await g.close()
    await origin.close()
  })
  await settles(async () => (await fetch(`${g.adminUrl}/health/ready`)).status === 200)
  return { ...g, port: new URL(g.adminUrl).port }
}

describe('sidelight health', { concurrency: 2, timeout: 60_000 }, () => {
  it('finds a gateway that is ready, by flag, by variable and by file, and loads nothing of a gateway for it', async (t) => {
    const { adminUrl, port } = await readyGateway(t)
    const path = await folder(t)
    const modules = join(path, 'modules')
    const file = join(path, 'sidelight.yaml')
    await writeFile(file, `admin: { host: 0.0.0.0, port: ${port} }\n`)
    const env = { NODE_OPTIONS: `--import=${PRELOAD}`, LOADED_MODULES_FILE: modules }
    const ready = { status: 0, stdout: 'healthy\n', stderr: '' }
    assert.deepEqual(await sidelight(['health', '--url', adminUrl], env), ready)
    const loaded = (await readFile(modules, 'utf8')).trim().split('\n')
    assert.ok(loaded.some((url) => url.endsWith('/src/command/health.ts')))
    assert.deepEqual(
      loaded.filter((url) => /\/node_modules\/|\/src\/(gateway|upstream|listener)/.test(url)),
      [],
    )
    assert.deepEqual(await sidelight(['health', '--admin-port', port]), ready)
    assert.deepEqual(
      await sidelight(['health'], { SIDELIGHT_ADMIN_PORT: port, SIDELIGHT_ADMIN_HOST: '0.0.0.0' }),
      ready,
    )
    assert.deepEqual(await sidelight(['health', '--config', file]), ready)
  })

  it('does not call a gateway dead because its file has become faulty since it started', async (t) => {
    const { port } = await readyGateway(t)
    const file = join(await folder(t), 'sidelight.yaml')
    await writeFile(file, `admin: { port: ${port} }\nupstreams: { a: { ulr: '\${NOWHERE_SET}' } }\n`)
    assert.equal((await sidelight(['health', '--config', file])).status, 0)
    await writeFile(file, 'admin: {')
    assert.equal((await sidelight(['health', '--config', file, '--admin-port', port])).status, 0)
  })

  it('says what keeps a gateway from being ready, and asks for liveness where told so', async (t) => {
    const g = await gateway(inFrontOf('http://127.0.0.1:9/mcp'))
    t.after(() => g.close())
    await settles(async () => /ECONNREFUSED/.test(await (await fetch(`${g.adminUrl}/health/ready`)).text()))
    const { status, stdout, stderr } = await sidelight(['health', '--url', g.adminUrl])
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(stderr, /^sidelight: unhealthy: upstream:upstream is unhealthy \(no answer: ECONNREFUSED\)\n$/)
    assert.equal((await sidelight(['health', '--url', `${g.adminUrl}/health`])).status, 0)
  })

  it('says that nobody is there, and that what is there is no gateway or does not answer', async (t) => {
    const [page, hung] = await Promise.all([
      rawOrigin({ behaviour: (exchange) => exchange.respond({ body: '<h1>Welcome</h1>' }) }),
      rawOrigin({ behaviour: (exchange) => exchange.closed.then(() => {}) }),
    ])
    t.after(() => Promise.all([page.close(), hung.close()]))
    const [none, other, silent] = await Promise.all([
      sidelight(['health', '--url', '127.0.0.1:9']),
      sidelight(['health', '--url', page.url]),
      sidelight(['health', '--url', hung.url]),
    ])
    assert.deepEqual(none, {
      status: 1,
      stdout: '',
      stderr: 'sidelight: 127.0.0.1:9 is not there (connection refused)\n',
    })
    assert.match(other.stderr, /^sidelight: \S+ answers 200, but is no gateway\n$/)
    assert.match(silent.stderr, /^sidelight: \S+ does not answer within 3 s\n$/)
    assert.deepEqual([other.status, silent.status], [1, 1])
  })

  it('ends with 64 for flags that are wrong, and where nobody can be asked', async () => {
    for (const [args, words] of [
      [['--ulr', 'x'], /--ulr[\s\S]*did you mean --url\?/],
      [['--once'], /--once[\s\S]*sidelight top --once/],
      [['now'], /now\s+is one argument too many for health/],
      [['--admin-port', '0'], /--url/],
      [['--url', 'ftp://a'], /--url must be an http or https URL/],
      [['--admin-port', 'x'], /--admin-port/],
    ] as const) {
      const { status, stdout, stderr } = await sidelight(['health', ...args])
      assert.deepEqual([status, stdout], [64, ''], args.join(' '))
      assert.match(stderr, words)
    }
  })
})
