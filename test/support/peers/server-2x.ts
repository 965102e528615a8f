/** A peer server on the 2.x SDK: 2026-07-28 without sessions and the revisions before it with them, on one path. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type NodeIncomingMessageLike,
  NodeStreamableHTTPServerTransport,
  toNodeHandler,
  toWebRequest,
} from '@modelcontextprotocol/node'
import {
  acceptedContent,
  type CallToolResult,
  createMcpHandler,
  createRequestStateCodec,
  fromJsonSchema,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  isLegacyRequest,
  type McpRequestContext,
  McpServer,
  type ServerContext,
  type ServerNotifier,
} from '@modelcontextprotocol/server'
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

const CAPABILITIES = {
  tools: { listChanged: true },
  resources: { subscribe: true },
  logging: {},
}

const ANY = fromJsonSchema<Record<string, unknown>>({ type: 'object' })
const MESSAGES = [{ role: 'user' as const, content: { type: 'text' as const, text: PROMPT } }]
const QUESTIONNAIRE = { message: QUESTION, requestedSchema: { ...FORM, required: [...FORM.required] } }

type Result = CallToolResult | InputRequiredResult

const text = (said: string): CallToolResult => ({ content: [{ type: 'text', text: said }] })

export function peerServer2x(port?: number): Promise<PeerServer> {
  const sessions = new Map<string, NodeStreamableHTTPServerTransport>()
  const streams = new GetStreams()
  const cancelled: Cancelled = []
  const states = createRequestStateCodec({ key: randomBytes(32) })
  const newServer = (era: McpRequestContext['era']): McpServer =>
    serverOf({ era, changed: modern.notify, streams, cancelled, states })
  const modern = createMcpHandler(({ era }) => newServer(era), { legacy: 'reject' })
  const serveModern = toNodeHandler(modern)

  async function open(): Promise<NodeStreamableHTTPServerTransport> {
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: new MemoryEventStore(),
      retryInterval: 50,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    })
    await newServer('legacy').connect(transport)
    return transport
  }

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    streams.note(req, res)
    // Its type only misses Node's own under exactOptionalPropertyTypes.
    const message = req as NodeIncomingMessageLike
    const request = await toWebRequest(message)
    const isLegacy = await isLegacyRequest(request)
    const body = req.method === 'POST' ? await request.json().catch(() => undefined) : undefined
    if (!isLegacy) return serveModern(message, res, body)
    const id = req.headers['mcp-session-id']
    const transport = id === undefined ? await open() : sessions.get(String(id))
    if (transport === undefined) sessionGone(res)
    else await transport.handleRequest(req, res, body)
  }

  const end = async (): Promise<void> => {
    await Promise.all([modern.close(), ...[...sessions.values()].map((transport) => transport.close())])
  }
  return listen(serve, { port, cancelled, end })
}

interface Parts {
  readonly era: McpRequestContext['era']
  readonly changed: ServerNotifier
  readonly streams: GetStreams
  readonly cancelled: Cancelled
  readonly states: ReturnType<typeof createRequestStateCodec>
}

function serverOf(parts: Parts): McpServer {
  const { era, cancelled, states } = parts
  const server = new McpServer(
    { name: 'peer', version: '2' },
    { capabilities: CAPABILITIES, requestState: { verify: states.verify } },
  )
  const watched = new Set<string>()
  for (const [name, tool] of Object.entries(PEER_TOOLS)) {
    server.registerTool(name, { description: name, inputSchema: ANY }, async (args, call) =>
      text(await tool(callOf(server, parts, { args, call, watched }), cancelled)),
    )
  }
  const survey = era === 'modern' ? surveyInRounds : surveyOnTheStream
  server.registerTool(SURVEY, { description: SURVEY, inputSchema: ANY }, (_args, call) => survey(call, parts))
  server.registerResource('watched', WATCHED, {}, ({ href }) => ({ contents: [{ uri: href, text: 'seen' }] }))
  if (era === 'legacy') {
    server.server.setRequestHandler('resources/subscribe', ({ params: { uri } }) => {
      watched.add(uri)
      return {}
    })
    server.server.setRequestHandler('resources/unsubscribe', ({ params: { uri } }) => {
      watched.delete(uri)
      return {}
    })
  }
  return server
}

interface One {
  readonly args: Readonly<Record<string, unknown>>
  readonly call: ServerContext
  readonly watched: ReadonlySet<string>
}

function callOf(server: McpServer, { era, changed, streams }: Parts, { args, call, watched }: One): PeerCall {
  const { mcpReq, http, sessionId } = call
  return {
    arguments: args,
    signal: mcpReq.signal,
    async progress(progress, total) {
      const progressToken = mcpReq._meta?.progressToken
      if (progressToken === undefined) return
      await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total } })
    },
    closeStream: () => http?.closeSSE?.(),
    async cutStream() {
      await streams.cut(sessionId)
      await server.server.sendLoggingMessage({ level: 'info', data: 'said while nobody listened' })
    },
    async touch() {
      if (era === 'modern') changed.resourceUpdated(WATCHED)
      else if (watched.has(WATCHED)) await server.server.sendResourceUpdated({ uri: WATCHED })
    },
    async change() {
      if (era === 'modern') changed.toolsChanged()
      else server.sendToolListChanged()
    },
  }
}

async function surveyOnTheStream({ mcpReq }: ServerContext): Promise<Result> {
  const user = await mcpReq.elicitInput(QUESTIONNAIRE)
  const model = await mcpReq.requestSampling({ messages: MESSAGES, maxTokens: 10 })
  return text(surveyed(user.content, model.content))
}

async function surveyInRounds({ mcpReq }: ServerContext, { states }: Parts): Promise<Result> {
  const user = acceptedContent(mcpReq.inputResponses, 'user')
  const before = mcpReq.requestState<unknown>()
  const model = inputResponse(mcpReq.inputResponses, 'model')
  if (before !== undefined && model.kind === 'sampling') return text(surveyed(before, model.result.content))
  if (user === undefined) return inputRequired({ inputRequests: { user: inputRequired.elicit(QUESTIONNAIRE) } })
  const inputRequests = { model: inputRequired.createMessage({ messages: MESSAGES, maxTokens: 10 }) }
  return inputRequired({ inputRequests, requestState: await states.mint(user) })
}
