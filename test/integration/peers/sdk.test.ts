/** Clients of both SDK lines against servers of both: all that MCP lets them tell each other, direct and through the gateway. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gateway, inFrontOf } from '../../support/gateway.ts'
import { settles } from '../../support/measure.ts'
import { peerClient1x } from '../../support/peers/client-1x.ts'
import { peerClient2x } from '../../support/peers/client-2x.ts'
import type { Peer } from '../../support/peers/peer.ts'
import type { PeerServer } from '../../support/peers/server.ts'
import { peerServer1x } from '../../support/peers/server-1x.ts'
import { peerServer2x } from '../../support/peers/server-2x.ts'
import { WATCHED } from '../../support/peers/tools.ts'

const SERVERS = { 'SDK 1.x': peerServer1x, 'SDK 2.x': peerServer2x }

const CLIENTS: Readonly<Record<string, (url: string) => Promise<Peer>>> = {
  'SDK 1.x': peerClient1x,
  'SDK 2.x, legacy': (url) => peerClient2x(url, 'legacy'),
  'SDK 2.x, auto': (url) => peerClient2x(url, 'auto'),
  'SDK 2.x, 2026-07-28': (url) => peerClient2x(url, { pin: '2026-07-28' }),
}

/** The one pair that has no revision in common. */
const STRANGERS = 'SDK 2.x, 2026-07-28 and SDK 1.x'

async function talk(peer: Peer, server: PeerServer): Promise<readonly unknown[]> {
  const { told } = peer
  const heard = (count: number) => settles(() => told.notifications.length === count, { what: `notification ${count}` })
  const results: unknown[] = [peer.revision, peer.serverName(), await peer.tools(), await peer.read(WATCHED)]
  results.push(await peer.call('echo', { message: 'héllo "\n\u2028 𝄞' }), await peer.call('fail'))
  const steps: unknown[] = []
  results.push(await peer.call('count', { to: 8 }, { onprogress: (step) => steps.push(step) }), steps)
  results.push(await peer.call('survey'), await peer.call('polled'))

  await peer.watch(WATCHED)
  results.push(await peer.call('touch'))
  await heard(1)
  results.push(await peer.call('change'))
  await heard(2)
  if (peer.isLegacy) {
    // Said while the stream was down: it comes after the client resumed it, once.
    results.push(await peer.call('cut'))
    await heard(3)
    results.push(await peer.call('touch'))
    await heard(4)
  }
  await peer.unwatch(WATCHED)
  results.push(await peer.call('touch'))

  const enough = new AbortController()
  const before = told.exchanges.length
  const waiting = peer.call('wait', { name: 'cancelled' }, { signal: enough.signal, onprogress: () => {} })
  waiting.catch(() => {})
  // A server of 2026-07-28 begins a stream only when it has something to say.
  if (peer.isLegacy) await settles(() => told.exchanges.length > before, { what: 'the stream of the call' })
  else await settles(() => told.pending > 0)
  const cancelled = server.cancelled.length
  await new Promise((resolve) => setTimeout(resolve, 50))
  enough.abort('enough')
  results.push(await waiting.catch(() => 'rejected'))
  await settles(() => server.cancelled.length === cancelled + 1, { what: 'the cancellation at the server' })
  results.push(await peer.call('echo', { message: 'after all' }))
  return results
}

/** In a session of its own: the 1.x client tries to resume the stream of an error, which may take the place of another. */
async function failure(connect: (url: string) => Promise<Peer>, url: string): Promise<string> {
  const peer = await connect(url)
  const reason = await peer.call('none_such').then(JSON.stringify, String)
  await peer.end()
  return reason
}

async function transcript(connect: (url: string) => Promise<Peer>, url: string, server: PeerServer) {
  const peer = await connect(url)
  const results = [...(await talk(peer, server)), await failure(connect, url)]
  await peer.end()
  const { notifications, asked, errors, exchanges } = peer.told
  // What is concurrent comes in any order.
  return { results, notifications, asked, errors, exchanges: exchanges.sort() }
}

describe('peers of the SDKs say the same through the gateway', { timeout: 60_000, concurrency: 4 }, () => {
  for (const [client, connect] of Object.entries(CLIENTS)) {
    for (const [line, start] of Object.entries(SERVERS)) {
      const pair = `${client} and ${line}`
      it(pair, async (t) => {
        const server = await start()
        t.after(() => server.close())
        const upstreams = { upstream: { url: server.url, probe: { interval: '1h' } } }
        const front = await gateway(inFrontOf(server.url, { upstreams }))
        t.after(() => front.close())
        const through = `${front.url}/mcp`
        if (pair === STRANGERS) {
          const refusal = await connect(server.url).then(() => assert.fail('it connected'), String)
          assert.equal(await connect(through).then(() => assert.fail('it connected'), String), refusal)
          return
        }
        const direct = await transcript(connect, server.url, server)
        assert.deepEqual(direct.asked, ['elicitation/create', 'sampling/createMessage'])
        assert.deepEqual(await transcript(connect, through, server), direct)
        await settles(() => front.metric('mcp_requests_active').then((active) => active === 0))
      })
    }
  }
})
