/** Interceptors of the configuration in a real exchange: their order, what they may do, what is counted of them. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { it, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { gateway, type Settings } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { type RawResponse, type RequestParts, rawClient, requestBytes } from '../support/raw-client.ts'
import { type Behaviour, rawOrigin } from '../support/raw-origin.ts'
import { ownModules } from './own-modules.ts'

const PONG = '{"jsonrpc":"2.0","id":7,"result":{}}'
const PING = '{"jsonrpc":"2.0","id":7,"method":"ping"}'

/** Notes each phase, waits where told, and does what the options say. */
const STEP = `
import { setTimeout as delay } from 'node:timers/promises'
export const log = []
export default ({ name, wait, verdict, fail, header, body }) => {
  const step = (phase, act) => {
    log.push(phase + ' ' + name)
    if (fail === phase) throw Object.assign(new Error('secret 10.0.0.1'), { code: 'E_OWN' })
    return act?.()
  }
  const phase = (phase, act) => wait ? delay(wait).then(() => step(phase, act)) : step(phase, act)
  return {
    name: 'step',
    onRequest: (x) => phase('request', () => {
      if (header) x.setUpstreamHeader(...header)
      if (body) x.replaceBody(Buffer.from(body))
      return verdict
    }),
    onResponse: (x, head) => phase('response', () => { if (header) head.set(...header) }),
    onEnd: () => step('end'),
  }
}`

interface Step {
  readonly options?: Settings
  readonly failOpen?: boolean
  readonly mutates?: boolean
}

async function stage(t: TestContext, steps: Readonly<Record<string, Step>>, behaviour?: Behaviour) {
  const origin = await rawOrigin(behaviour && { behaviour })
  t.after(() => origin.close())
  const module = join(await ownModules(t, { 'step.mjs': STEP }), 'step.mjs')
  const interceptors = Object.entries(steps).map(([name, { options, ...more }]) => ({
    module,
    name,
    options: { name, ...options },
    ...more,
  }))
  const url = `${origin.url}/mcp`
  const g = await gateway({ upstreams: { upstream: { url, probe: { interval: '1h' } } }, interceptors })
  t.after(() => g.close())
  // The module that the gateway has loaded, for both are one process.
  const { log } = (await import(pathToFileURL(module).href)) as { log: string[] }
  const client = await rawClient(g.url)
  t.after(() => client.close())
  const ask = async (parts: RequestParts = {}): Promise<RawResponse> => {
    const { length } = g.exchanges
    const response = await client.ask({ body: PING, ...parts })
    await settles(() => g.exchanges.length > length)
    return response
  }
  const calls = () => origin.requests.filter((request) => request.body.toString() !== '' && !isProbe(request.body))
  return { g, log, ask, calls, client }
}

const isProbe = (body: Buffer): boolean => body.includes('sidelight-probe')

for (const [how, wait] of [
  ['at once', [0, 0, 0]],
  ['later', [5, 5, 5]],
  ['some at once and some later', [0, 5, 0]],
] as const) {
  it(`are passed in their order, ${how}`, async (t) => {
    const options = (i: number) => ({ options: { wait: wait[i] } })
    const { ask, log } = await stage(t, { a: options(0), b: options(1), c: options(2) })
    assert.equal((await ask()).status, 200)
    assert.deepEqual(log, [
      ...['request a', 'request b', 'request c'],
      ...['response c', 'response b', 'response a'],
      ...['end c', 'end b', 'end a'],
    ])
  })
}

it('that answer keep the request from the upstream and from those behind, and all see the end', async (t) => {
  const body = '{"jsonrpc":"2.0","id":7,"result":{"cached":true}}'
  const headers = { 'X-From': 'b', 'Content-Type': 'application/json' }
  const verdict = { action: 'answer', status: 203, headers, body }
  const { ask, log, calls, g } = await stage(t, { a: {}, b: { options: { verdict } }, c: {} })
  const response = await ask({ headers: [['X-Correlation-ID', 'mine']] })
  assert.deepEqual(
    [response.status, response.body.toString(), response.header('x-from'), response.header('x-correlation-id')],
    [203, body, 'b', 'mine'],
  )
  assert.deepEqual(log, ['request a', 'request b', 'end c', 'end b', 'end a'])
  assert.equal(calls().length, 0)
  assert.equal(g.exchanges[0]?.outcome, 'ok')
  assert.equal(await g.metric('mcp_interceptor_actions_total', { interceptor: 'b', action: 'answer' }), 1)
})

it('that answer with an error status or without a body are judged by it', async (t) => {
  const answers = await stage(t, { a: { options: { verdict: { action: 'answer', status: 429, body: 'slow down' } } } })
  assert.equal((await answers.ask()).status, 429)
  assert.deepEqual([answers.g.exchanges[0]?.outcome, answers.g.exchanges[0]?.['error.type']], ['http_error', '429'])
  const empty = await stage(t, { a: { options: { verdict: { action: 'answer', status: 204 } } } })
  const response = await empty.ask()
  assert.deepEqual([response.status, response.header('content-length'), response.clean], [204, undefined, true])
  // The connection goes on behind it.
  assert.equal((await empty.ask()).status, 204)
})

it('that refuse give a JSON-RPC error with the id of the request', async (t) => {
  const verdict = { action: 'refuse', status: 451, message: 'Not here' }
  for (const wait of [0, 5]) {
    const { ask, log, calls, g } = await stage(t, { a: { options: { verdict, wait } }, b: {} })
    const response = await ask()
    assert.equal(response.status, 451)
    assert.deepEqual(JSON.parse(response.body.toString()), {
      jsonrpc: '2.0',
      id: 7,
      error: { code: -31010, message: 'Not here', data: { type: 'refused', source: 'downstream' } },
    })
    assert.deepEqual([log, calls().length], [['request a', 'end b', 'end a'], 0])
    assert.equal(g.exchanges[0]?.outcome, 'refused')
    assert.equal(await g.metric('mcp_interceptor_actions_total', { interceptor: 'a', action: 'refuse' }), 1)
  }
})

it('that return nonsense fail their exchange, at once or later, and no exchange hangs', async (t) => {
  for (const wait of [0, 5]) {
    const { ask, calls, g } = await stage(t, { a: { options: { wait, verdict: { action: 'refuse', code: 'nope' } } } })
    assert.equal((await ask()).status, 500)
    assert.deepEqual([calls().length, g.exchanges[0]?.['error.type']], [0, 'interceptor_failed'])
  }
})

for (const phase of ['request', 'response', 'end'] as const) {
  for (const wait of phase === 'end' ? [0] : [0, 5]) {
    const how = wait > 0 ? 'by a promise' : 'at once'
    it(`that throw ${how} in the ${phase} phase ${phase === 'end' ? 'change nothing' : 'fail their exchange'}`, async (t) => {
      const { ask, calls, g } = await stage(t, { a: {}, b: { options: { fail: phase, wait } }, c: {} })
      const response = await ask()
      assert.equal(response.status, phase === 'end' ? 200 : 500)
      assert.doesNotMatch(response.body.toString(), /secret|10\.0\.0\.1/)
      if (phase !== 'end') assert.equal(JSON.parse(response.body.toString()).error.data.type, 'interceptor_failed')
      assert.equal(calls().length, phase === 'request' ? 0 : 1)
      assert.equal(g.exchanges[0]?.outcome, phase === 'end' ? 'ok' : 'gateway_error')
      const labels = { interceptor: 'b', error_type: 'E_OWN' }
      assert.equal(await g.metric('mcp_interceptor_errors_total', labels), 1)
      assert.equal(await g.metric('mcp_interceptor_actions_total', { interceptor: 'b', action: 'error' }), 1)
      const told = g.log.filter(({ msg }) => msg === 'interceptor failed')
      assert.deepEqual([told.length, told[0]?.interceptor, told[0]?.phase], [1, 'b', phase])
      // What failed holds nothing: the next exchange fails alike, and ends.
      assert.equal((await ask()).status, response.status)
      assert.equal(await g.metric('mcp_requests_active'), 0)
    })

    it(`that throw ${how} in the ${phase} phase are passed over with failOpen`, async (t) => {
      const { ask, calls, g } = await stage(t, { a: {}, b: { options: { fail: phase, wait }, failOpen: true }, c: {} })
      const response = await ask()
      assert.deepEqual([response.status, response.body.toString()], [200, PONG])
      assert.deepEqual([calls().length, g.exchanges[0]?.outcome], [1, 'ok'])
      assert.equal(await g.metric('mcp_interceptor_errors_total', { interceptor: 'b' }), 1)
    })
  }
}

it('that replace a body need leave: with it the upstream gets the new one at its right length', async (t) => {
  const body = '{"jsonrpc":"2.0","id":7,"method":"ping","params":{"ä":"€"}}'
  const allowed = await stage(t, { a: { options: { body }, mutates: true } })
  assert.equal((await allowed.ask()).status, 200)
  const [request] = allowed.calls()
  assert.equal(request?.body.toString(), body)
  assert.deepEqual(request?.values('content-length'), [String(Buffer.byteLength(body))])
  assert.equal(await allowed.g.metric('mcp_interceptor_actions_total', { interceptor: 'a', action: 'modify' }), 1)
  assert.equal(allowed.g.exchanges[0]?.request_bytes, PING.length, 'what the downstream sent')

  const forbidden = await stage(t, { a: { options: { body } } })
  assert.equal((await forbidden.ask()).status, 500)
  assert.equal(forbidden.calls().length, 0)

  const open = await stage(t, { a: { options: { body }, failOpen: true } })
  assert.equal((await open.ask()).status, 200)
  assert.equal(open.calls()[0]?.body.toString(), PING)
})

it('that set a header replace those of that name, whoever set them before', async (t) => {
  const { ask, calls } = await stage(t, {
    a: { options: { header: ['X-Tenant', 'first'] } },
    b: { options: { header: ['x-tenant', 'second'] } },
  })
  const response = await ask({ headers: [['X-TENANT', 'forged']] })
  assert.deepEqual(calls()[0]?.values('x-tenant'), ['second'])
  assert.deepEqual(response.values('x-tenant'), ['first'], 'a sees the response last')
})

for (const name of ['Host', 'Content-Length', 'Transfer-Encoding', 'Connection', 'X-Forwarded-For']) {
  it(`that set ${name}, which is the gateway's own, fail`, async (t) => {
    const { ask, calls, g } = await stage(t, { a: { options: { header: [name, '7'] } } })
    assert.equal((await ask()).status, 500)
    assert.deepEqual([calls().length, g.exchanges[0]?.['error.type']], [0, 'interceptor_failed'])
  })
}

it('are not begun for a downstream that has left', async (t) => {
  const { client, log, calls, g } = await stage(t, { a: { options: { wait: 100 } }, b: {} })
  await client.send(requestBytes({ body: PING }))
  await settles(async () => (await g.metric('mcp_requests_active')) === 1)
  client.close()
  await settles(() => g.exchanges.length === 1)
  await settles(() => log.includes('request a'))
  await new Promise((resolve) => setTimeout(resolve, 30))
  assert.deepEqual(log, ['end b', 'end a', 'request a'])
  assert.deepEqual([calls().length, g.exchanges[0]?.outcome], [0, 'downstream_closed'])
})

it('are timed once a phase and exchange', async (t) => {
  const { ask, g } = await stage(t, { a: {}, b: { options: { wait: 5 } } })
  for (let i = 0; i < 3; i++) await ask()
  for (const interceptor of ['a', 'b']) {
    for (const phase of ['request', 'response', 'end']) {
      assert.equal(await g.metric('mcp_interceptor_duration_seconds_count', { interceptor, phase }), 3)
    }
    assert.equal(await g.metric('mcp_interceptor_actions_total', { interceptor, action: 'continue' }), 6)
  }
  for (const [interceptor, phase, count] of [
    ['guard', 'request', 3],
    ['guard', 'response', 0],
    ['correlation', 'response', 3],
    ['metrics', 'end', 3],
    ['access_log', 'end', 3],
  ] as const) {
    assert.equal(await g.metric('mcp_interceptor_duration_seconds_count', { interceptor, phase }), count)
  }
})
