/** The gateway as the chart starts it: its probes find it, and so does what `helm test` asks. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { onFixedPort } from '../../integration/long-life/fixed-port.ts'
import { selfSigned } from '../../support/certificates.ts'
import { settles } from '../../support/measure.ts'
import { goMissing } from '../deploy/go-tools.ts'
import { objectsIn, only, template } from './helm.ts'
import { mount } from './pod-folder.ts'
import { type Container, podIn, sidelightIn } from './relations.ts'

const run = promisify(execFile)
const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))

test('the rendered container starts, and is alive and ready', {
  skip: goMissing,
  timeout: 1_800_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-pod-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const proxy = await onFixedPort(free)
  const admin = await onFixedPort(free)
  const config = { listen: { port: proxy }, admin: { port: admin } }
  const objects = objectsIn(await template({ config, tls: { secretName: 'tls' } }))
  const { args, env } = mount(objects, podIn(objects), folder, await selfSigned({ name: 'gateway' }))
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env }, stdio: 'ignore' })
  const exited = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await exited
  })

  const { startupProbe, livenessProbe, readinessProbe } = sidelightIn(podIn(objects))
  for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe]) {
    await settles(async () => (await fetch(`http://127.0.0.1:${httpGet.port}${httpGet.path}`)).status === 200, {
      within: 30_000,
      every: 50,
      what: httpGet.path,
    })
  }

  const asked = (only(objects, 'Pod').spec as unknown as { containers: Container[] }).containers[0]?.args ?? []
  const here = asked.map((arg) => arg.replace('//mcp-sidelight-admin:', '//127.0.0.1:'))
  assert.match((await run(process.execPath, [MAIN, ...here])).stdout, /healthy/)
})

/** Throws if somebody listens there. */
async function free(port: number): Promise<number> {
  const server = createServer().listen(port)
  await once(server, 'listening')
  server.close()
  await once(server, 'close')
  return port
}
