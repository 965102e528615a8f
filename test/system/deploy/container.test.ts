/** The container without an engine: the Dockerfile is carried out, and its result runs unprivileged in a read-only root. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { settles } from '../../support/measure.ts'
import { build } from './dockerfile.ts'
import { run, sandboxMissing } from './sandbox.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
}

test('the image runs unprivileged in a read-only root, and drains as process 1', { timeout: 300_000 }, async (t) => {
  if (sandboxMissing) {
    console.log('NOT RUN: the container, which needs root and unshare')
    assert.equal(process.env.CI, undefined, 'root and unshare are needed where CI is set')
    t.skip('no root, or no unshare')
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-image-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const env = {
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    HOME: process.env.HOME,
    // How this machine reaches the registry; an engine has ways of its own.
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => /_proxy$|_CERTS?$|cafile$/i.test(name))),
    npm_config_prefer_offline: 'true',
  }
  const image = build({ dockerfile: join(ROOT, 'deploy/Dockerfile'), source: ROOT, into: folder, env })

  // What is in it
  assert.match(image.base, /nodejs24.*:nonroot$/)
  assert.deepEqual(readdirSync(join(image.root, 'app')).sort(), ['LICENSE', 'dist', 'node_modules', 'package.json'])
  const { dependencies, devDependencies, license } = JSON.parse(
    readFileSync(join(image.root, 'app/package.json'), 'utf8'),
  ) as { dependencies: object; devDependencies: object; license: string }
  const installed = (name: string): boolean => existsSync(join(image.root, 'app/node_modules', name))
  for (const name of Object.keys(dependencies)) assert.ok(installed(name), name)
  for (const name of ['typescript', '@biomejs/biome', 'fast-check', 'sidelight-node']) {
    assert.ok(name in devDependencies, name)
    assert.ok(!installed(name), name)
  }
  assert.equal(image.labels['org.opencontainers.image.licenses'], license)

  // How it runs, with every exporter loaded
  const more = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_METRIC_EXPORT_INTERVAL: '60000' }
  const { child, pid } = run(image, ['--port', '0', '--admin-port', '0'], more)
  t.after(() => child.kill('SIGKILL'))
  const exited = once(child, 'exit')
  let out = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
  }
  const line = await settles(
    () => {
      assert.equal(child.exitCode, null, out)
      return out.split('\n').find((each) => each.includes('"msg":"listening"'))
    },
    { within: 30_000, every: 50, what: 'the gateway' },
  )
  const { proxy, admin } = JSON.parse(String(line)) as { proxy: string; admin: string }
  // 0.0.0.0 is told as localhost, 127.0.0.1 would not be.
  assert.match(proxy, /^http:\/\/localhost:\d+$/)
  assert.match(admin, /^http:\/\/localhost:\d+$/)
  const own = proxy.replace('localhost', '127.0.0.1')
  const answer = await fetch(`${own}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify(INITIALIZE),
  })
  assert.match(await answer.text(), /sidelight-demo/)
  assert.equal((await fetch(`${own}/health`)).status, 200)

  // The check that the engine runs in it, of a gateway that is there and of one that is not
  const healthy = async (url: string): Promise<number> => {
    const check = run({ ...image, entrypoint: image.healthcheck }, ['--url', url], {})
    return ((await once(check.child, 'exit')) as [number])[0]
  }
  await settles(async () => (await fetch(`${own}/health/ready`)).status === 200, { within: 10_000, every: 50 })
  assert.equal(await healthy(admin.replace('localhost', '127.0.0.1')), 0)
  assert.equal(await healthy('http://127.0.0.1:9'), 1)

  const inside = pid()
  const status = readFileSync(`/proc/${inside}/status`, 'utf8')
  assert.match(status, /^Uid:\s+65532\s+65532\s+65532\s+65532$/m)
  assert.match(status, new RegExp(`^NSpid:\\s+${inside}\\s+1$`, 'm'))
  const mounts = readFileSync(`/proc/${inside}/mountinfo`, 'utf8').split('\n')
  const mount = mounts.map((each) => each.split(' ')).find(([, , , , at]) => at === '/')
  assert.match(mount?.[5] ?? 'none', /^ro\b/)

  process.kill(inside, 'SIGTERM')
  assert.deepEqual(await exited, [0, null], out)
  assert.match(out, /"msg":"stopped"/)
})
