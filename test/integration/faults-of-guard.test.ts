/** The guard against DNS rebinding, on both listeners: foreign Host and Origin, allowed lists, and everything allowed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Settings } from '../support/gateway.ts'
import type { HeaderList } from '../support/http-head.ts'
import { type RawResponse, rawClient, requestBytes } from '../support/raw-client.ts'
import { assertRpcError, type Stage, stage } from './faults-stage.ts'

const FOREIGN_HOSTS = ['evil.example', 'evil.example:8080', 'localhost.evil.example', '127.0.0.1.evil.example', '[::2]']
const FOREIGN_ORIGINS = [
  'http://evil.example',
  'https://localhost.evil.example',
  'null',
  'http://localhost@evil.example',
]

async function askAdmin(s: Stage, target: string, host: string, headers: HeaderList = []): Promise<RawResponse> {
  const client = await rawClient(s.gateway.adminUrl)
  await client.send(requestBytes({ method: 'GET', target, host, headers }))
  const response = await client.response('GET')
  client.close()
  return response
}

test('on a loopback bind a foreign Host is refused on the proxy', async (t) => {
  const s = await stage(t)
  for (const host of FOREIGN_HOSTS) {
    assertRpcError(await s.ask('foreign', { host }), 'host_forbidden')
    assertRpcError(await s.ask('foreign', { host, method: 'GET' }), 'host_forbidden', null)
    for (const { outcome } of await s.endedAll(2)) assert.equal(outcome, 'refused')
  }
  assert.equal(s.hits('foreign').length, 0)
  for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:8080', '[::1]:8080']) {
    assert.equal((await s.ask('own', { host })).status, 200, host)
  }
  await s.settled()
  await s.countedOnce()
})

test('on a loopback bind a foreign Origin is refused on the proxy', async (t) => {
  const s = await stage(t)
  for (const origin of FOREIGN_ORIGINS) {
    assertRpcError(await s.ask('foreign', { headers: [['Origin', origin]] }), 'origin_forbidden')
    const preflight = await s.ask('foreign', { method: 'OPTIONS', headers: [['Origin', origin]] })
    assertRpcError(preflight, 'origin_forbidden', null)
  }
  assert.equal(s.hits('foreign').length, 0)
  for (const origin of ['http://localhost:5173', 'https://127.0.0.1', 'http://[::1]:6274']) {
    assert.equal((await s.ask('own', { headers: [['Origin', origin]] })).status, 200, origin)
  }
  await s.settled()
  await s.countedOnce()
})

test('on a loopback bind a foreign Host or Origin is refused on the admin listener', async (t) => {
  const s = await stage(t)
  for (const host of FOREIGN_HOSTS) assert.equal((await askAdmin(s, '/metrics', host)).status, 403, host)
  for (const origin of FOREIGN_ORIGINS) {
    const response = await askAdmin(s, '/metrics', 'localhost', [['Origin', origin]])
    assert.equal(response.status, 403, origin)
    assert.equal(response.header('content-type'), 'application/json; charset=utf-8')
    assert.equal(JSON.parse(response.body.toString()).error, 'origin_forbidden')
  }
  assert.equal((await askAdmin(s, '/metrics', 'localhost')).status, 200)
  // A kubelet probes by address.
  assert.equal((await askAdmin(s, '/health', '10.1.2.3:9090')).status, 200)
})

test('a list of allowed names takes the place of the default', async (t) => {
  const names: Settings = { hosts: ['gateway.example'], origins: ['https://app.example'] }
  const s = await stage(t, { settings: { listen: names } })
  assert.equal((await s.ask('a', { host: 'gateway.example' })).status, 200)
  assert.equal((await s.ask('b', { host: 'Gateway.Example:8080' })).status, 200)
  assert.equal(
    (await s.ask('c', { host: 'gateway.example', headers: [['Origin', 'https://app.example']] })).status,
    200,
  )
  assertRpcError(await s.ask('d', { host: 'localhost' }), 'host_forbidden')
  const origin = await s.ask('e', { host: 'gateway.example', headers: [['Origin', 'http://localhost']] })
  assertRpcError(origin, 'origin_forbidden')
})

test('a list on the admin listener takes the place of its default', async (t) => {
  const s = await stage(t, { settings: { admin: { hosts: ['metrics.example', '127.0.0.1'] } } })
  assert.equal((await askAdmin(s, '/metrics', 'metrics.example')).status, 200)
  assert.equal((await askAdmin(s, '/metrics', 'localhost')).status, 403)
})

test('["*"] lets every Host and Origin pass', async (t) => {
  const every: Settings = { hosts: ['*'], origins: ['*'] }
  const s = await stage(t, { settings: { listen: every, admin: every } })
  const headers: HeaderList = [['Origin', 'http://evil.example']]
  assert.equal((await s.ask('any', { host: 'evil.example', headers })).status, 200)
  assert.equal(s.hits('any')[0]?.header('origin'), 'http://evil.example')
  assert.equal((await askAdmin(s, '/metrics', 'evil.example', headers)).status, 200)
})
