/** The program sends its metrics: what a collector gets is what /metrics shows, and a bad collector hurts no traffic. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { gatewayProcess, inFrontOf } from '../support/gateway.ts'
import { processUse, settles } from '../support/measure.ts'
import { type RawOrigin, rawOrigin } from '../support/raw-origin.ts'
import { type Receiver, receiver } from '../telemetry/otlp/receiver.ts'
import { parsePrometheus } from '../telemetry/prometheus-text.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function origin(): Promise<RawOrigin> {
  const result = JSON.stringify({ jsonrpc: '2.0', id: 1, result: {} })
  const started = await rawOrigin({
    behaviour: (exchange) => exchange.respond({ body: result }),
  })
  closing.push(() => started.close())
  return started
}

async function collector(protocol: 'grpc' | 'http/protobuf'): Promise<Receiver> {
  const started = await receiver(protocol)
  closing.push(() => started.close())
  return started
}

async function start(args: Parameters<typeof gatewayProcess>[0], more: Parameters<typeof gatewayProcess>[1]) {
  const g = await gatewayProcess(args, more)
  closing.push(() => g.close())
  return g
}

const call = (url: string) =>
  fetch(`${url}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
  }).then((response) => response.text())

test('by the standard variables: what is sent at the end is what the page showed, from the same instance', async () => {
  const [o, c] = [await origin(), await collector('http/protobuf')]
  const env = {
    OTEL_METRICS_EXPORTER: 'prometheus,otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: c.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_METRIC_EXPORT_INTERVAL: '3600000',
    OTEL_SERVICE_NAME: 'tools-gateway',
    OTEL_TRACES_EXPORTER: 'none',
  }
  const g = await start([], {
    env,
    settings: inFrontOf(`${o.url}/mcp`, { drain: { lag: '0s' } }),
  })
  for (let i = 0; i < 20; i++) await call(g.url)
  await settles(
    async () =>
      (await g.metric('mcp_requests_total', {
        http_request_method: 'POST',
      })) === 20,
  )
  const page = parsePrometheus(await (await fetch(`${g.adminUrl}/metrics`)).text())
  g.child.kill('SIGTERM')
  assert.equal(await g.exited, 0)

  const metrics = c.requests.flatMap(({ scopes }) => scopes.flatMap((scope) => scope.metrics))
  const points = (name: string) => metrics.filter((metric) => metric.name === name).flatMap((metric) => metric.points)
  const requests = points('mcp.requests').filter(({ attributes }) => attributes['http.request.method'] === 'POST')
  assert.deepEqual(
    requests.map(({ value }) => value),
    [20],
  )
  const sizes = page.get('mcp_request_size_bytes')!.samples
  const [size] = points('mcp.request.size')
  assert.equal(size?.count, sizes.find(({ name }) => name.endsWith('_count'))?.value)
  assert.equal(size?.sum, sizes.find(({ name }) => name.endsWith('_sum'))?.value)
  assert.equal(new Set(c.requests.map(({ resource }) => resource['service.instance.id'])).size, 1)
  assert.equal(c.requests[0]?.resource['service.name'], 'tools-gateway')
})

for (const manner of ['hangs', 'refuses'] as const) {
  test(`a collector that ${manner} touches neither traffic, readiness, memory nor the end`, async () => {
    const [o, c] = [await origin(), await collector('grpc')]
    c.manner = manner
    const otlp = { endpoint: c.url, timeout: '50ms' }
    const telemetry = {
      metrics: { exporters: ['otlp', 'console'], interval: '60ms', otlp },
      traces: { exporters: ['none'] },
    }
    const g = await start([], {
      settings: inFrontOf(`${o.url}/mcp`, { telemetry, drain: { lag: '0s' } }),
    })
    const failures = () =>
      g.metric('sidelight_telemetry_export_failures_total', {
        signal: 'metrics',
      })
    for (let i = 0; i < 50; i++) await call(g.url)
    await settles(async () => (await failures()) >= 3)
    const before = await processUse(g.pid)
    for (let i = 0; i < 300; i++) await call(g.url)
    await settles(async () => (await failures()) >= 10, { within: 15_000 })
    const after = await processUse(g.pid)
    assert.ok(after.rss - before.rss < 40 * 2 ** 20, `${(after.rss - before.rss) / 2 ** 20} MiB more`)
    assert.ok(after.sockets - before.sockets < 10)

    const ready = await fetch(`${g.url}/health/ready`)
    const report = (await ready.json()) as {
      status: string
      components: Record<string, { status: string }>
    }
    assert.deepEqual([ready.status, report.components['export:metrics:otlp']?.status], [200, 'degraded'])
    assert.equal(report.components['export:metrics:console']?.status, 'healthy')
    assert.equal(g.log.filter(({ msg, exporter }) => msg === 'export failed' && exporter === 'otlp').length, 1)
    assert.ok(g.log.some(({ msg, metric }) => msg === 'metric' && metric === 'mcp.requests'))
    g.child.kill('SIGTERM')
    assert.equal(await g.exited, 0)
  })
}

test('what an interceptor records stands on the page and is sent', async () => {
  const [o, c] = [await origin(), await collector('grpc')]
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-interceptor-'))
  closing.push(async () => rmSync(folder, { recursive: true }))
  const module = join(folder, 'counting.mjs')
  const api = import.meta.resolve('@opentelemetry/api')
  writeFileSync(
    module,
    `import { metrics } from ${JSON.stringify(api)}
const counter = metrics.getMeter('counting').createCounter('counting.exchanges', { unit: '{exchange}' })
export default () => ({ name: 'counting', onEnd(x, outcome) { counter.add(1, { outcome: String(outcome) }) } })
`,
  )
  const telemetry = {
    metrics: { interval: '50ms', otlp: { endpoint: c.url } },
    traces: { exporters: ['none'] },
  }
  const interceptors = [{ module }]
  const g = await start([], {
    settings: inFrontOf(`${o.url}/mcp`, { telemetry, interceptors }),
  })
  await call(g.url)
  await call(g.url)
  await settles(
    async () =>
      (await g.metric('counting_exchanges_total', {
        otel_scope_name: 'counting',
      })) === 2,
  )
  await settles(() =>
    c.requests.some(({ scopes }) =>
      scopes.some(({ name, metrics }) => name === 'counting' && metrics[0]?.points[0]?.value === 2),
    ),
  )
})
