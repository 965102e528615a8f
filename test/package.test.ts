/** The package as others get it: packed, installed elsewhere with production dependencies only, and run. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const npm = (cwd: string, ...args: string[]): string =>
  execFileSync('npm', args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  })

test('the packed package runs and type-checks with production dependencies only', { timeout: 180_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-package-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  npm(ROOT, 'pack', '--pack-destination', folder, '--silent')
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) as string
  writeFileSync(join(folder, 'package.json'), '{"name":"elsewhere","private":true,"type":"module"}')
  npm(folder, 'install', `./${tarball}`, '--omit=dev', '--no-audit', '--no-fund', '--prefer-offline', '--silent')

  const installed = join(folder, 'node_modules', 'sidelight')
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  const present = readdirSync(join(folder, 'node_modules'))
  for (const name of Object.keys(dependencies)) assert.ok(present.includes(name.split('/')[0] as string), name)
  assert.ok(
    !present.some((name) => /^node$|^node-(linux|darwin|win)|typescript|sidelight-node/.test(name)),
    'no development package',
  )
  assert.deepEqual(
    readdirSync(installed).filter(
      (name) => !['README.md', 'LICENSE', 'CHANGELOG.md', 'dist', 'docs', 'node_modules'].includes(name),
    ),
    ['package.json'],
  )

  // As an interceptor author: the types resolve.
  writeFileSync(
    join(folder, 'own.ts'),
    "import type { Interceptor } from 'sidelight/interceptor'\nexport const own: Interceptor = { name: 'own', onRequest(x) { x.setUpstreamHeader('a', 'b'); return undefined } }\n",
  )
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc')
  execFileSync(
    tsc,
    [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--skipLibCheck',
      '--types',
      'node',
      '--typeRoots',
      join(ROOT, 'node_modules', '@types'),
      'own.ts',
    ],
    { cwd: folder, encoding: 'utf8' },
  )

  // As a user: the command starts, in front of the demo upstream.
  const bin = join(folder, 'node_modules', '.bin', 'sidelight')
  const child = spawn(bin, ['--port', '0', '--admin-port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const listening = await new Promise<{ proxy: string }>((resolve, reject) => {
    let text = ''
    child.once('exit', (code) => reject(new Error(`ended with ${code}`)))
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more
      const line = text.split('\n').find((each) => each.includes('"msg":"listening"'))
      if (line !== undefined) resolve(JSON.parse(line))
    })
  })
  const answer = await fetch(`${listening.proxy}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
    }),
  })
  assert.match(await answer.text(), /sidelight-demo/)
})
