/** One session's server of the 1.x SDK with every fixture; the transport is the caller's. */
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  CreateMessageResultSchema,
  ElicitResultSchema,
  ErrorCode,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  type ServerNotification,
  type ServerRequest,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { PROMPTS, RESOURCES, read, TEMPLATE, text } from './content.ts'
import { type Call, TOOLS } from './tools.ts'

const CAPABILITIES = {
  tools: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  prompts: { listChanged: true },
  logging: {},
  completions: {},
}

export function legacyServer(): Server {
  const server = new Server({ name: 'legacy-reference', version: '1.0.0' }, { capabilities: CAPABILITIES })
  serveTools(server)
  serveResources(server)
  servePrompts(server)
  return server
}

function serveTools(server: Server): void {
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: Object.entries(TOOLS).map(([name, { description, inputSchema }]) => ({ name, description, inputSchema })),
  }))
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const tool = TOOLS[params.name]
    if (tool === undefined) throw new McpError(ErrorCode.InvalidParams, `no tool ${params.name}`)
    try {
      return { content: await tool.run(callOf(params.arguments ?? {}, extra)) }
    } catch (error) {
      return { content: [text(String(error))], isError: true }
    }
  })
}

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>

function callOf(args: Readonly<Record<string, unknown>>, extra: Extra): Call {
  return {
    arguments: args,
    log: (data) => extra.sendNotification({ method: 'notifications/message', params: { level: 'info', data } }),
    async progress(progress, total) {
      const progressToken = extra._meta?.progressToken
      if (progressToken === undefined) return
      await extra.sendNotification({ method: 'notifications/progress', params: { progressToken, progress, total } })
    },
    async sample(prompt) {
      const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: prompt } }]
      const request = { method: 'sampling/createMessage' as const, params: { messages, maxTokens: 100 } }
      const { content } = await extra.sendRequest(request, CreateMessageResultSchema)
      return content.type === 'text' ? content.text : content.type
    },
    elicit: (message, requestedSchema) =>
      extra.sendRequest({ method: 'elicitation/create', params: { message, requestedSchema } }, ElicitResultSchema),
    closeStream: () => extra.closeSSEStream?.(),
  }
}

function serveResources(server: Server): void {
  server.setRequestHandler(ListResourcesRequestSchema, () => ({
    resources: RESOURCES.map(({ body: _, ...resource }) => resource),
  }))
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({ resourceTemplates: [TEMPLATE] }))
  server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }) => {
    const found = read(uri)
    if (found === undefined) throw new McpError(ErrorCode.InvalidParams, 'Resource not found', { uri })
    return { contents: [found as { uri: string; text: string }] }
  })
  server.setRequestHandler(SubscribeRequestSchema, () => ({}))
  server.setRequestHandler(UnsubscribeRequestSchema, () => ({}))
}

function servePrompts(server: Server): void {
  server.setRequestHandler(ListPromptsRequestSchema, () => ({
    prompts: PROMPTS.map(({ name, description, takes }) => ({
      name,
      description,
      arguments: takes.map((taken) => ({ name: taken, required: true })),
    })),
  }))
  server.setRequestHandler(GetPromptRequestSchema, ({ params: { name, arguments: args = {} } }) => {
    const prompt = PROMPTS.find((one) => one.name === name)
    if (prompt === undefined) throw new McpError(ErrorCode.InvalidParams, `no prompt ${name}`)
    return { messages: prompt.messages(args).map((content) => ({ role: 'user' as const, content })) }
  })
  server.setRequestHandler(CompleteRequestSchema, ({ params: { argument } }) => ({
    completion: { values: [`${argument.value}-completed`], total: 1, hasMore: false },
  }))
}
