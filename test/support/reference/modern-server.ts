/** One server of the 2.x SDK with every fixture, for a session of the older era or for one request of the newer. */
import { randomBytes } from 'node:crypto'
import {
  createRequestStateCodec,
  fromJsonSchema,
  type McpRequestContext,
  McpServer,
  ResourceNotFoundError,
  ResourceTemplate,
  type ServerContext,
  type ServerNotifier,
} from '@modelcontextprotocol/server'
import { PROMPTS, RESOURCES, type Read, read, TEMPLATE } from './content.ts'
import { MODERN_TOOLS, promptThatAsks } from './modern-tools.ts'
import type { ObjectSchema } from './schemas.ts'
import { type Call, TOOLS } from './tools.ts'

const CAPABILITIES = {
  tools: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  prompts: { listChanged: true },
  logging: {},
  completions: {},
}

const states = createRequestStateCodec({ key: randomBytes(32) })

export function modernServer(era: McpRequestContext['era'], changed: ServerNotifier): McpServer {
  const server = new McpServer(
    { name: 'modern-reference', version: '1.0.0' },
    { capabilities: CAPABILITIES, requestState: { verify: states.verify } },
  )
  serveTools(server, changed)
  serveResources(server)
  servePrompts(server)
  const { server: wire } = server
  wire.setRequestHandler('completion/complete', ({ params: { argument } }) => ({
    completion: { values: [`${argument.value}-completed`], total: 1, hasMore: false },
  }))
  if (era === 'legacy') {
    wire.setRequestHandler('resources/subscribe', () => ({}))
    wire.setRequestHandler('resources/unsubscribe', () => ({}))
  }
  return server
}

function serveTools(server: McpServer, changed: ServerNotifier): void {
  for (const [name, { description, inputSchema, run }] of Object.entries(TOOLS)) {
    server.registerTool(name, { description, inputSchema: schema(inputSchema) }, async (args, call) => ({
      content: await run(callOf(args, call)),
    }))
  }
  for (const [name, { description, inputSchema, run }] of Object.entries(MODERN_TOOLS)) {
    server.registerTool(name, { description, inputSchema: schema(inputSchema) }, (args, call) =>
      run({ arguments: args, call, changed, states }),
    )
  }
}

const schema = (json: ObjectSchema) => fromJsonSchema<Record<string, unknown>>(json)

function callOf(args: Readonly<Record<string, unknown>>, { mcpReq, http }: ServerContext): Call {
  return {
    arguments: args,
    log: (said) => mcpReq.log('info', said),
    async progress(progress, total) {
      const progressToken = mcpReq._meta?.progressToken
      if (progressToken === undefined) return
      await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total } })
    },
    async sample(prompt) {
      const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: prompt } }]
      const { content } = await mcpReq.requestSampling({ messages, maxTokens: 100 })
      const [first] = [content].flat()
      return first?.type === 'text' ? first.text : String(first?.type)
    },
    elicit: (message, requestedSchema) => mcpReq.elicitInput({ message, requestedSchema }),
    closeStream: () => http?.closeSSE?.(),
  }
}

function serveResources(server: McpServer): void {
  for (const { uri, name, description, mimeType } of RESOURCES) {
    server.registerResource(name, uri, { description, mimeType }, () => contents(uri))
  }
  const { uriTemplate, name, ...metadata } = TEMPLATE
  const template = new ResourceTemplate(uriTemplate, { list: undefined })
  server.registerResource(name, template, metadata, ({ href }) => contents(href))
}

function contents(uri: string): { contents: (Read & { text: string })[] } {
  const found = read(uri)
  if (found === undefined) throw new ResourceNotFoundError(uri)
  return { contents: [found as Read & { text: string }] }
}

function servePrompts(server: McpServer): void {
  for (const { name, description, takes, messages } of PROMPTS) {
    const properties = Object.fromEntries(takes.map((taken) => [taken, { type: 'string' }]))
    const argsSchema = fromJsonSchema<Record<string, string>>({ type: 'object', properties, required: [...takes] })
    const get = (args: Record<string, string>) => ({
      messages: messages(args).map((content) => ({ role: 'user' as const, content })),
    })
    if (takes.length > 0) server.registerPrompt(name, { description, argsSchema }, get)
    else server.registerPrompt(name, { description }, () => get({}))
  }
  server.registerPrompt('test_input_required_result_prompt', { description: 'Asks for its context' }, promptThatAsks)
}
