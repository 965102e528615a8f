/** An SDK 1.x client that notes everything it is told: answers, notifications, requests of the server, HTTP exchanges. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import {
  type CallToolResult,
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  type ServerNotification,
} from '@modelcontextprotocol/sdk/types.js'

export interface SdkClient {
  readonly client: Client
  readonly transport: StreamableHTTPClientTransport
  /** Method, status and content type of every HTTP exchange so far, in the order of the response heads. */
  readonly exchanges: readonly string[]
  /** Notifications that no request of the client asked for. */
  readonly notifications: readonly ServerNotification[]
  /** Methods of the requests that the server sent. */
  readonly asked: readonly string[]
  readonly errors: readonly Error[]
  call(name: string, args?: Readonly<Record<string, unknown>>): Promise<CallToolResult>
  /** Ends the session, then the connection. */
  end(): Promise<void>
}

/** Connects: the session is open and its GET stream asked for when this resolves. */
export async function sdkClient(url: string, headers: Readonly<Record<string, string>> = {}): Promise<SdkClient> {
  const exchanges: string[] = []
  const notifications: ServerNotification[] = []
  const asked: string[] = []
  const errors: Error[] = []
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers },
    fetch: async (target, init) => {
      const response = await fetch(target, init)
      exchanges.push(`${init?.method ?? 'GET'} ${response.status} ${response.headers.get('content-type')}`)
      return response
    },
  })
  const client = new Client(
    { name: 'test', version: '1' },
    { capabilities: { sampling: {}, elicitation: { form: {} }, roots: { listChanged: true } } },
  )
  client.setRequestHandler(CreateMessageRequestSchema, ({ method, params }) => {
    asked.push(method)
    const content = { type: 'text', text: `heard ${JSON.stringify(params.messages)}` } as const
    return { model: 'test', role: 'assistant', content }
  })
  client.setRequestHandler(ElicitRequestSchema, ({ method }) => {
    asked.push(method)
    return { action: 'accept', content: { name: 'Ada' } }
  })
  client.setRequestHandler(ListRootsRequestSchema, ({ method }) => {
    asked.push(method)
    return { roots: [{ uri: 'file:///tmp', name: 'tmp' }] }
  })
  client.fallbackNotificationHandler = async (notification) => {
    notifications.push(notification as ServerNotification)
  }
  client.onerror = (error) => errors.push(error)
  await client.connect(transport as Transport)
  return {
    client,
    transport,
    exchanges,
    notifications,
    asked,
    errors,
    call: (name, args = {}) => client.callTool({ name, arguments: args }) as Promise<CallToolResult>,
    async end() {
      await transport.terminateSession()
      await client.close()
    },
  }
}
