/** What the program loads before any traffic: memory and start-up time are mostly modules, so each new one is a decision. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it, test } from 'node:test'
import { type GatewayProcess, gatewayProcess } from './support/gateway.ts'
import { settles } from './support/measure.ts'
import { type RawOrigin, rawOrigin } from './support/raw-origin.ts'

const PRELOAD = new URL('./support/loaded-modules.ts', import.meta.url).href

/** Fastify and what it needs, pino and what it needs, and the part of undici that carries traffic. */
const PACKAGES = [
  '@fastify/error',
  '@fastify/forwarded',
  '@fastify/proxy-addr',
  '@pinojs/redact',
  'abstract-logging',
  'atomic-sleep',
  'avvio',
  'fast-decode-uri-component',
  'fast-deep-equal',
  'fast-json-stringify',
  'fast-querystring',
  'fastify',
  'fastq',
  'find-my-way',
  'ipaddr.js',
  'on-exit-leak-free',
  'pino',
  'pino-std-serializers',
  'process-warning',
  'quick-format-unescaped',
  'ret',
  'reusify',
  'rfdc',
  'safe-regex2',
  'safe-stable-stringify',
  'secure-json-parse',
  'semver',
  'sonic-boom',
  'thread-stream',
  'toad-cache',
  'undici',
]

/** Loaded only when something asks for them. */
const NEVER_IDLE =
  /^(@modelcontextprotocol\/.*|@opentelemetry\/.*|@fastify\/(http-proxy|reply-from|ajv-compiler|fast-json-stringify-compiler)|ajv.*|yaml|zod.*)$/

test("the gateway is built without Node's own fetch, 3 MB that an import of node:http brings along", () => {
  const gateway = new URL('../src/gateway.ts', import.meta.url).href
  const script = `await import(${JSON.stringify(gateway)}); console.log(process.moduleLoadList.join('\\n'))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  assert.match(stdout, /^NativeModule http$/m, stderr)
  assert.doesNotMatch(stdout, /deps\/undici/)
})

describe('at idle', () => {
  let origin: RawOrigin
  let g: GatewayProcess
  let folder: string
  let urls: string[]
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sidelight-modules-'))
    const file = join(folder, 'modules')
    const result = { jsonrpc: '2.0', id: 1, result: {} }
    origin = await rawOrigin({ behaviour: (exchange) => exchange.respond({ body: JSON.stringify(result) }) })
    g = await gatewayProcess(['--upstream', `${origin.url}/mcp`], {
      env: { NODE_OPTIONS: `--import=${PRELOAD}`, LOADED_MODULES_FILE: file },
    })
    // The first probe loads the last of it.
    await settles(async () => (await fetch(`${g.url}/health/ready`)).status === 200)
    urls = readFileSync(file, 'utf8').trim().split('\n')
  })
  after(async () => {
    await g?.close()
    await origin.close()
    rmSync(folder, { recursive: true })
  })

  const inPackage = (name: string) => urls.filter((url) => packageOf(url) === name)

  it('only these packages are loaded', () => {
    assert.ok(urls.some((url) => url.endsWith('/src/main.ts')))
    const packages = new Set(urls.map(packageOf).filter((name) => name !== undefined))
    assert.deepEqual([...packages].sort(), PACKAGES)
  })

  it('nothing is loaded that only a feature in use needs', () => {
    assert.deepEqual(
      urls.map(packageOf).filter((name) => name !== undefined && NEVER_IDLE.test(name)),
      [],
    )
    assert.deepEqual(
      urls.filter((url) => /\/src\/(demo|listener\/passthrough-|admin\/mcp\/(?!route))/.test(url)),
      [],
    )
  })

  it('the compiler of JSON serialisers is not, but only the two files of it that Fastify writes its own errors with', () => {
    assert.deepEqual(
      inPackage('fast-json-stringify').map((url) => url.slice(url.lastIndexOf('/') + 1)),
      ['serializer.js', 'v8.js'],
    )
  })

  it('undici is not loaded whole', () => {
    assert.deepEqual(
      inPackage('undici').filter((url) => /\/(index|fetch|cache|websocket|mock|eventsource)\b/.test(url)),
      [],
    )
  })

  it('nothing was said on stderr: no warning, no deprecation', () => {
    assert.equal(g.stderr, '')
  })
})

/** The innermost package that a module belongs to. */
function packageOf(url: string): string | undefined {
  return /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]
}
