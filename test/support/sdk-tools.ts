/** The tools of the SDK reference server: one for each thing that MCP lets a server do while a call is open. */
import type { Server } from '@modelcontextprotocol/sdk/server/index.js'
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import {
  CallToolRequestSchema,
  type CallToolResult,
  CreateMessageResultSchema,
  ElicitResultSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
  type ServerNotification,
  type ServerRequest,
} from '@modelcontextprotocol/sdk/types.js'

type Call = RequestHandlerExtra<ServerRequest, ServerNotification>
type Arguments = Readonly<Record<string, unknown>>

/** What a session does outside the tools. */
export interface ToolSession {
  readonly server: Server
  /** Names of tools that were added later; each answers its own name. */
  readonly added: string[]
  /** Names of calls that their client cancelled. */
  readonly cancelled: string[]
}

const text = (value: string): CallToolResult => ({ content: [{ type: 'text', text: value }] })

type Tool = (args: Arguments, call: Call, session: ToolSession) => Promise<CallToolResult>

const TOOLS: Readonly<Record<string, Tool>> = {
  echo: async ({ message }) => text(String(message)),
  tool_error: async () => ({ ...text('failed on purpose'), isError: true }),
  jsonrpc_error: async () => {
    throw new McpError(ErrorCode.InvalidParams, 'failed on purpose', { because: 'asked' })
  },
  async count({ to }, call) {
    const progressToken = call._meta?.progressToken
    for (let progress = 1; progress <= Number(to); progress++) {
      await pause(10)
      if (progressToken === undefined) continue
      const params = { progressToken, progress, total: Number(to), message: `${progress} of ${to}` }
      await call.sendNotification({ method: 'notifications/progress', params })
    }
    return text(`counted to ${to}`)
  },
  async until_cancelled(_args, call, session) {
    await new Promise<void>((resolve) => call.signal.addEventListener('abort', () => resolve(), { once: true }))
    session.cancelled.push('until_cancelled')
    return text('never delivered')
  },
  async ask_model({ prompt }, call) {
    const content = { type: 'text', text: String(prompt) } as const
    const params = { messages: [{ role: 'user', content } as const], maxTokens: 10 }
    const answer = await call.sendRequest({ method: 'sampling/createMessage', params }, CreateMessageResultSchema)
    return text(JSON.stringify(answer))
  },
  async ask_user({ question }, call) {
    const requestedSchema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } as const
    const params = { message: String(question), requestedSchema: { ...requestedSchema, required: ['name'] } }
    const answer = await call.sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema)
    return text(JSON.stringify(answer))
  },
  /** Closes its own stream before it has answered: the client has to come back with Last-Event-ID. */
  async polled(_args, call) {
    call.closeSSEStream?.()
    await pause(30)
    return text('resumed')
  },
  async add_tool({ name }, _call, session) {
    session.added.push(String(name))
    // Belongs to no call, so it goes over the session's GET stream.
    await session.server.sendToolListChanged()
    return text(`added ${name}`)
  },
}

export function serveTools(session: ToolSession): void {
  const { server, added } = session
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: [...Object.keys(TOOLS), ...added].map((name) => ({ name, inputSchema: { type: 'object' } })),
  }))
  server.setRequestHandler(CallToolRequestSchema, async ({ params: { name, arguments: args = {} } }, call) => {
    if (added.includes(name)) return text(name)
    const tool = TOOLS[name]
    if (tool === undefined) throw new McpError(ErrorCode.InvalidParams, `no tool ${name}`)
    return tool(args, call, session)
  })
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
