/** Serves one POST to `/mcp`: revisions up to 2025-11-25 by the SDK, without sessions, 2026-07-28 by hand. */
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import {
  CallToolRequestSchema,
  type CallToolResult,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  type ListToolsResult,
  McpError,
  ReadResourceRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'
import type { RequestHeaders } from '../../mcp/mcp-headers.ts'
import type { Caller } from '../route.ts'
import { Answers, CAPABILITIES, INSTRUCTIONS, RpcFault } from './answers.ts'
import { answerModern, isModern } from './modern.ts'
import type { Sources } from './sources.ts'

export interface McpRequest {
  readonly headers: RequestHeaders
  /** Parsed. */
  readonly body: unknown
  readonly caller: Caller
}

export interface Answer {
  readonly status: number
  /** JSON; empty where there is none. */
  readonly body: string
}

/** Elicitation needs one, and nothing here elicits: the SDK's own would compile a schema library for each request. */
const NO_VALIDATOR = {
  getValidator: () => () => ({ valid: false as const, data: undefined, errorMessage: 'not supported' }),
}

export class McpEndpoint {
  readonly #answers: Answers
  readonly #version: string

  constructor(sources: Sources) {
    this.#answers = new Answers(sources)
    this.#version = sources.version
  }

  answer(request: McpRequest): Promise<Answer> {
    const by = isModern(request) ? answerModern : answerBySdk
    return by(request, this.#answers, this.#version)
  }
}

async function answerBySdk(request: McpRequest, answers: Answers, version: string): Promise<Answer> {
  const server = serverFor(answers, request.caller, version)
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
  // The SDK's own class misses its own interface only under exactOptionalPropertyTypes.
  await server.connect(transport as Transport)
  try {
    const headers = new Headers()
    for (const name of ['accept', 'content-type', 'mcp-protocol-version']) {
      const value = request.headers[name]
      if (typeof value === 'string') headers.set(name, value)
    }
    const message = new Request('http://localhost/mcp', { method: 'POST', headers })
    const response = await transport.handleRequest(message, { parsedBody: withoutCancellations(request.body) })
    return { status: response.status, body: await response.text() }
  } finally {
    await server.close()
  }
}

/**
 * The SDK gives no answer to a request that was cancelled, and waits for all answers to a batch. Nothing but what came
 * with it can be meant: each request has a server of its own.
 */
function withoutCancellations(body: unknown): unknown {
  if (!Array.isArray(body)) return body
  return body.filter((message) => (message as { method?: unknown } | null)?.method !== 'notifications/cancelled')
}

function serverFor(answers: Answers, caller: Caller, version: string): Server {
  const server = new Server(
    { name: 'sidelight', version },
    { capabilities: CAPABILITIES, instructions: INSTRUCTIONS, jsonSchemaValidator: NO_VALIDATOR },
  )
  server.setRequestHandler(ListToolsRequestSchema, () => answers.listTools() as unknown as ListToolsResult)
  server.setRequestHandler(CallToolRequestSchema, ({ params }) =>
    told(() => answers.callTool(params, caller) as Promise<CallToolResult>),
  )
  server.setRequestHandler(ListResourcesRequestSchema, () => answers.listResources())
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({ resourceTemplates: [] }))
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => told(() => answers.readResource(params)))
  return server
}

/** As the SDK tells errors. */
async function told<T>(make: () => T | Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (error) {
    if (error instanceof RpcFault) throw new McpError(error.code, error.message, error.data)
    throw error
  }
}
