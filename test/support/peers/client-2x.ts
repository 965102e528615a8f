/** A peer client on the 2.x SDK, which speaks either era. */
import {
  Client,
  type McpSubscription,
  StreamableHTTPClientTransport,
  type VersionNegotiationMode,
} from '@modelcontextprotocol/client'
import { settles } from '../measure.ts'
import { ANSWERS, noteOf, nothingTold, notingFetch, type Peer } from './peer.ts'

export async function peerClient2x(url: string, mode: VersionNegotiationMode): Promise<Peer> {
  const told = nothingTold()
  const client = new Client(
    { name: 'peer', version: '2' },
    { capabilities: { sampling: {}, elicitation: { form: {} } }, versionNegotiation: { mode } },
  )
  client.setRequestHandler('sampling/createMessage', ({ method }) => {
    told.asked.push(method)
    return ANSWERS.model
  })
  client.setRequestHandler('elicitation/create', ({ method }) => {
    told.asked.push(method)
    return ANSWERS.user
  })
  client.fallbackNotificationHandler = async (notification) => {
    told.notifications.push(noteOf(notification))
  }
  client.onerror = (error) => told.errors.push(String(error))
  const transport = new StreamableHTTPClientTransport(new URL(url), { fetch: notingFetch(told) })
  await client.connect(transport)
  const isLegacy = client.getProtocolEra() === 'legacy'
  if (isLegacy) {
    await settles(() => told.exchanges.some((line) => line.startsWith('GET 200')), { what: 'the GET stream' })
  }
  let subscription: McpSubscription | undefined
  return {
    told,
    revision: client.getNegotiatedProtocolVersion(),
    isLegacy,
    serverName: () => client.getServerVersion()?.version,
    tools: async () => (await client.listTools(undefined, { cacheMode: 'refresh' })).tools.map(({ name }) => name),
    read: async (uri) => (await client.readResource({ uri }, { cacheMode: 'refresh' })).contents,
    async watch(uri) {
      if (isLegacy) await client.subscribeResource({ uri })
      else subscription = await client.listen({ resourceSubscriptions: [uri], toolsListChanged: true })
    },
    async unwatch(uri) {
      if (isLegacy) await client.unsubscribeResource({ uri })
      else await subscription?.close()
    },
    call: (name, args = {}, options = {}) => client.callTool({ name, arguments: args }, options),
    async end() {
      await settles(() => told.pending === 0, { what: 'the last response head' })
      // What a closing client says of streams that it gives up itself is a matter of chance.
      client.onerror = () => {}
      if (isLegacy) await transport.terminateSession()
      await client.close()
    },
  }
}
