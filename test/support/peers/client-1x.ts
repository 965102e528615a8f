/** A peer client on the 1.x SDK, which knows the revisions up to 2025-11-25. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { CreateMessageRequestSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { settles } from '../measure.ts'
import { ANSWERS, noteOf, nothingTold, notingFetch, type Peer } from './peer.ts'

export async function peerClient1x(url: string): Promise<Peer> {
  const told = nothingTold()
  const client = new Client(
    { name: 'peer', version: '1' },
    { capabilities: { sampling: {}, elicitation: { form: {} } } },
  )
  client.setRequestHandler(CreateMessageRequestSchema, ({ method }) => {
    told.asked.push(method)
    return ANSWERS.model
  })
  client.setRequestHandler(ElicitRequestSchema, ({ method }) => {
    told.asked.push(method)
    return ANSWERS.user
  })
  client.fallbackNotificationHandler = async (notification) => {
    told.notifications.push(noteOf(notification))
  }
  client.onerror = (error) => told.errors.push(String(error))
  const transport = new StreamableHTTPClientTransport(new URL(url), { fetch: notingFetch(told) })
  await client.connect(transport as Transport)
  // What a session's server says of itself comes by its GET stream.
  await settles(() => told.exchanges.some((line) => line.startsWith('GET 200')), { what: 'the GET stream' })
  return {
    told,
    revision: transport.protocolVersion,
    isLegacy: true,
    serverName: () => client.getServerVersion()?.version,
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    read: async (uri) => (await client.readResource({ uri })).contents,
    watch: async (uri) => void (await client.subscribeResource({ uri })),
    unwatch: async (uri) => void (await client.unsubscribeResource({ uri })),
    call: (name, args = {}, options = {}) => client.callTool({ name, arguments: args }, undefined, options),
    async end() {
      await settles(() => told.pending === 0, { what: 'the last response head' })
      // What a closing client says of streams that it gives up itself is a matter of chance.
      client.onerror = () => {}
      await transport.terminateSession()
      await client.close()
    },
  }
}
