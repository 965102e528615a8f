/** The real program under the name of a Kubernetes Service, in front of a server that believes only its own names. */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { type GatewayProcess, gatewayProcess, type Settings } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { rawClient } from '../support/raw-client.ts'
import { sdkClient } from '../support/sdk-client.ts'
import { type SdkServer, sdkServer } from '../support/sdk-server.ts'

const SERVICE = 'mcp-gateway.default.svc'
const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}'

describe('behind a Service', { timeout: 60_000 }, () => {
  let server: SdkServer
  before(async () => {
    server = await sdkServer({ app: 'express' })
  })
  after(() => server.close())

  async function program(t: TestContext, args: readonly string[], settings?: Settings): Promise<GatewayProcess> {
    const started = await gatewayProcess(args, settings === undefined ? {} : { settings })
    t.after(() => started.close())
    return started
  }

  const loopback = (url: string) => url.replace('localhost', '127.0.0.1')

  async function converses(url: string): Promise<void> {
    const peer = await sdkClient(`${loopback(url)}/mcp`, { host: SERVICE })
    const { content } = await peer.call('count', { to: 3 })
    assert.deepEqual(content, [{ type: 'text', text: 'counted to 3' }])
    await peer.end()
    const last = server.requests.at(-1)
    assert.equal(last?.headers.host, `127.0.0.1:${server.port}`, 'the server is asked by its own name')
    assert.equal(last?.headers['x-forwarded-host'], new URL(url).host.replace(/^[^:]+/, SERVICE))
  }

  it('a listener on every address takes the name without a word in the configuration', async (t) => {
    const g = await program(t, ['--upstream', server.url, '--host', '0.0.0.0', '--admin-host', '0.0.0.0'])
    await converses(g.url)
    // The kubelet and Prometheus ask by address.
    for (const path of ['/health', '/metrics']) {
      const client = await rawClient(loopback(g.adminUrl))
      assert.equal((await client.ask({ method: 'GET', target: path, host: '10.1.2.3:9090' })).status, 200)
      client.close()
    }
    const ready = await settles(async () => (await fetch(`${g.url}/health/ready`)).status === 200)
    assert.ok(ready)
  })

  it('a listener on loopback says which setting is missing, and takes the name once it is set', async (t) => {
    const closed = await program(t, ['--upstream', server.url])
    const client = await rawClient(closed.url)
    const { status, body } = await client.ask({ host: `${SERVICE}:8080`, body: PING })
    client.close()
    assert.equal(status, 403)
    assert.match(body.toString(), /listen\.hosts/)
    const upstreams = { upstream: { url: server.url } }
    const open = await program(t, [], { listen: { hosts: [SERVICE] }, upstreams })
    await converses(open.url)
  })

  it('the variables that Kubernetes adds for a Service called sidelight change nothing', async (t) => {
    const env = { SIDELIGHT_PORT: 'tcp://10.0.0.1:8080', SIDELIGHT_SERVICE_HOST: '10.0.0.1' }
    const g = await gatewayProcess(['--upstream', server.url, '--host', '0.0.0.0'], { env })
    t.after(() => g.close())
    await converses(g.url)
    assert.match(g.stderr, /enableServiceLinks/)
  })
})
