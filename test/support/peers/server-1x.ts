/** A peer server on the 1.x SDK: revisions up to 2025-11-25, sessions, resumable streams. */
import { randomUUID } from 'node:crypto'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import {
  CallToolRequestSchema,
  type CallToolResult,
  CreateMessageResultSchema,
  ElicitResultSchema,
  ErrorCode,
  ListResourcesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  type ServerNotification,
  type ServerRequest,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { MemoryEventStore } from '../event-store.ts'
import { GetStreams, listen, type PeerServer, sessionGone } from './server.ts'
import {
  type Cancelled,
  FORM,
  PEER_TOOLS,
  type PeerCall,
  PROMPT,
  QUESTION,
  SURVEY,
  surveyed,
  WATCHED,
} from './tools.ts'

const CAPABILITIES = { tools: { listChanged: true }, resources: { subscribe: true }, logging: {} }

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>

const text = (said: string): CallToolResult => ({ content: [{ type: 'text', text: said }] })

export function peerServer1x(port?: number): Promise<PeerServer> {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  const streams = new GetStreams()
  const cancelled: Cancelled = []

  async function open(): Promise<StreamableHTTPServerTransport> {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: new MemoryEventStore(),
      retryInterval: 50,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    })
    // The SDK's own class misses its own interface only under exactOptionalPropertyTypes.
    await newServer(streams, cancelled).connect(transport as Transport)
    return transport
  }

  const end = async (): Promise<void> => {
    await Promise.all([...sessions.values()].map((transport) => transport.close()))
  }
  return listen(
    async (req, res) => {
      streams.note(req, res)
      const id = req.headers['mcp-session-id']
      const transport = id === undefined ? await open() : sessions.get(String(id))
      if (transport === undefined) sessionGone(res)
      else await transport.handleRequest(req, res)
    },
    { port, cancelled, end },
  )
}

function newServer(streams: GetStreams, cancelled: Cancelled): Server {
  const server = new Server({ name: 'peer', version: '1' }, { capabilities: CAPABILITIES })
  const watched = new Set<string>()
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: [...Object.keys(PEER_TOOLS), SURVEY].map((name) => ({ name, inputSchema: { type: 'object' } })),
  }))
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: [{ uri: WATCHED, name: 'watched' }] }))
  server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }) => ({ contents: [{ uri, text: 'seen' }] }))
  server.setRequestHandler(SubscribeRequestSchema, ({ params: { uri } }) => {
    watched.add(uri)
    return {}
  })
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params: { uri } }) => {
    watched.delete(uri)
    return {}
  })
  server.setRequestHandler(CallToolRequestSchema, async ({ params: { name, arguments: args = {} } }, extra) => {
    if (name === SURVEY) return text(await survey(extra))
    const tool = PEER_TOOLS[name]
    if (tool === undefined) throw new McpError(ErrorCode.InvalidParams, `no tool ${name}`)
    try {
      return text(await tool(callOf(server, { args, extra, streams, watched }), cancelled))
    } catch (error) {
      return { ...text(String(error)), isError: true }
    }
  })
  return server
}

interface Parts {
  readonly args: Readonly<Record<string, unknown>>
  readonly extra: Extra
  readonly streams: GetStreams
  readonly watched: ReadonlySet<string>
}

function callOf(server: Server, { args, extra, streams, watched }: Parts): PeerCall {
  return {
    arguments: args,
    signal: extra.signal,
    async progress(progress, total) {
      const progressToken = extra._meta?.progressToken
      if (progressToken === undefined) return
      await extra.sendNotification({ method: 'notifications/progress', params: { progressToken, progress, total } })
    },
    closeStream: () => extra.closeSSEStream?.(),
    async cutStream() {
      await streams.cut(extra.sessionId)
      await server.sendLoggingMessage({ level: 'info', data: 'said while nobody listened' })
    },
    async touch() {
      if (watched.has(WATCHED)) await server.sendResourceUpdated({ uri: WATCHED })
    },
    change: () => server.sendToolListChanged(),
  }
}

async function survey(extra: Extra): Promise<string> {
  const params = { message: QUESTION, requestedSchema: { ...FORM, required: [...FORM.required] } }
  const user = await extra.sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema)
  const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: PROMPT } }]
  const asked = { method: 'sampling/createMessage' as const, params: { messages, maxTokens: 10 } }
  const model = await extra.sendRequest(asked, CreateMessageResultSchema)
  return surveyed(user.content, model.content)
}
