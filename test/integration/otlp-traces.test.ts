/** The program sends spans where it is told, names them in its log, and sends the upstream the same trace. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { gatewayProcess, inFrontOf } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { rawOrigin } from '../support/raw-origin.ts'
import { receiver } from '../telemetry/tracing/receiver.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const call = (url: string) =>
  fetch(`${url}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      traceparent: `00-${TRACE}-00f067aa0ba902b7-01`,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo' } }),
  }).then((response) => response.text())

async function start(env: Record<string, string>) {
  const origin = await rawOrigin()
  closing.push(() => origin.close())
  const g = await gatewayProcess([], {
    env,
    settings: inFrontOf(`${origin.url}/mcp`, { drain: { lag: '0s' } }),
  })
  closing.push(() => g.close())
  return { g, origin }
}

for (const protocol of ['grpc', 'http/protobuf'] as const) {
  test(`by the standard variables, over ${protocol}`, async () => {
    const collector = await receiver(protocol)
    closing.push(() => collector.close())
    const { g, origin } = await start({
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_BSP_SCHEDULE_DELAY: '50',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    })
    await call(g.url)
    await settles(() => collector.spans.length >= 2)
    const isCall = (line: Readonly<Record<string, unknown>>) => line['mcp.method.name'] === 'tools/call'
    await settles(() => g.log.some(isCall))
    const line = g.log.find(isCall)
    assert.equal(line?.trace_id, TRACE)
    for (const span of collector.spans) assert.equal(span.traceId, TRACE)
    assert.ok(collector.spans.some(({ spanId }) => spanId === line.span_id))
    const client = collector.spans.find(({ kind }) => kind === 3)
    const heads = origin.requests.map(({ rawHead }) => rawHead.toString('latin1'))
    assert.ok(heads.some((head) => head.includes(`traceparent: 00-${TRACE}-${client?.spanId}-01`)))
    const page = await fetch(`${g.adminUrl}/metrics`, { headers: { accept: 'application/openmetrics-text' } })
    const exemplar = new RegExp(`mcp_server_operation_duration_seconds_bucket.* # \\{trace_id="${TRACE}"`)
    assert.match(await page.text(), exemplar)
    await settles(async () => (await g.metric('sidelight_spans_exported_total', { exporter: 'otlp' })) === 2)
    assert.equal(await g.metric('sidelight_spans_dropped_total', { exporter: 'otlp' }), 0)
  })
}

test('without an exporter nothing is traced, and what came with the request passes', async () => {
  const { g, origin } = await start({ OTEL_TRACES_EXPORTER: 'none' })
  await call(g.url)
  const heads = origin.requests.map(({ rawHead }) => rawHead.toString('latin1'))
  assert.equal(heads.filter((head) => head.includes(`traceparent: 00-${TRACE}-00f067aa0ba902b7-01`)).length, 1)
  await settles(() => g.log.some(({ msg }) => msg === 'exchange'))
  assert.ok(g.log.every((line) => line.trace_id === undefined))
})
