/** The real program takes another configuration: by SIGHUP, by a watched file, behind the links of a ConfigMap. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { type GatewayProcess, gatewayProcess, inFrontOf, type Settings } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { rawOrigin } from '../support/raw-origin.ts'
import { HEADERS } from './sessions-stage.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function upstream(): Promise<string> {
  const origin = await rawOrigin()
  closing.push(() => origin.close())
  return `${origin.url}/mcp`
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'sidelight-reload-'))
  closing.push(() => rmSync(made, { recursive: true, force: true }))
  return made
}

async function post(url: string): Promise<number> {
  const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
  const response = await fetch(url, { method: 'POST', headers: HEADERS, body })
  await response.arrayBuffer()
  return response.status
}

const told = (g: GatewayProcess, words: string) => g.log.filter(({ msg }) => String(msg).startsWith(words))
const pathsOf = (errors: unknown) => (errors as { path: string }[]).map(({ path }) => path)
const at = (url: string, path: string): Settings => inFrontOf(url, { routes: [{ path }], drain: { lag: 0 } })

test('SIGHUP takes the file as it is then, and a faulty one leaves the one before in force', async () => {
  const url = await upstream()
  const g = await gatewayProcess([], { settings: at(url, '/one') })
  closing.push(() => g.close())
  assert.deepEqual([await post(`${g.url}/one`), await post(`${g.url}/two`)], [200, 404])

  g.rewrite(at(url, '/two'))
  g.child.kill('SIGHUP')
  await settles(() => told(g, 'configuration applied').length === 1)
  assert.deepEqual([await post(`${g.url}/one`), await post(`${g.url}/two`)], [404, 200])

  g.rewrite({ ...at(url, 'three'), sesions: {} })
  g.child.kill('SIGHUP')
  await settles(() => told(g, 'configuration refused').length === 1)
  const [line] = told(g, 'configuration refused')
  assert.deepEqual([line?.trigger, pathsOf(line?.errors)], ['signal', ['routes[0].path', 'sesions']])
  assert.equal(await post(`${g.url}/two`), 200)
  assert.equal(await g.metric('sidelight_config_reloads_total', { result: 'refused' }), 1)
  assert.equal(await g.metric('sidelight_config_reloads_total', { result: 'applied' }), 1)
})

test('SIGHUP opens the log file anew, whatever becomes of the configuration', async () => {
  const url = await upstream()
  const place = folder()
  const [log, config] = [join(place, 'gateway.log'), join(place, 'sidelight.yaml')]
  const write = (more: Settings) =>
    writeFileSync(
      config,
      stringify(inFrontOf(url, { listen: { port: 0 }, admin: { port: 0 }, log: { destination: log }, ...more })),
    )
  write({})
  const child = spawn(process.execPath, [MAIN, '--config', config], { stdio: 'ignore' })
  closing.push(
    () =>
      new Promise((resolve) => {
        child.once('exit', resolve)
        child.kill('SIGKILL')
      }),
  )
  const has = (path: string, words: string) => readFileSync(path, 'utf8').includes(words)
  await settles(() => has(log, 'listening'), { within: 15_000 })

  write({ sessions: { max: -1 } })
  renameSync(log, `${log}.1`)
  child.kill('SIGHUP')
  await settles(() => has(log, 'configuration refused'))
  assert.equal(has(`${log}.1`, 'configuration refused'), false)

  write({ sessions: { max: 10 } })
  renameSync(log, `${log}.2`)
  child.kill('SIGHUP')
  await settles(() => has(log, 'configuration applied'))
})

test('flags go over the file when it is read again too', async () => {
  const [given, stated] = [await upstream(), await upstream()]
  const g = await gatewayProcess(['--upstream', given], {
    settings: { upstreams: { default: { url: stated } }, routes: [{ path: '/one' }] },
  })
  closing.push(() => g.close())
  g.rewrite({ upstreams: { default: { url: 'http://127.0.0.1:1/mcp' } }, routes: [{ path: '/two' }] })
  g.child.kill('SIGHUP')
  await settles(() => told(g, 'configuration applied').length === 1)
  assert.deepEqual(told(g, 'configuration applied')[0]?.applied, ['routes[0].path'])
  assert.equal(await post(`${g.url}/two`), 200)
})

test('without a file, SIGHUP finds nothing to apply, and the demo goes on', async () => {
  const g = await gatewayProcess([])
  closing.push(() => g.close())
  g.child.kill('SIGHUP')
  await settles(() => told(g, 'configuration read, nothing to apply').length === 1)
  assert.equal((await fetch(`${g.url}/health`)).status, 200)
})

test('upstreams that are gone from the file are no wish for the demo', async () => {
  const url = await upstream()
  const g = await gatewayProcess([], { settings: at(url, '/one') })
  closing.push(() => g.close())
  g.rewrite({})
  g.child.kill('SIGHUP')
  await settles(() => told(g, 'configuration refused').length === 1)
  const [line] = told(g, 'configuration refused')
  assert.deepEqual(pathsOf(line?.errors), ['upstreams'])
  assert.equal(await post(`${g.url}/one`), 200)
})

test('a ConfigMap that Kubernetes replaces is taken when it is watched', async () => {
  const url = await upstream()
  const mount = folder()
  const version = (name: string, settings: Settings): void => {
    mkdirSync(join(mount, name))
    const ports = { listen: { port: 0 }, admin: { port: 0 } }
    writeFileSync(join(mount, name, 'sidelight.yaml'), stringify({ ...settings, ...ports }))
  }
  version('..2026_01_01', at(url, '/one'))
  symlinkSync('..2026_01_01', join(mount, '..data'))
  symlinkSync(join('..data', 'sidelight.yaml'), join(mount, 'sidelight.yaml'))
  const file = join(mount, 'sidelight.yaml')
  const g = await gatewayProcess(['--config', file, '--watch'])
  closing.push(() => g.close())
  assert.equal(await post(`${g.url}/one`), 200)

  version('..2026_01_02', at(url, '/two'))
  symlinkSync('..2026_01_02', join(mount, '..data_tmp'))
  renameSync(join(mount, '..data_tmp'), join(mount, '..data'))
  rmSync(join(mount, '..2026_01_01'), { recursive: true })
  await settles(() => told(g, 'configuration applied').length === 1, { within: 15_000 })
  assert.equal(told(g, 'configuration applied')[0]?.trigger, 'file')
  assert.deepEqual([await post(`${g.url}/one`), await post(`${g.url}/two`)], [404, 200])

  unlinkSync(file)
  await settles(() => told(g, 'configuration refused').length === 1, { within: 15_000 })
  assert.equal(await post(`${g.url}/two`), 200)
})

test('watching can be switched on by a reload', async () => {
  const url = await upstream()
  const g = await gatewayProcess([], { settings: at(url, '/one') })
  closing.push(() => g.close())
  g.rewrite({ ...at(url, '/one'), reload: { watch: true } })
  g.child.kill('SIGHUP')
  await settles(() => told(g, 'configuration applied').length === 1)
  g.rewrite({ ...at(url, '/two'), reload: { watch: true } })
  await settles(() => told(g, 'configuration applied').length === 2, { within: 15_000 })
  assert.equal(await post(`${g.url}/two`), 200)
})
