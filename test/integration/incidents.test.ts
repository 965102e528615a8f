/** Errors of real traffic, as `/errors` and `/alerts` of a running gateway tell of them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { startDemoUpstream } from '../../src/demo/upstream.ts'
import { gateway, inFrontOf, type Settings, type TestGateway } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { rawOrigin } from '../support/raw-origin.ts'
import { sdkClient } from '../support/sdk-client.ts'

interface Reported {
  readonly outcome: string
  readonly count: number
  readonly fault: boolean
  readonly samples: readonly Readonly<Record<string, unknown>>[]
  readonly [field: string]: unknown
}

async function errors(g: TestGateway, query = ''): Promise<{ errors: Reported[]; total: number; evicted: number }> {
  const response = await fetch(`${g.adminUrl}/errors${query}`)
  assert.equal(response.status, 200)
  return (await response.json()) as { errors: Reported[]; total: number; evicted: number }
}

async function inFrontOfDemo(t: TestContext, more: Settings = {}): Promise<TestGateway> {
  const demo = await startDemoUpstream()
  t.after(() => demo.close())
  const g = await gateway({ upstreams: { demo: { url: demo.url } }, ...more })
  t.after(() => g.close())
  return g
}

const post = (url: string, message: object, headers = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
  }).then((response) => response.text())

describe('/errors', { timeout: 60_000 }, () => {
  it('what ends well leaves nothing there', async (t) => {
    const g = await inFrontOfDemo(t)
    const client = await sdkClient(`${g.url}/mcp`)
    await client.call('echo', { message: 'x' })
    await client.end()
    await settles(() => g.metric('mcp_requests_active').then((active) => active === 0))
    assert.deepEqual(await errors(g), { errors: [], total: 0, evicted: 0 })
  })

  it('failed calls of a session stand there with what leads to their log line', async (t) => {
    const g = await inFrontOfDemo(t)
    const client = await sdkClient(`${g.url}/mcp`)
    for (let i = 0; i < 3; i++) await client.call('error_test')
    await client.client.callTool({ name: 'nope' }).catch(() => {})
    await settles(async () => (await errors(g)).total === 2)
    const { errors: kinds } = await errors(g)
    const failed = kinds.find(({ outcome }) => outcome === 'tool_error')
    assert.equal(failed?.count, 3)
    assert.equal(failed?.fault, false)
    assert.equal(failed?.['gen_ai.tool.name'], 'error_test')
    assert.equal(failed?.['mcp.method.name'], 'tools/call')
    const [sample] = failed?.samples ?? []
    const line = g.exchanges.find(({ correlation_id }) => correlation_id === sample?.correlation_id)
    assert.equal(line?.outcome, 'tool_error')
    assert.equal(sample?.['mcp.session.id'], line?.['mcp.session.id'])
    assert.doesNotMatch(JSON.stringify(kinds), new RegExp(String(client.session)))
    assert.deepEqual((await errors(g, '?outcome=jsonrpc_error')).total, 1)
    assert.deepEqual((await errors(g, '?upstream=demo')).total, 2)
    await client.end()
  })

  it('an upstream that resets, one that is not there, and what was refused are kinds of their own', async (t) => {
    const origin = await rawOrigin({ behaviour: (exchange) => exchange.reset() })
    t.after(() => origin.close())
    const upstreams = {
      resets: { url: `${origin.url}/mcp`, probe: { enabled: false } },
      gone: { url: 'http://127.0.0.1:9/mcp', probe: { enabled: false } },
    }
    const routes = [
      { path: '/resets', upstream: 'resets' },
      { path: '/gone', upstream: 'gone' },
    ]
    const g = await gateway({ upstreams, routes })
    t.after(() => g.close())
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
    await post(`${g.url}/resets`, { method: 'tools/list' }, { traceparent })
    await post(`${g.url}/gone`, { method: 'tools/list' }, { 'x-correlation-id': 'mine' })
    await fetch(`${g.url}/resets`, { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } })
    await settles(async () => (await errors(g)).total === 3)
    const { errors: kinds } = await errors(g)
    const [refused, gone, reset] = ['refused', 'upstream_unreachable', 'upstream_reset'].map((word) =>
      kinds.find(({ outcome }) => outcome === word),
    )
    assert.deepEqual(
      [refused?.['error.type'], refused?.['http.request.method'], refused?.fault],
      ['parse_error', 'POST', false],
    )
    assert.deepEqual([gone?.upstream, gone?.fault, gone?.samples[0]?.correlation_id], ['gone', true, 'mine'])
    assert.equal(gone?.samples[0]?.['error.cause'], 'ECONNREFUSED')
    assert.deepEqual([reset?.upstream, reset?.samples[0]?.trace_id], ['resets', 'a'.repeat(32)])
    assert.equal(await g.metric('sidelight_errors_kinds'), 3)
    assert.equal((await errors(g, '?limit=1')).errors.length, 1)
  })

  it('no argument, no credential and no word of the upstream stands there', async (t) => {
    const message = 'canary-words'
    const body = JSON.stringify({ jsonrpc: '2.0', id: 'canary-id', error: { code: -32603, message } })
    const origin = await rawOrigin({ behaviour: (exchange) => exchange.respond({ body }) })
    t.after(() => origin.close())
    const g = await gateway(
      inFrontOf(`${origin.url}/mcp`, {
        upstreams: { upstream: { url: `${origin.url}/mcp`, probe: { enabled: false } } },
      }),
    )
    t.after(() => g.close())
    const params = { name: 'search', arguments: { query: 'canary-argument' } }
    const headers = {
      authorization: 'Bearer canary-token',
      cookie: 'a=canary-cookie',
      'mcp-session-id': 'canary-session',
    }
    await post(`${g.url}/mcp?key=canary-query`, { id: 'canary-id', method: 'tools/call', params }, headers)
    await settles(async () => (await errors(g)).total === 1)
    const told = JSON.stringify(await errors(g))
    // The id of a request is no secret, and finds it in the log.
    assert.match(told, /canary-id/)
    assert.doesNotMatch(told, /canary-(argument|token|cookie|session|query|words)/)
  })

  it('an upstream that there never was is told, and one that is removed keeps its errors', async (t) => {
    const demo = await startDemoUpstream()
    t.after(() => demo.close())
    const [one, two, three] = ['one', 'two', 'three'].map((name) => ({
      upstreams: { [name]: { url: demo.url, probe: { enabled: false } } },
    }))
    const g = await gateway(one as Settings)
    t.after(() => g.close())
    const reload = async (settings: Settings | undefined) => {
      g.rewrite(settings as Settings)
      assert.equal((await fetch(`${g.adminUrl}/reload`, { method: 'POST' })).status, 200)
    }
    await post(`${g.url}/mcp`, { method: 'tools/list' })
    await settles(async () => (await errors(g, '?upstream=one')).total === 1)
    await reload(two)
    await reload(three)
    assert.equal((await errors(g, '?upstream=one')).total, 1)
    assert.equal((await errors(g, '?upstream=three')).total, 0)
    for (const path of ['/errors', '/sessions']) {
      const response = await fetch(`${g.adminUrl}${path}?upstream=two`)
      assert.equal(response.status, 400, path)
      const { error, message } = (await response.json()) as Readonly<Record<string, string>>
      assert.equal(error, 'unknown_upstream')
      assert.match(message ?? '', /^There is no such upstream; there are three/)
    }
  })

  it('says what is wrong with a query', async (t) => {
    const g = await inFrontOfDemo(t)
    for (const query of ['?outcome=bad', '?limit=0', '?limit=501', '?limit=x', '?upstream=a&upstream=b']) {
      const response = await fetch(`${g.adminUrl}/errors${query}`)
      assert.equal(response.status, 400, query)
      assert.equal(typeof ((await response.json()) as { message: unknown }).message, 'string')
    }
  })
})

describe('alerts', { timeout: 60_000 }, () => {
  it('errors fire one: in the log, in /alerts, in the metrics and at the webhook', async (t) => {
    const told: Readonly<Record<string, unknown>>[] = []
    const server = createServer(async (request, response) => {
      let body = ''
      for await (const piece of request.setEncoding('utf8')) body += piece
      told.push({ ...JSON.parse(body), authorization: request.headers.authorization })
      response.end()
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    t.after(() => server.close())
    const g = await inFrontOfDemo(t, {
      alerts: {
        rules: [{ name: 'Failing', severity: 'warning', errors: { outcomes: ['tool_error'], count: 3, window: '1s' } }],
        webhook: {
          urls: [`http://127.0.0.1:${(server.address() as AddressInfo).port}/canary-url`],
          headers: { authorization: 'Bearer canary-token' },
        },
      },
    })
    const client = await sdkClient(`${g.url}/mcp`)
    const alerts = async () =>
      ((await (await fetch(`${g.adminUrl}/alerts`)).json()) as { alerts: { alert: string }[] }).alerts
    const failing = () => g.metric('sidelight_alerts_firing', { alert: 'Failing' })
    assert.equal(await failing(), 0)
    let calls = true
    const calling = (async () => {
      while (calls) await client.call('error_test')
    })()
    await settles(() => told.length === 1)
    assert.deepEqual([told[0]?.status, told[0]?.alert, told[0]?.upstream], ['firing', 'Failing', 'demo'])
    assert.equal(told[0]?.authorization, 'Bearer canary-token')
    assert.deepEqual(
      (await alerts()).map(({ alert }) => alert),
      ['Failing'],
    )
    assert.equal(await failing(), 1)
    calls = false
    await calling
    await settles(() => told.length === 2, { within: 15_000 })
    assert.equal(told[1]?.status, 'resolved')
    assert.deepEqual(await alerts(), [])
    assert.equal(await failing(), 0)
    await settles(async () => (await g.metric('sidelight_alerts_notifications_total', { result: 'sent' })) === 2)
    const lines = g.log.filter(({ alert }) => alert === true)
    assert.deepEqual(
      lines.map(({ level, msg }) => `${level} ${msg}`),
      ['fatal alert firing', 'info alert resolved'],
    )
    assert.doesNotMatch(JSON.stringify(g.log), /canary/)
    assert.doesNotMatch(await (await fetch(`${g.adminUrl}/config`)).text(), /canary/)
    await client.end()
  })

  it('of several webhooks the log names those that fail, without what may be a secret', async (t) => {
    const receiver = async (status: number) => {
      const server = createServer((_request, response) => void response.writeHead(status).end())
      await once(server.listen(0, '127.0.0.1'), 'listening')
      t.after(() => {
        server.closeAllConnections()
        server.close()
      })
      return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() }
    }
    const [gone, works, unwilling] = [await receiver(0), await receiver(200), await receiver(403)] as const
    gone.close()
    const secret = '/services/canary-path?key=canary-query#canary-fragment'
    const g = await inFrontOfDemo(t, {
      alerts: {
        rules: [{ name: 'Failing', errors: { outcomes: ['tool_error'], count: 1, window: '1m' } }],
        webhook: { urls: [gone, works, unwilling].map(({ origin }) => origin + secret), retries: 0 },
      },
    })
    const client = await sdkClient(`${g.url}/mcp`)
    await client.call('error_test')
    const told = () => g.log.filter(({ msg }) => msg === 'alert not delivered')
    await settles(() => told().length === 2)
    await settles(async () => (await g.metric('sidelight_alerts_notifications_total', { result: 'sent' })) === 1)
    assert.deepEqual(
      new Set(told().map(({ level, webhook, origin, why }) => [level, webhook, origin, why].join(' '))),
      new Set([
        `error alerts.webhook.urls[0] ${gone.origin} ECONNREFUSED`,
        `error alerts.webhook.urls[2] ${unwilling.origin} answered 403`,
      ]),
    )
    assert.doesNotMatch(JSON.stringify(g.log), /canary/)
    await client.end()
  })

  it('an upstream that is down fires one, and a webhook that is gone hurts nothing', async (t) => {
    const origin = await rawOrigin({
      behaviour: (exchange) => exchange.respond({ body: '{"jsonrpc":"2.0","id":1,"result":{}}' }),
    })
    t.after(() => origin.close().catch(() => {}))
    const g = await gateway({
      upstreams: { u: { url: `${origin.url}/mcp`, probe: { interval: '100ms' } } },
      alerts: {
        rules: [{ name: 'Down', down: '0s' }],
        // It goes with the upstream.
        webhook: { urls: [origin.url], retries: 0 },
      },
    })
    t.after(() => g.close())
    await settles(async () => (await fetch(`${g.adminUrl}/health/ready`)).status === 200)
    const lines = () => g.log.filter(({ alert }) => alert === true)
    assert.deepEqual(lines(), [])
    await origin.close()
    await settles(() => lines().length === 1, { within: 20_000 })
    assert.equal(lines()[0]?.level, 'fatal')
    assert.equal(lines()[0]?.upstream, 'u')
    await settles(async () => (await g.metric('sidelight_alerts_notifications_total', { result: 'failed' })) === 1)
    assert.equal((await fetch(`${g.url}/health`)).status, 200)
  })
})
