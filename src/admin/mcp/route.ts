/** `/mcp` of the admin listener: the gateway itself as an MCP server. The SDK is loaded with the first request. */
import type { AdminRoute } from '../route.ts'
import type { McpEndpoint } from './endpoint.ts'
import type { Sources } from './sources.ts'

/** What is no JSON cannot be read (400), and what the gateway fails at is its own fault. */
const CODES: Readonly<Record<number, number>> = { 400: -32700, 500: -32603 }

export function mcpRoutes(sources: Sources): AdminRoute[] {
  let endpoint: Promise<McpEndpoint> | undefined
  return [
    {
      method: 'POST',
      path: '/mcp',
      right: 'read',
      summary:
        'this gateway as an MCP server (Streamable HTTP): health, errors, slow calls, sessions and metrics as tools',
      serve: async (request, reply, caller) => {
        endpoint ??= import('./endpoint.ts').then((module) => new module.McpEndpoint(sources))
        const { headers, body } = request
        const answer = await (await endpoint).answer({ headers, body, caller })
        if (answer.body === '') return reply.code(answer.status).send()
        return reply.code(answer.status).type('application/json').send(answer.body)
      },
      faultBody: (status, message) => ({ jsonrpc: '2.0', id: null, error: { code: CODES[status] ?? -32600, message } }),
    },
  ]
}
