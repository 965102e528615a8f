/** A real Prometheus scrapes the page in both formats, and has afterwards what the store has. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { HistogramSeries } from '../../src/telemetry/bound-series.ts'
import { prometheusName } from '../../src/telemetry/prometheus-names.ts'
import { settles } from '../support/measure.ts'
import { EXEMPLAR, HOSTILE, type MetricsStage, metricsStage, SPAN } from './metrics-stage.ts'
import { type PrometheusServer, prometheusMissing, prometheusServer } from './prometheus-server.ts'

/** Prometheus would rather have OpenMetrics: what asks through this is given text 0.0.4. */
async function asText(url: string) {
  const seen = { accept: '', type: '' }
  const server = createServer(async (request, response) => {
    const page = await fetch(`${url}${request.url}`, { headers: { accept: 'text/plain;version=0.0.4' } })
    seen.accept = String(request.headers.accept)
    seen.type = page.headers.get('content-type') ?? ''
    response.writeHead(page.status, { 'content-type': seen.type }).end(await page.text())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: `http://127.0.0.1:${port}`, seen, close }
}

interface Result {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [time: number, value: string]
}

describe('prometheus', { timeout: 60_000, skip: prometheusMissing && 'prometheus is not installed' }, () => {
  let stage: MetricsStage
  let text: Awaited<ReturnType<typeof asText>>
  let prometheus: PrometheusServer
  before(async () => {
    stage = await metricsStage()
    text = await asText(stage.url)
    prometheus = await prometheusServer([
      { name: 'openmetrics', url: `${stage.url}/metrics` },
      { name: 'text', url: `${text.url}/metrics` },
      { name: 'view', url: `${stage.url}/metrics?view=pforge&view=tfo` },
    ])
    await settles(async () => (await query('min(up) == 1 and count(up) == 3')).length === 1, { within: 20_000 })
  })
  after(async () => {
    await prometheus?.close()
    await text?.close()
    await stage?.close()
  })

  const query = async (expression: string): Promise<readonly Result[]> =>
    ((await prometheus.ask('query', { query: expression })) as { result: readonly Result[] }).result

  for (const job of ['openmetrics', 'text']) {
    it(`has every series of the store, scraped as ${job}`, async () => {
      const have = new Map<string, number>()
      for (const { metric, value } of await query(`{job="${job}"}`)) {
        const name = metric.__name__!
        have.set(name, (have.get(name) ?? 0) + Number(value[1]))
      }
      let compared = 0
      for (const { def, series } of stage.store.instruments) {
        const { sample } = prometheusName(def)
        let total = 0
        for (const each of series) total += each instanceof HistogramSeries ? each.count : each.value
        assert.equal(have.get(def.kind === 'histogram' ? `${sample}_count` : sample), total, sample)
        compared++
      }
      assert.ok(compared > 50)
    })
  }

  it('was given each format where it was to be', async () => {
    assert.match(text.seen.accept, /openmetrics/)
    assert.match(text.seen.type, /^text\/plain; version=0\.0\.4/)
    const unit = (await prometheus.ask('metadata', { metric: 'sidelight_uptime_seconds' })) as Record<
      string,
      readonly { readonly unit: string }[]
    >
    // Only OpenMetrics says a unit.
    assert.ok(unit.sidelight_uptime_seconds?.some((said) => said.unit === 'seconds'))
  })

  it('has hostile labels unchanged', async () => {
    const [found] = await query('mcp_requests_total{job="openmetrics",upstream=~"(?s)hostile.*"}')
    assert.equal(found?.metric.upstream, HOSTILE)
  })

  it('gives exemplars back, with the span and the value of the recording', async () => {
    const now = Date.now() / 1000
    const found = (await prometheus.ask('query_exemplars', {
      query: 'mcp_server_operation_duration_seconds_bucket{job="openmetrics"}',
      start: String(now - 600),
      end: String(now + 60),
    })) as readonly {
      readonly seriesLabels: Readonly<Record<string, string>>
      readonly exemplars: readonly { readonly labels: object; readonly value: string }[]
    }[]
    assert.equal(found.length, 1)
    const [{ seriesLabels, exemplars } = { seriesLabels: {}, exemplars: [] }] = found
    assert.equal(Number(seriesLabels.le), EXEMPLAR.le)
    assert.equal(exemplars.length, 1, 'the same one again is no other')
    assert.equal(Number(exemplars[0]?.value), EXEMPLAR.value)
    assert.deepEqual(exemplars[0]?.labels, { trace_id: SPAN.traceId, span_id: SPAN.spanId })
  })

  it('scrapes views', async () => {
    const [calls] = await query('pforge_requests_total{job="view",tool="echo"}')
    assert.equal(calls?.value[1], '1')
    const [time] = await query('pforge_latency_microseconds_sum{job="view",tool="echo"}')
    assert.ok(Math.abs(Number(time?.value[1]) - 200_000) < 1)
    assert.equal((await query('mcp_tool_calls_total{job="view",tool_name="echo",status="success"}')).length, 1)
  })
})

it('a Prometheus was there to scrape', { skip: !prometheusMissing || 'it was' }, () => {
  console.log('NOT RUN: prometheus is not installed')
  assert.equal(process.env.CI, undefined, 'prometheus must be installed where CI is set')
})
