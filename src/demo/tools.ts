/** The demo upstream's tools: one that answers, one that fails in a chosen way, one that takes its time. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import type {
  CallToolResult,
  RequestId,
  ServerNotification,
  ServerRequest,
  Tool,
} from '@modelcontextprotocol/sdk/types.js'
import { CallToolRequestSchema, ErrorCode, ListToolsRequestSchema, McpError } from '@modelcontextprotocol/sdk/types.js'

type Arguments = Readonly<Record<string, unknown>>
type Call = RequestHandlerExtra<ServerRequest, ServerNotification>

interface DemoTool {
  readonly definition: Tool
  run(args: Arguments, call: Call): CallToolResult | Promise<CallToolResult>
}

export const MAX_SLOW_MS = 60_000
const MIN_PROGRESS_INTERVAL_MS = 50

const text = (value: string): CallToolResult => ({ content: [{ type: 'text', text: value }] })
const failure = (value: string): CallToolResult => ({ ...text(value), isError: true })

const echo: DemoTool = {
  definition: {
    name: 'echo',
    description: 'Answers with the message it was given',
    inputSchema: { type: 'object', properties: { message: { type: 'string' } }, required: ['message'] },
    annotations: { readOnlyHint: true },
  },
  run: ({ message }) => (typeof message === 'string' ? text(message) : failure('message must be a string')),
}

const errorTest: DemoTool = {
  definition: {
    name: 'error_test',
    description: 'Fails on purpose: as the result of a tool, or as a JSON-RPC error',
    inputSchema: {
      type: 'object',
      properties: { kind: { type: 'string', enum: ['tool_error', 'jsonrpc_error'], default: 'tool_error' } },
    },
    annotations: { readOnlyHint: true },
  },
  run: ({ kind = 'tool_error' }) => {
    if (kind === 'jsonrpc_error') throw new McpError(ErrorCode.InternalError, 'failed on purpose')
    return failure(kind === 'tool_error' ? 'failed on purpose' : 'kind must be tool_error or jsonrpc_error')
  },
}

const slow: DemoTool = {
  definition: {
    name: 'slow',
    description: 'Answers after the given time and reports progress on the way',
    inputSchema: {
      type: 'object',
      properties: { milliseconds: { type: 'integer', minimum: 0, maximum: MAX_SLOW_MS } },
      required: ['milliseconds'],
    },
    annotations: { readOnlyHint: true },
  },
  run: async ({ milliseconds }, call) => {
    if (!isDuration(milliseconds)) return failure(`milliseconds must be a whole number from 0 to ${MAX_SLOW_MS}`)
    const step = Math.max(MIN_PROGRESS_INTERVAL_MS, milliseconds / 10)
    for (let elapsed = 0; elapsed < milliseconds; ) {
      const wait = Math.min(step, milliseconds - elapsed)
      await sleep(wait, undefined, { signal: call.signal })
      elapsed += wait
      await reportProgress(call, elapsed, milliseconds)
    }
    return text(`waited ${milliseconds} ms`)
  },
}

function isDuration(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_SLOW_MS
}

async function reportProgress(call: Call, progress: number, total: number): Promise<void> {
  const progressToken = call._meta?.progressToken
  if (progressToken === undefined) return
  await call.sendNotification({ method: 'notifications/progress', params: { progressToken, progress, total } })
}

const tools = new Map([echo, errorTest, slow].map((tool) => [tool.definition.name, tool]))

/**
 * Registers the tools below McpServer's own registry, which would turn every thrown error into a tool error
 * and needs a schema library that is not a dependency of ours.
 */
export function serveTools(mcp: McpServer, endStream: (id: RequestId) => void): void {
  mcp.server.registerCapabilities({ tools: {} })
  mcp.server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: [...tools.values()].map((tool) => tool.definition),
  }))
  mcp.server.setRequestHandler(CallToolRequestSchema, async ({ params }, call) => {
    const tool = tools.get(params.name)
    if (tool === undefined) throw new McpError(ErrorCode.InvalidParams, `Unknown tool: ${params.name}`)
    // The SDK answers nothing to a cancelled call and leaves its stream open for good.
    call.signal.addEventListener('abort', () => endStream(call.requestId), { once: true })
    return tool.run(params.arguments ?? {}, call)
  })
}
