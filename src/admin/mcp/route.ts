/** `/mcp` of the admin listener: the gateway itself as an MCP server. The SDK is loaded with the first request. */
import type { AdminRoute } from '../route.ts'
import type { McpEndpoint } from './endpoint.ts'
import type { Sources } from './sources.ts'

export function mcpRoutes(sources: Sources): AdminRoute[] {
  let endpoint: Promise<McpEndpoint> | undefined
  return [
    {
      method: 'POST',
      path: '/mcp',
      right: 'read',
      summary:
        'this gateway as an MCP server (Streamable HTTP): health, errors, slow calls, sessions and metrics as tools',
      serve: async (request, reply, rights) => {
        endpoint ??= import('./endpoint.ts').then((module) => new module.McpEndpoint(sources))
        const { headers, body } = request
        const answer = await (await endpoint).answer({ headers, body, rights })
        if (answer.body === '') return reply.code(answer.status).send()
        return reply.code(answer.status).type('application/json').send(answer.body)
      },
    },
  ]
}
