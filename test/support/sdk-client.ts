/** An SDK 1.x client that notes everything it is told: answers, notifications, requests of the server, HTTP exchanges. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import {
  type CallToolResult,
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  type ServerNotification,
} from '@modelcontextprotocol/sdk/types.js'
import { Agent, fetch as undiciFetch } from 'undici'

export interface SdkClient {
  readonly client: Client
  /** `undefined` where there is none. */
  readonly session: string | undefined
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

export interface SdkClientOptions {
  /** The name under which the URL's address is asked. */
  readonly host?: string
  /** The transport of 2024-11-05 instead. */
  readonly over?: 'http' | 'sse'
}

/** Connects: the session is open and its GET stream asked for when this resolves. */
export async function sdkClient(url: string, { host, over = 'http' }: SdkClientOptions = {}): Promise<SdkClient> {
  const exchanges: string[] = []
  const notifications: ServerNotification[] = []
  const asked: string[] = []
  const errors: Error[] = []
  const address = new URL(url)
  if (host !== undefined) address.hostname = host
  const ask = host === undefined ? fetch : loopbackFetch()
  const options = {
    fetch: async (target: string | URL, init?: RequestInit) => {
      const response = await ask(target, init)
      exchanges.push(`${init?.method ?? 'GET'} ${response.status} ${response.headers.get('content-type')}`)
      return response
    },
  }
  const transport =
    over === 'sse' ? new SSEClientTransport(address, options) : new StreamableHTTPClientTransport(address, options)
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
    session: 'sessionId' in transport ? transport.sessionId : undefined,
    exchanges,
    notifications,
    asked,
    errors,
    call: (name, args = {}) => client.callTool({ name, arguments: args }) as Promise<CallToolResult>,
    async end() {
      if ('terminateSession' in transport) await transport.terminateSession()
      await client.close()
    },
  }
}

/** Finds every name on this machine: Node's fetch sends no Host but the URL's. */
function loopbackFetch(): typeof fetch {
  const dispatcher = new Agent({ connect: { lookup: (_name, _options, done) => done(null, [LOOPBACK]) } })
  return ((target: string, init?: RequestInit) =>
    undiciFetch(target, { ...init, dispatcher } as Parameters<typeof undiciFetch>[1])) as unknown as typeof fetch
}

const LOOPBACK = { address: '127.0.0.1', family: 4 }
