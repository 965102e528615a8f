/** Clients of both SDK lines talk to servers of both as ever while the gateway writes traces into what the clients say. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gateway } from '../../support/gateway.ts'
import { peerClient1x } from '../../support/peers/client-1x.ts'
import { peerClient2x } from '../../support/peers/client-2x.ts'
import type { Peer } from '../../support/peers/peer.ts'
import { peerServer1x } from '../../support/peers/server-1x.ts'
import { peerServer2x } from '../../support/peers/server-2x.ts'
import { WATCHED } from '../../support/peers/tools.ts'

const modern = (url: string): Promise<Peer> => peerClient2x(url, { pin: '2026-07-28' })

const PAIRS = [
  ['SDK 1.x', peerClient1x, 'SDK 1.x', peerServer1x],
  ['SDK 1.x', peerClient1x, 'SDK 2.x', peerServer2x],
  ['SDK 2.x, 2026-07-28', modern, 'SDK 2.x', peerServer2x],
] as const

async function talk(connect: (url: string) => Promise<Peer>, url: string): Promise<readonly unknown[]> {
  const peer = await connect(url)
  const steps: unknown[] = []
  const results = [
    peer.revision,
    await peer.tools(),
    await peer.read(WATCHED),
    await peer.call('echo', { message: 'héllo "\n\u2028 𝄞' }),
    await peer.call('fail'),
    await peer.call('count', { to: 8 }, { onprogress: (step) => steps.push(step) }),
    steps,
    // Asks the client back, which answers by a message that is no request.
    await peer.call('survey'),
  ]
  await peer.end()
  return [...results, peer.told.errors]
}

describe('with traceMeta', { concurrency: 2, timeout: 60_000 }, () => {
  for (const [client, connect, name, start] of PAIRS)
    it(`a client of ${client} gets from a server of ${name} what it gets without`, async (t) => {
      const server = await start()
      t.after(() => server.close())
      const g = await gateway({
        upstreams: { upstream: { url: server.url } },
        routes: [{ path: '/mcp', traceMeta: true }],
        telemetry: { traces: { exporters: ['console'] } },
      })
      t.after(() => g.close())
      const results = await talk(connect, `${g.url}/mcp`)
      assert.deepEqual(results, await talk(connect, server.url))
      const bodies = (result: string) => g.metric('sidelight_trace_meta_bodies_total', { result })
      assert.ok((await bodies('written')) >= 6)
      assert.deepEqual([await bodies('unreadable'), await bodies('signed'), await bodies('compressed')], [0, 0, 0])
    })
})
