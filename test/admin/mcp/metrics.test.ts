/** The short table that agents get of the metrics, and how much of a page they get at most. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { summarize } from '../../../src/admin/mcp/metrics-summary.ts'
import { metricsTool } from '../../../src/admin/mcp/metrics-tool.ts'
import type { Sources } from '../../../src/admin/mcp/sources.ts'
import { Arguments, ToolFault } from '../../../src/admin/mcp/tool.ts'
import { Instruments } from '../../../src/telemetry/instruments.ts'
import { SeriesStore } from '../../../src/telemetry/series.ts'

function recorded() {
  const store = new SeriesStore()
  const instruments = new Instruments(store)
  const call = (upstream: string, tool: string, outcome: string, seconds: number, error = '') =>
    instruments.operations.serverDuration
      .bind([upstream, 'tools/call', tool, '', '2025-11-25', outcome, error, ''])
      .record(seconds)
  return { store, instruments, call }
}

describe('the summary', () => {
  it('adds up what is one tool, whatever the revision and the error, and tells errors by outcome', () => {
    const { store, call } = recorded()
    for (let i = 0; i < 5; i++) call('u', 'search', 'ok', 0.02)
    call('u', 'search', 'jsonrpc_error', 0.02, '-32603')
    call('u', 'search', 'jsonrpc_error', 0.02, '-32602')
    call('u', 'search', 'timeout', 0.02, 'upstream_timeout')
    call('v', 'search', 'ok', 0.02)
    const { operations } = summarize(store, undefined, 10)
    assert.deepEqual(
      operations.map(({ upstream, tool, calls, errors }) => ({ upstream, tool, calls, errors })),
      [
        { upstream: 'u', tool: 'search', calls: 8, errors: { jsonrpc_error: 2, timeout: 1 } },
        { upstream: 'v', tool: 'search', calls: 1, errors: {} },
      ],
    )
    assert.deepEqual(
      summarize(store, 'v', 10).operations.map(({ upstream }) => upstream),
      ['v'],
    )
    assert.equal(summarize(store, undefined, 1).operations.length, 1)
  })

  it('percentiles stay within the bucket of what was recorded', () => {
    const { store, call } = recorded()
    for (let i = 0; i < 98; i++) call('u', 'search', 'ok', 0.02)
    for (let i = 0; i < 2; i++) call('u', 'search', 'ok', 4)
    const [search] = summarize(store, undefined, 10).operations
    const { p50_ms: p50 = 0, p95_ms: p95 = 0, p99_ms: p99 = 0 } = search ?? {}
    assert.ok(p50 > 10 && p50 <= 25, `p50 ${p50}`)
    assert.ok(p95 > p50 && p95 <= 25, `p95 ${p95}`)
    assert.ok(p99 > 2500 && p99 <= 5000, `p99 ${p99}`)
  })

  it('what took longer than the last bound counts as that', () => {
    const { store, call } = recorded()
    call('u', 'search', 'ok', 10_000)
    assert.equal(summarize(store, undefined, 10).operations[0]?.p50_ms, 300_000)
  })

  it('tells of each upstream whether it is up, its sessions and its requests', () => {
    const { store, instruments } = recorded()
    instruments.pools.upstreamUp.bind(['u']).set(0)
    instruments.sessions.active.bind(['u']).set(3)
    instruments.requestsActive.bind(['u']).set(2)
    instruments.requestsActive.bind(['_none']).set(1)
    assert.deepEqual(summarize(store, undefined, 10).upstreams, [
      { upstream: 'u', up: false, sessions: 3, requests_active: 2 },
    ])
  })
})

describe('a page', () => {
  function page(given: object) {
    const { store, call } = recorded()
    for (let i = 0; i < 2_000; i++) call('u', `tool_${i}`, 'ok', 0.02)
    const tool = metricsTool({ metrics: () => store } as unknown as Sources)
    return tool.run(new Arguments(given, tool.definition.inputSchema), { rights: new Set() })
  }

  it('that is too long is cut between two lines, and says so', async () => {
    const { content } = await page({ format: 'prometheus' })
    const text = content[0]?.text ?? ''
    assert.ok(text.length < 101_000)
    const [last, before] = text.trimEnd().split('\n').reverse()
    assert.match(last ?? '', /^# cut here/)
    assert.match(before ?? '', /^(#|\w+(\{.*\})? \S+$)/)
  })

  it('as JSON is not cut but refused', async () => {
    await assert.rejects(async () => page({ format: 'json' }), ToolFault)
    const { content } = await page({ format: 'json', filter: 'mcp.connections' })
    assert.deepEqual(
      (JSON.parse(content[0]?.text ?? '') as { name: string }[]).map(({ name }) => name),
      ['mcp.connections'],
    )
  })

  it('takes names of either kind, and says when there is none', async () => {
    for (const filter of ['mcp_connections_total', 'mcp.connections', 'mcp_connections', 'mcp_connect*ions']) {
      const { content } = await page({ format: 'prometheus', filter })
      assert.match(content[0]?.text ?? '', /^mcp_connections_total 0$/m, filter)
    }
    const { content } = await page({ format: 'prometheus', filter: 'nope' })
    assert.match(content[0]?.text ?? '', /No metric/)
  })
})
