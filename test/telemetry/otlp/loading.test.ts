/** What sending metrics loads: nothing of the SDK when it is off, and only the protocol in use when it is on. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import type { MetricExportSettings } from '../../../src/telemetry/otlp/metrics.ts'

const PRELOAD = new URL('../../support/loaded-modules.ts', import.meta.url).href
const SOURCE = new URL('../../../src/telemetry/', import.meta.url).href

const folder = mkdtempSync(join(tmpdir(), 'sidelight-loading-'))
after(() => rmSync(folder, { recursive: true }))

/** Starts the export in a fresh process, and gives the packages that were loaded. */
async function packagesOf(metrics: Partial<MetricExportSettings['metrics']>, enabled = true): Promise<Set<string>> {
  const otlp = { protocol: 'grpc', headers: {}, timeout: 100, gzip: false, ...metrics.otlp }
  const settings = { enabled, metrics: { interval: 60_000, timeout: 100, ...metrics, otlp } }
  const program = `
    const { startMetricExport } = await import('${SOURCE}otlp/metrics.ts')
    const { SeriesStore } = await import('${SOURCE}series.ts')
    const log = { info() {}, warn() {} }
    const started = await startMetricExport(${JSON.stringify(settings)}, new SeriesStore(), {
      version: '1', resource: {}, log, failed() {},
    })
    await started.close(10)
    process.exit()`
  const file = join(folder, 'modules')
  rmSync(file, { force: true })
  const env = { ...process.env, LOADED_MODULES_FILE: file }
  await promisify(execFile)(process.execPath, ['--import', PRELOAD, '--input-type=module', '-e', program], { env })
  const urls = readFileSync(file, 'utf8').split('\n')
  return new Set(urls.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []))
}

const GRPC = /^@grpc\/|otlp-grpc|-otlp-/

test('off, nothing is loaded', async () => {
  const endpoint = { endpoint: 'http://127.0.0.1:1' } as never
  assert.deepEqual(await packagesOf({ exporters: undefined }), new Set())
  assert.deepEqual(await packagesOf({ exporters: ['prometheus'], otlp: endpoint }), new Set())
  assert.deepEqual(await packagesOf({ exporters: ['otlp'] }, false), new Set())
})

test('the console exporter loads no exporter of OTLP', async () => {
  const packages = await packagesOf({ exporters: ['console'] })
  assert.ok(packages.has('@opentelemetry/sdk-metrics'))
  assert.deepEqual(
    [...packages].filter((name) => GRPC.test(name)),
    [],
  )
})

test('OTLP over HTTP loads nothing of gRPC', async () => {
  const packages = await packagesOf({ exporters: ['otlp'], otlp: { protocol: 'http/protobuf' } as never })
  assert.ok(packages.has('@opentelemetry/exporter-metrics-otlp-proto'))
  assert.deepEqual(
    [...packages].filter((name) => /grpc/.test(name)),
    [],
  )
})

test('OTLP over gRPC does, and nothing of traces or logs', async () => {
  const packages = await packagesOf({ exporters: ['otlp'] })
  assert.ok(packages.has('@grpc/grpc-js'))
  assert.deepEqual(
    [...packages].filter((name) => /sdk-node|sdk-trace|sdk-logs|exporter-(trace|logs)/.test(name)),
    [],
  )
})
