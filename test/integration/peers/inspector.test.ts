/** The inspector's CLI in its three eras, against servers of both SDK lines: the same output through the gateway. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from '../../support/everything.ts'
import { gateway, inFrontOf } from '../../support/gateway.ts'
import { peerServer1x } from '../../support/peers/server-1x.ts'
import { peerServer2x } from '../../support/peers/server-2x.ts'

const SERVERS = { 'SDK 1.x': peerServer1x, 'SDK 2.x': peerServer2x }
const ERAS = ['legacy', 'auto', 'modern']
/** Method and arguments, and the exit code where there is a revision in common. */
const ASKED: readonly (readonly [method: string, args: readonly string[], code: number])[] = [
  ['tools/call', ['--tool-name', 'count', '--tool-arg', 'to=3'], 0],
  ['tools/call', ['--tool-name', 'fail'], 5],
]
const NO_COMMON_REVISION = 1

describe("the inspector's CLI", { timeout: 90_000 }, () => {
  for (const [line, start] of Object.entries(SERVERS)) {
    it(`says the same of a server on ${line}`, async (t) => {
      const server = await start()
      t.after(() => server.close())
      const upstreams = { upstream: { url: server.url, probe: { interval: '1h' } } }
      const front = await gateway(inFrontOf(server.url, { upstreams }))
      t.after(() => front.close())
      const exchanges = async () => front.metric('mcp_requests_total')
      for (const era of ERAS) {
        const strangers = era === 'modern' && line === 'SDK 1.x'
        // Strangers never come as far as the method.
        for (const [method, args, code] of strangers ? ASKED.slice(0, 1) : ASKED) {
          const before = await exchanges()
          const ask = (url: string) => inspect(url, method, [...args, '--protocol-era', era])
          const [direct, through] = await Promise.all([ask(server.url), ask(`${front.url}/mcp`)])
          assert.equal(direct.code, strangers ? NO_COMMON_REVISION : code, `${era} ${method}`)
          assert.deepEqual(through, direct, `${era} ${method}`)
          assert.ok((await exchanges()) > before, 'it went through the gateway')
        }
      }
    })
  }
})
