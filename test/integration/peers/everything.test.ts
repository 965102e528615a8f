/** The public server `server-everything`, in both its modes, with clients of the 2.x SDK and the inspector. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { VersionNegotiationMode } from '@modelcontextprotocol/client'
import { everything, inspect } from '../../support/everything.ts'
import { gateway, inFrontOf } from '../../support/gateway.ts'
import { settles } from '../../support/measure.ts'
import { peerClient2x } from '../../support/peers/client-2x.ts'

const DOCUMENT = 'demo://resource/dynamic/text/1'
const LOG = 'notifications/message'
const MODES: readonly VersionNegotiationMode[] = ['legacy', 'auto']

/** It stamps resources with the time of day. */
const timeless = (read: unknown) => JSON.stringify(read).replace(/\d{1,2}:\d{2}:\d{2}[^"]*/, 'now')

async function transcript(url: string, mode: VersionNegotiationMode) {
  const peer = await peerClient2x(url, mode)
  const { told } = peer
  const results: unknown[] = [peer.revision, peer.serverName(), await peer.tools(), timeless(await peer.read(DOCUMENT))]
  const steps: unknown[] = []
  const onprogress = (step: unknown) => steps.push(step)
  results.push(await peer.call('echo', { message: 'héllo' }), await peer.call('get-tiny-image'))
  results.push(await peer.call('trigger-long-running-operation', { duration: 0.2, steps: 5 }, { onprogress }), steps)
  results.push(await peer.call('trigger-elicitation-request'))
  results.push(await peer.call('trigger-sampling-request', { prompt: 'why?', maxTokens: 5 }))
  await peer.watch(DOCUMENT)
  await peer.call('toggle-subscriber-updates')
  const updated = () => told.notifications.filter((note) => note.startsWith('notifications/resources/updated'))
  await settles(() => updated().length > 0, { what: 'the update of the resource' })
  await peer.call('toggle-subscriber-updates')
  await peer.unwatch(DOCUMENT)
  await peer.end()
  const { asked, errors, exchanges } = told
  // It logs when it likes.
  const notifications = told.notifications.filter((note) => !note.startsWith(LOG))
  return { results, notifications, asked, errors, exchanges: exchanges.sort() }
}

describe('server-everything', { timeout: 60_000 }, () => {
  it('says the same to clients of the 2.x SDK through the gateway', async (t) => {
    const server = await everything('streamableHttp')
    t.after(() => server.close())
    const front = await gateway(inFrontOf(`${server.url}/mcp`))
    t.after(() => front.close())
    for (const mode of MODES) {
      const direct = await transcript(`${server.url}/mcp`, mode)
      assert.deepEqual(direct.asked, ['elicitation/create', 'sampling/createMessage'])
      assert.deepEqual(direct.notifications, [`notifications/resources/updated {"uri":"${DOCUMENT}"}`])
      assert.deepEqual(await transcript(`${front.url}/mcp`, mode), direct)
    }
  })

  it('answers the inspector over HTTP+SSE the same through passthrough paths', async (t) => {
    const server = await everything('sse')
    t.after(() => server.close())
    const routes = [{ path: '/mcp', upstream: 'upstream', passthrough: ['/sse', '/message'] }]
    const front = await gateway(inFrontOf(`${server.url}/mcp`, { routes }))
    t.after(() => front.close())
    const echo = ['--transport', 'sse', '--tool-name', 'echo', '--tool-arg', 'message=hello']
    const ask = (url: string) => inspect(`${url}/sse`, 'tools/call', echo)
    const [direct, through] = await Promise.all([ask(server.url), ask(front.url)])
    assert.equal(direct.code, 0)
    assert.match(direct.stdout, /Echo: hello/)
    assert.deepEqual(through, direct)
  })
})
