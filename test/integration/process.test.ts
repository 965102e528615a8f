/** The program from outside: what it prints and with which code it ends, for every way to start it wrong. */
import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gatewayProcess } from '../support/gateway.ts'
import { rawOrigin } from '../support/raw-origin.ts'

const ROOT = new URL('../../', import.meta.url)
const MAIN = fileURLToPath(new URL('src/main.ts', ROOT))

type Ended = Pick<SpawnSyncReturns<string>, 'status' | 'stdout' | 'stderr'>

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env }, stdio: 'pipe' })
  const ended = { status: null as number | null, stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    ended.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    ended.stderr += text
  })
  return new Promise((resolve) => child.once('close', (status) => resolve({ ...ended, status })))
}

async function file(t: TestContext, yaml: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sidelight-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'sidelight.yaml')
  await writeFile(path, yaml)
  return path
}

async function takenPort(t: TestContext): Promise<number> {
  const origin = await rawOrigin()
  t.after(() => origin.close())
  return origin.port
}

describe('the program', { concurrency: 2, timeout: 60_000 }, () => {
  it('tells every fault of its command line and environment at once, and ends with 64', async () => {
    const { status, stdout, stderr } = await run(['--prot', '9', '--upstream', 'not a url', '--host'], {
      SIDELIGHT_ADMIN_PORT: 'many',
    })
    assert.equal(status, 64)
    assert.equal(stdout, '')
    for (const fault of ['--prot', '--port', '--upstream', '--host', 'SIDELIGHT_ADMIN_PORT']) {
      assert.ok(stderr.includes(fault), `${fault} in ${stderr}`)
    }
  })

  it('checks a file: 64 and every fault, or 0', async (t) => {
    const bad = await run(['check', await file(t, 'upstreams: { a: { ulr: x } }\nlimits: { requestBytes: lots }\n')])
    assert.equal(bad.status, 64)
    for (const fault of ['upstreams.a', 'ulr', 'limits.requestBytes']) assert.ok(bad.stderr.includes(fault), bad.stderr)
    const good = await run(['check', await file(t, 'upstreams: { a: { url: "http://127.0.0.1:3001/mcp" } }\n')])
    assert.deepEqual(good, { status: 0, stdout: 'the configuration is valid\n', stderr: '' })
    const none = await run(['check', '/nowhere/sidelight.yaml'])
    assert.equal(none.status, 64)
    assert.match(none.stderr, /\/nowhere\/sidelight\.yaml/)
  })

  it('does not start with a faulty file', async (t) => {
    const { status, stderr } = await run(['--config', await file(t, 'listen: { port: 99999 }\n')])
    assert.equal(status, 64)
    assert.match(stderr, /listen\.port/)
  })

  it('prints its help, its version and its schema', async () => {
    const { version } = JSON.parse(await readFile(new URL('package.json', ROOT), 'utf8')) as { version: string }
    assert.deepEqual(await run(['--version']), { status: 0, stdout: `${version}\n`, stderr: '' })
    const help = await run(['--help', '--nonsense'])
    assert.equal(help.status, 0)
    for (const word of ['--upstream', '--config', '--port', 'SIDELIGHT_ADMIN_PORT', 'check'])
      assert.ok(help.stdout.includes(word))
    const schema = await run(['schema'])
    assert.equal(schema.status, 0)
    assert.equal((JSON.parse(schema.stdout) as { title: string }).title, 'Sidelight configuration')
  })

  for (const [flag, other] of [
    ['--port', '--admin-port'],
    ['--admin-port', '--port'],
  ] as const) {
    it(`says that the port of ${flag} is in use, and ends with 1`, async (t) => {
      const port = await takenPort(t)
      const { status, stdout, stderr } = await run([flag, String(port), other, '0'])
      assert.equal(status, 1)
      assert.match(
        stderr,
        new RegExp(`^sidelight: 127\\.0\\.0\\.1:${port} is in use: [^\\n]*--port, --admin-port[^\\n]*\\n$`),
      )
      assert.doesNotMatch(stdout, /listening/)
    })
  }

  it('says that an address is not of this machine', async () => {
    const { status, stderr } = await run(['--host', '192.0.2.1', '--port', '0', '--admin-port', '0'])
    assert.equal(status, 1)
    assert.match(stderr, /^sidelight: 192\.0\.2\.1 is not an address of this machine/)
  })

  it('says where to connect and where metrics and health are, in its first line', async (t) => {
    const g = await gatewayProcess(['--upstream', 'http://127.0.0.1:9/deep/mcp'])
    t.after(() => g.close())
    const line = g.log.find(({ msg }) => msg === 'listening') ?? assert.fail('no line')
    assert.deepEqual(line.routes, [{ url: `${g.url}/deep/mcp`, upstream: 'default' }])
    for (const url of [line.metrics, line.health]) assert.equal((await fetch(String(url))).status, 200)
    assert.equal(g.stderr, '', 'nothing beside the log where nobody looks on')
  })
})
