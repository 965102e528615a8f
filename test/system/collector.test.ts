/** A real OpenTelemetry collector, run as deploy/ says, takes what the gateway sends and passes on the same. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gatewayProcess } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { sdkClient } from '../support/sdk-client.ts'
import { receiver } from '../telemetry/tracing/receiver.ts'
import { CONFIG, collector, SOURCE, validated } from './collector/collector.ts'
import { familiesOf, samplesOf } from './collector/samples.ts'
import { goMissing } from './deploy/go-tools.ts'

const COMPOSE = fileURLToPath(new URL('../../docker-compose.yml', import.meta.url))
/** Families that stand still when no call is under way. */
const SETTLED = /^mcp_(server_operation_duration|requests_total|request_size|tool_result_size|messages)/
const PATIENCE = { within: 20_000, every: 50 }

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** The gateway in front of its demo, a collector, and what stands for Jaeger. */
async function stage(protocol: 'grpc' | 'http/protobuf') {
  const jaeger = await receiver('grpc')
  closing.push(() => jaeger.close())
  const between = await collector(jaeger.url)
  closing.push(() => between.close())
  const g = await gatewayProcess([], {
    env: {
      OTEL_SERVICE_NAME: 'tried',
      OTEL_RESOURCE_ATTRIBUTES: 'service.namespace=tools',
      OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? between.grpc : between.http,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_METRIC_EXPORT_INTERVAL: '500',
      OTEL_METRIC_EXPORT_TIMEOUT: '500',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    },
  })
  closing.push(() => g.close())
  const client = await sdkClient(`${g.url}/mcp`)
  closing.push(() => client.end())
  const pages = () => Promise.all([between.metrics, `${g.adminUrl}/metrics`].map(page))
  return { jaeger, between, g, client, pages }
}

const page = async (url: string): Promise<string> => (await fetch(url)).text()

describe('an OpenTelemetry collector', { skip: goMissing, timeout: 1_200_000 }, () => {
  it('accepts its configuration, and would refuse one with an unknown key', async () => {
    await validated(CONFIG)
    const folder = mkdtempSync(join(tmpdir(), 'sidelight-collector-'))
    closing.push(async () => rmSync(folder, { recursive: true }))
    const wrong = join(folder, 'config.yml')
    writeFileSync(wrong, readFileSync(CONFIG, 'utf8').replace('limit_mib', 'limit_mb'))
    await assert.rejects(validated(wrong), /invalid keys/)
  })

  it('is the one that docker-compose.yml starts', () => {
    const [, image] = /opentelemetry-collector-contrib:(\S+)/.exec(readFileSync(COMPOSE, 'utf8')) ?? []
    const modules = readFileSync(join(SOURCE, 'go.mod'), 'utf8')
    assert.match(modules, new RegExp(`/collector/otelcol v${image}$`, 'm'))
  })

  for (const protocol of ['grpc', 'http/protobuf'] as const) {
    it(`takes spans over ${protocol} and passes them on whole`, async () => {
      const { jaeger, between, client } = await stage(protocol)
      const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
      const traceparent = `00-${traceId}-00f067aa0ba902b7-01`
      const params = { name: 'error_test', arguments: {}, _meta: { traceparent, tracestate: 'vendor=1' } }
      await client.client.callTool(params)
      const ours = () => jaeger.spans.filter((span) => span.traceId === traceId)
      await settles(() => ours().length === 2, PATIENCE)
      const spans = ours()
      const server = spans.find(({ kind }) => kind === 2)
      const upstream = spans.find(({ kind }) => kind === 3)
      assert.ok(server !== undefined && upstream !== undefined)
      assert.equal(server.parentSpanId, '00f067aa0ba902b7')
      assert.equal(upstream.parentSpanId, server.spanId)
      assert.ok(server.start <= upstream.start && upstream.end <= server.end && upstream.start < upstream.end)
      for (const span of spans) {
        assert.equal(span.name, 'tools/call error_test')
        assert.equal(span.status, 2)
        assert.equal(span.tracestate, 'vendor=1')
        assert.equal(span.scope, 'sidelight')
        assert.equal(span.attributes['mcp.method.name'], 'tools/call')
        assert.equal(span.attributes['gen_ai.tool.name'], 'error_test')
        assert.equal(span.attributes['error.type'], 'tool_error')
        assert.equal(span.resource['service.name'], 'tried')
        assert.equal(span.resource['service.namespace'], 'tools')
      }
      assert.doesNotMatch(between.said, /deprecated|\terror\t/)
    })

    it(`shows the metrics it takes over ${protocol} as the gateway's own page does`, async () => {
      const { client, pages } = await stage(protocol)
      await client.call('echo', { message: 'a' })
      await client.call('error_test')
      await client.call('slow', { milliseconds: 60 })
      await settles(async () => {
        const [theirs = '', ours = ''] = await pages()
        assert.deepEqual(familiesOf(theirs), familiesOf(ours))
        assert.deepEqual(samplesOf(theirs, SETTLED), samplesOf(ours, SETTLED))
        return samplesOf(ours, SETTLED).some((sample) => /_bucket\{.*gen_ai_tool_name=slow/.test(sample))
      }, PATIENCE)
    })

    it(`may crash and come back: over ${protocol}, calls go on and every span is sent or counted`, async () => {
      const { jaeger, between, g, client, pages } = await stage(protocol)
      let calls = 0
      let over = false
      const traffic = (async () => {
        for (; !over; calls++) assert.notEqual((await client.call('echo', { message: String(calls) })).isError, true)
      })()
      const went = async (more: number) => {
        const until = calls + more
        await Promise.race([settles(() => calls >= until, PATIENCE), traffic])
      }
      const failures = () => g.metric('sidelight_telemetry_export_failures_total')
      await went(20)
      await settles(() => jaeger.spans.length > 0, PATIENCE)
      await between.crash()
      await settles(async () => (await failures()) > 0, PATIENCE)
      await went(20)
      await between.start()
      const before = jaeger.spans.length
      await settles(() => jaeger.spans.length > before, PATIENCE)
      over = true
      await traffic
      const spans = async (what: string) => g.metric(`sidelight_spans_${what}_total`, { exporter: 'otlp' })
      // Two for each call; initialize, its notification, and the stream that is still open.
      await settles(async () => (await spans('exported')) + (await spans('dropped')) === 2 * (calls + 2), {
        within: 30_000,
      })
      await settles(async () => {
        const [theirs = '', ours = ''] = await pages()
        assert.deepEqual(samplesOf(theirs, SETTLED), samplesOf(ours, SETTLED))
        return true
      }, PATIENCE)
    })
  }
})
