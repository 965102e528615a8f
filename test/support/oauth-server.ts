/** An MCP server on the 1.x SDK that asks for OAuth, and is its own authorization server, on the SDK's own routers. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DemoInMemoryAuthProvider } from '@modelcontextprotocol/sdk/examples/server/demoInMemoryOAuthProvider.js'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import { mcpAuthRouter } from '@modelcontextprotocol/sdk/server/auth/router.js'
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'

export interface OAuthServerOptions {
  /** The origin under which it believes to be reached, in everything that it says of itself. */
  readonly origin: string
  /** Servers of 2025-03-26 have none as a protected resource. */
  readonly metadata?: 'both' | 'authorization-server'
  /** The resource that a token must have been issued for; any unless told. */
  readonly audience?: string
}

export interface OAuthServer {
  readonly origin: string
  /** Method and path of every request so far. */
  readonly requests: readonly string[]
  /** Until then it answers nothing but 503: others have to know its port first. */
  serve(options: OAuthServerOptions): void
  close(): Promise<void>
}

type Step = (req: IncomingMessage & { readonly body?: unknown }, res: ServerResponse, next: () => void) => void
type ExpressApp = RequestListener & {
  set(name: string, value: unknown): void
  use(path: string | Step, step?: Step): void
  all(path: string, ...steps: Step[]): void
}

export async function oauthServer(): Promise<OAuthServer> {
  const requests: string[] = []
  let app: RequestListener = (_req, res) => res.writeHead(503).end()
  const listener = createServer((req, res) => {
    requests.push(`${req.method} ${req.url?.replace(/\?.*/, '')}`)
    app(req, res)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    requests,
    serve: (options) => {
      app = appOf(options)
    },
    async close() {
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()))
      listener.closeAllConnections()
      await closed
    },
  }
}

function appOf({ origin, metadata = 'both', audience }: OAuthServerOptions): ExpressApp {
  const app = createMcpExpressApp() as unknown as ExpressApp
  // Its rate limits count by address, and complain of X-Forwarded-For that nobody is trusted to send.
  app.set('trust proxy', 'loopback')
  const provider = new DemoInMemoryAuthProvider()
  const resource = new URL('/mcp', origin)
  const absent: Step = (_req, res) => res.writeHead(404).end()
  if (metadata !== 'both') app.use('/.well-known/oauth-protected-resource', absent)
  app.use(mcpAuthRouter({ provider, issuerUrl: new URL(origin), resourceServerUrl: resource }) as unknown as Step)
  const bearer = requireBearerAuth({
    verifier: provider,
    ...(metadata === 'both' && {
      resourceMetadataUrl: new URL('/.well-known/oauth-protected-resource/mcp', origin).href,
    }),
    ...(audience !== undefined && { expectedResource: new URL(audience) }),
  }) as unknown as Step
  app.all('/mcp', bearer, (req, res) => void serve(req, res))
  return app
}

/** Without sessions, so that nothing has to be kept. */
async function serve(req: IncomingMessage & { readonly body?: unknown }, res: ServerResponse): Promise<void> {
  const server = new Server({ name: 'guarded', version: '1' }, { capabilities: { tools: {} } })
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: [{ name: 'whoami', inputSchema: { type: 'object' } }],
  }))
  server.setRequestHandler(CallToolRequestSchema, () => ({ content: [{ type: 'text', text: 'somebody' }] }))
  const transport = new StreamableHTTPServerTransport()
  res.once('close', () => void server.close())
  // The SDK's own class misses its own interface only under exactOptionalPropertyTypes.
  await server.connect(transport as Transport)
  await transport.handleRequest(req, res, req.body)
}
