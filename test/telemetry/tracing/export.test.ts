/** When tracing is on, what it loads then, and what its settings must be. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { ConfigError } from '../../../src/config/errors.ts'
import { traces } from '../../../src/config/settings-traces.ts'
import { walk } from '../../../src/config/walk.ts'
import { exportersOf, type TraceSettings } from '../../../src/telemetry/tracing/settings.ts'

function read(document: unknown): { settings: TraceSettings; errors: readonly string[] } {
  const errors: ConfigError[] = []
  const settings = walk(traces, document, 'traces', { folder: '/', texts: new Set(), errors, files: [] })
  return { settings, errors: errors.map(({ path, message }) => `${path} ${message}`) }
}

describe('the settings of tracing', () => {
  for (const [what, document, exporters] of [
    ['nothing is said', {}, []],
    ['a collector is named', { otlp: { endpoint: 'http://collector:4317' } }, ['otlp']],
    ['its exact URL is named', { otlp: { url: 'http://collector:4318/v1/traces' } }, ['otlp']],
    ['none is said, and a collector', { exporters: ['none'], otlp: { endpoint: 'http://collector:4317' } }, []],
    ['two are said, one of them twice', { exporters: ['console', 'otlp', 'console'] }, ['console', 'otlp']],
  ] as const)
    it(`send to [${exporters}] when ${what}`, () => {
      const { settings, errors } = read(document)
      assert.deepEqual(errors, [])
      assert.deepEqual(exportersOf(settings), exporters)
    })

  it('refuse what they cannot mean, all of it at once', () => {
    const { errors } = read({
      exporters: ['zipkin'],
      otlp: { endpoint: 'collector:4317', protocol: 'udp' },
      sampling: { rate: 1.5, operations: { 'tools/list': -0.1 }, tools: { echo: 'often' }, sampler: 'sometimes' },
      queue: 0,
    })
    assert.deepEqual(
      errors.map((error) => error.split(' ')[0]),
      [
        'traces.exporters[0]',
        'traces.otlp.endpoint',
        'traces.otlp.protocol',
        'traces.sampling.sampler',
        'traces.sampling.rate',
        'traces.sampling.operations["tools/list"]',
        'traces.sampling.tools.echo',
        'traces.queue',
      ],
    )
  })
})

const source = (path: string): string => new URL(`../../../src/${path}`, import.meta.url).href
const PRELOAD = new URL('../../support/loaded-modules.ts', import.meta.url).href

/** Starts tracing in a process of its own, and says which packages that loaded. */
function packagesOf(t: TestContext, document: unknown, apiSpans = false): ReadonlySet<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-tracing-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'modules')
  const program = `
    import { startTracing } from '${source('telemetry/tracing/export.ts')}'
    const tracing = await startTracing(${JSON.stringify(read(document).settings)}, {
      resource: {}, version: '0', addressOf() {}, meter: () => ({ exported() {}, dropped() {} }), failed() {},
      log: { info() {}, warn() {} }, apiSpans: ${apiSpans},
    })
    await tracing?.close(100)`
  const argv = ['--import', PRELOAD, '--input-type=module', '--eval', program]
  execFileSync(process.execPath, argv, { env: { ...process.env, LOADED_MODULES_FILE: file } })
  const urls = readFileSync(file, 'utf8').split('\n')
  assert.ok(urls.includes(source('telemetry/tracing/export.ts')), 'loaded modules are seen')
  return new Set(urls.flatMap((url) => /^.*\/node_modules\/(@[^/]+\/[^/]+|[^/]+)/.exec(url)?.[1] ?? []))
}

describe('tracing loads', () => {
  it('no package when it is off', (t) => assert.deepEqual([...packagesOf(t, {})], []))

  it('the SDK only where the spans of interceptors are taken', (t) => {
    const otlp = { otlp: { endpoint: 'http://127.0.0.1:1' } }
    const without = packagesOf(t, otlp)
    assert.ok(without.has('@opentelemetry/otlp-grpc-exporter-base'))
    assert.ok(!without.has('@opentelemetry/exporter-trace-otlp-grpc'))
    assert.ok(!without.has('@opentelemetry/sdk-node'))
    assert.ok(!without.has('@opentelemetry/exporter-trace-otlp-proto'))
    assert.ok(packagesOf(t, otlp, true).has('@opentelemetry/sdk-node'))
  })
})
