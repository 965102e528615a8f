/** A reference server of revision 2025-11-25 on the 1.x SDK: sessions, resumable streams, every fixture of the suites. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { MemoryEventStore } from '../event-store.ts'
import { legacyServer } from './legacy-server.ts'
import { listen, type Reference, runIfProgram } from './listen.ts'

type ExpressApp = RequestListener & {
  all(path: string, run: (req: IncomingMessage & { readonly body?: unknown }, res: ServerResponse) => void): void
}

export function legacyReference(port = 0): Promise<Reference> {
  const sessions = new Map<string, StreamableHTTPServerTransport>()

  async function open(): Promise<StreamableHTTPServerTransport> {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: new MemoryEventStore(),
      retryInterval: 50,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    })
    // The SDK's own class misses its own interface only under exactOptionalPropertyTypes.
    await legacyServer().connect(transport as Transport)
    return transport
  }

  // Its default refuses every Host but those of this machine.
  const app = createMcpExpressApp() as unknown as ExpressApp
  app.all('/mcp', async (req, res) => {
    const id = req.headers['mcp-session-id']
    const transport = id === undefined ? await open() : sessions.get(String(id))
    if (transport !== undefined) return transport.handleRequest(req, res, req.body)
    res.writeHead(404, { 'content-type': 'application/json' })
    res.end('{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}')
  })
  const end = async (): Promise<void> => {
    await Promise.all([...sessions.values()].map((transport) => transport.close()))
  }
  return listen({ listener: app, path: '/mcp', end }, port)
}

await runIfProgram(import.meta.main, legacyReference)
