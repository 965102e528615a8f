/** The health report of a gateway: checks of one's own, components told from outside, and the status alone. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { gateway, inFrontOf, type TestGateway } from '../../support/gateway.ts'
import { settles } from '../../support/measure.ts'
import { type RawOrigin, rawOrigin } from '../../support/raw-origin.ts'

interface Component {
  readonly status: string
  readonly message: string
  readonly required: boolean
  readonly changed_at: string
}
interface Report {
  readonly status: string
  readonly components: Readonly<Record<string, Component>>
}

const answer = JSON.stringify({ jsonrpc: '2.0', id: 'sidelight-probe', result: {} })
const JSON_BODY = { 'content-type': 'application/json' }

async function origin(t: TestContext): Promise<RawOrigin> {
  const o = await rawOrigin({ behaviour: (exchange) => exchange.respond({ body: answer }) })
  t.after(() => o.close())
  return o
}

async function front(t: TestContext, more: object = {}): Promise<TestGateway> {
  const g = await gateway(inFrontOf(`${(await origin(t)).url}/mcp`, { ...more }))
  t.after(() => g.close())
  await settles(async () => (await report(g)).components['upstream:upstream']?.status === 'healthy')
  return g
}

const report = async (g: Pick<TestGateway, 'adminUrl'>) =>
  (await (await fetch(`${g.adminUrl}/health/ready`)).json()) as Report
const code = async (g: TestGateway) => (await fetch(`${g.url}/health/ready`)).status
const tell = (g: Pick<TestGateway, 'adminUrl'>, name: string, body: unknown) =>
  fetch(`${g.adminUrl}/components/${name}`, { method: 'PUT', headers: JSON_BODY, body: JSON.stringify(body) })

describe('the health of a gateway', { concurrency: true, timeout: 60_000 }, () => {
  it('depends on a required check, not on another, and is told with gauges', async (t) => {
    const listener = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    t.after(() => listener.close())
    const { port } = listener.address() as AddressInfo
    const each = { kind: 'tcp', host: '127.0.0.1', interval: '100ms' }
    const checks = [
      { name: 'database', ...each, port, required: true },
      { name: 'nobody', ...each, port: 9 },
    ]
    const g = await front(t, { health: { checks } })
    await settles(async () => (await report(g)).components['check:database']?.status === 'healthy')
    assert.deepEqual([await code(g), (await report(g)).status], [200, 'degraded'])
    assert.equal(await g.metric('sidelight_component_health', { component: 'check:database' }), 1)
    assert.equal(await g.metric('sidelight_component_health', { component: 'check:nobody' }), 0)
    const age = await g.metric('sidelight_component_check_age_seconds', { component: 'check:database' })
    assert.ok(age >= 0 && age < 60, `checked ${age} s ago`)
    const probed = await g.metric('mcp_upstream_probe_age_seconds')
    assert.ok(probed >= 0 && probed < 60, `probed ${probed} s ago`)
    listener.close()
    await settles(async () => (await code(g)) === 503)
    assert.equal((await fetch(`${g.url}/health`)).status, 200)
    const down = (await report(g)).components['check:database']
    assert.deepEqual([down?.message, down?.required], ['failed: ECONNREFUSED', true])
    listener.listen(port, '127.0.0.1')
    await settles(async () => (await code(g)) === 200)
    assert.ok(g.log.some((line) => line.component === 'check:database' && line.to === 'unhealthy'))
  })

  it('tells of listeners, event loop, memory and log, and since when each is so', async (t) => {
    const { components } = await report(await front(t))
    for (const name of [
      'listener:proxy',
      'listener:admin',
      'event-loop',
      'memory',
      'log',
      'gateway',
      'upstream:upstream',
      'endpoint:upstream',
    ]) {
      // The machine of the test may be short of memory.
      assert.match(components[name]?.status ?? '', /^(healthy|degraded)$/, name)
      assert.ok(Date.parse(components[name]?.changed_at ?? '') <= Date.now(), name)
    }
    assert.doesNotMatch(JSON.stringify(components), /127\.0\.0\.1|localhost/)
  })

  it('is the status alone where more is not wanted', async (t) => {
    const g = await front(t)
    for (const path of ['/health', '/health/ready'])
      for (const base of [g.url, g.adminUrl])
        assert.match(await (await fetch(`${base}${path}?verbose=false`)).text(), /^\{"status":"(healthy|degraded)"\}$/)
  })

  it('takes what it is told of a component, until a time', async (t) => {
    const g = await front(t)
    const told = await tell(g, 'db', { status: 'degraded', message: 'slow', required: true })
    assert.equal(told.status, 200)
    assert.deepEqual((await report(g)).components.db?.message, 'slow')
    await tell(g, 'db', { status: 'unhealthy', message: 'down', for: '400ms' })
    assert.equal(await code(g), 503)
    await settles(async () => (await report(g)).components.db?.message === 'slow')
    assert.equal(await code(g), 200)
    const { components } = (await (await fetch(`${g.adminUrl}/components`)).json()) as {
      components: { name: string }[]
    }
    assert.ok(components.some(({ name }) => name === 'db'))
    for (const status of [204, 404])
      assert.equal((await fetch(`${g.adminUrl}/components/db`, { method: 'DELETE' })).status, status)
    assert.equal((await report(g)).components.db, undefined)
    assert.equal(await g.metric('sidelight_component_health', { component: 'db' }), 0)
  })

  it('refuses what it cannot take, and says why', async (t) => {
    const g = await front(t)
    for (const [name, body, status] of [
      ['db', { status: 'ill' }, 400],
      ['db', { status: 'healthy', message: 'x'.repeat(501) }, 400],
      ['db', { status: 'healthy', for: 'long' }, 400],
      ['db', { status: 'healthy', for: { toString: 1 } }, 400],
      ['db', { status: 'healthy', required: 'yes' }, 400],
      ['db', { status: 'healthy', stauts: 1 }, 400],
      ['db', [], 400],
      ['a%20b', { status: 'healthy' }, 400],
      ['memory', { status: 'healthy' }, 409],
    ] as const) {
      const refused = await tell(g, name, body)
      const { error, message } = (await refused.json()) as { error: string; message: string }
      assert.equal(refused.status, status, JSON.stringify(body))
      assert.ok(error.length > 0 && message.length > 0)
    }
  })

  it('does not grow with what it is told: a thousand components are as many as there may be', async (t) => {
    const g = await front(t)
    const statuses = new Map<number, number>()
    const told = (i: number) => ({ name: `c${i}`, status: 'healthy', message: 'x'.repeat(500), for: '10m' })
    // From many addresses, because one may not ask so often.
    for (let i = 0; i < 1_000; i++) {
      const status = await putFrom(`127.0.1.${i % 100}`, g.adminUrl, told(i))
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
    assert.deepEqual(
      [...statuses],
      [
        [200, 256],
        [507, 744],
      ],
    )
    assert.equal(Object.keys((await report(g)).components).filter((name) => /^c\d+$/.test(name)).length, 256)
    const page = await (await fetch(`${g.adminUrl}/metrics`)).text()
    const series = page.split('\n').filter((line) => line.startsWith('sidelight_component_health{'))
    assert.ok(series.length <= 181, String(series.length))
  })
})

function putFrom(localAddress: string, adminUrl: string, { name, ...body }: { name: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${adminUrl}/components/${name}`,
      { method: 'PUT', localAddress, headers: JSON_BODY },
      (answered) => {
        answered.resume().once('end', () => resolve(answered.statusCode ?? 0))
      },
    )
    sent.once('error', reject).end(JSON.stringify(body))
  })
}
