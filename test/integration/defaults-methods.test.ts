/** Methods that MCP does not have are 405 on an MCP path, also the unusual ones, and whatever lies beside it. */
import assert from 'node:assert/strict'
import { METHODS } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { gateway, type TestGateway } from '../support/gateway.ts'
import { rawClient } from '../support/raw-client.ts'
import { type RawOrigin, rawOrigin } from '../support/raw-origin.ts'

const OF_MCP = ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']
/** Node takes CONNECT for no request. */
const OTHERS = METHODS.filter((method) => !OF_MCP.includes(method) && method !== 'CONNECT')

for (const passthrough of [[], ['/*']]) {
  describe(`with passthrough ${JSON.stringify(passthrough)}`, () => {
    let origin: RawOrigin
    let g: TestGateway
    before(async () => {
      origin = await rawOrigin()
      g = await gateway({
        upstreams: { upstream: { url: `${origin.url}/mcp`, probe: { interval: '1h' } } },
        routes: [{ path: '/mcp', passthrough }],
      })
    })
    after(async () => {
      await g.close()
      await origin.close()
    })

    it('no other method reaches the upstream', async () => {
      assert.ok(OTHERS.length > 20)
      const client = await rawClient(g.url)
      for (const method of OTHERS) {
        const { status, body, header } = await client.ask({ method, target: '/mcp?x=1' })
        assert.deepEqual([method, status], [method, 405])
        assert.equal(header('allow'), 'GET, HEAD, POST, DELETE, OPTIONS')
        const { error } = JSON.parse(body.toString()) as { error: { code: number } }
        assert.equal(error.code, -31021)
      }
      client.close()
      assert.deepEqual(
        origin.requests.filter(({ method }) => OTHERS.includes(method)),
        [],
      )
    })
  })
}
