/** The real program's log: a file that is rotated under it, one that cannot be opened, and the cause of a failure. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gatewayProcess, inFrontOf } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { rawOrigin } from '../support/raw-origin.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const call = (url: string) =>
  fetch(`${url}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
  }).then((response) => response.text())

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'sidelight-log-'))
  closing.push(() => rmSync(made, { recursive: true, force: true }))
  return made
}

test('SIGHUP goes on in a new file when the old one was moved away, and loses no line', async () => {
  const file = join(folder(), 'gateway.log')
  const origin = await rawOrigin()
  closing.push(() => origin.close())
  // Lines on stdout tell the test when it listens: the program says so there only if its log goes there.
  const g = await gatewayProcess([], { settings: inFrontOf(`${origin.url}/mcp`, { drain: { lag: '0s' } }) })
  closing.push(() => g.close())
  process.kill(g.pid, 'SIGHUP')
  await call(g.url)
  assert.equal(g.child.exitCode, null)

  const port = 20_000 + (process.pid % 10_000)
  const args = [
    '--upstream',
    `${origin.url}/mcp`,
    '--port',
    String(port),
    '--admin-port',
    '0',
    '--log-destination',
    file,
  ]
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: 'ignore' })
  closing.push(() => child.kill('SIGKILL'))
  const lines = (path: string) => readFileSync(path, 'utf8').split('\n').filter(Boolean)
  const exchanges = (path: string) => lines(path).filter((line) => line.includes('"msg":"exchange"')).length
  await settles(() => lines(file).some((line) => line.includes('listening')), { within: 10_000 })
  await call(`http://127.0.0.1:${port}`)
  await settles(() => exchanges(file) === 1)
  renameSync(file, `${file}.1`)
  child.kill('SIGHUP')
  await settles(() => {
    try {
      return readFileSync(file) !== undefined
    } catch {
      return false
    }
  })
  await call(`http://127.0.0.1:${port}`)
  await settles(() => exchanges(file) === 1)
  assert.equal(exchanges(`${file}.1`), 1)
})

test('a log file that cannot be opened is said in one line, with exit code 64', () => {
  const file = join(folder(), 'nowhere', 'gateway.log')
  const { status, stderr } = spawnSync(
    process.execPath,
    [MAIN, '--port', '0', '--admin-port', '0', '--log-destination', file],
    {
      encoding: 'utf8',
    },
  )
  assert.equal(status, 64)
  assert.match(stderr, /nowhere/)
  assert.doesNotMatch(stderr, /\n\s+at /)
})

test('the line of a failure has the code of its cause, and so has the line when the probe sees the upstream gone', async () => {
  const origin = await rawOrigin()
  const { url } = origin
  await origin.close()
  const g = await gatewayProcess([], { settings: inFrontOf(`${url}/mcp`, { drain: { lag: '0s' } }) })
  closing.push(() => g.close())
  assert.match(await call(g.url), /upstream_unreachable/)
  await settles(() => g.log.some(({ msg }) => msg === 'exchange'))
  assert.equal(g.log.find(({ msg }) => msg === 'exchange')?.['error.cause'], 'ECONNREFUSED')
  await settles(() => g.log.some(({ msg }) => msg === 'upstream is not alive'))
})
