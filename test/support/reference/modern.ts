/** A reference server of both eras on the 2.x packages: 2026-07-28 without sessions, 2025-11-25 with them, on one path. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  localhostHostValidation,
  localhostOriginValidation,
  type NodeIncomingMessageLike,
  NodeStreamableHTTPServerTransport,
  toNodeHandler,
  toWebRequest,
} from '@modelcontextprotocol/node'
import { createMcpHandler, isLegacyRequest } from '@modelcontextprotocol/server'
import { MemoryEventStore } from '../event-store.ts'
import { listen, type Reference, runIfProgram } from './listen.ts'
import { modernServer } from './modern-server.ts'

export function modernReference(port = 0): Promise<Reference> {
  const sessions = new Map<string, NodeStreamableHTTPServerTransport>()
  const modern = createMcpHandler(({ era }) => modernServer(era, modern.notify), { legacy: 'reject' })
  const serveModern = toNodeHandler(modern)
  const isOurHost = localhostHostValidation()
  const isOurOrigin = localhostOriginValidation()

  async function open(): Promise<NodeStreamableHTTPServerTransport> {
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: new MemoryEventStore(),
      retryInterval: 50,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    })
    await modernServer('legacy', modern.notify).connect(transport)
    return transport
  }

  async function serveLegacy(req: IncomingMessage, res: ServerResponse, body: unknown): Promise<void> {
    const id = req.headers['mcp-session-id']
    const transport = id === undefined ? await open() : sessions.get(String(id))
    if (transport !== undefined) return transport.handleRequest(req, res, body)
    res.writeHead(404, { 'content-type': 'application/json' })
    res.end('{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}')
  }

  async function listener(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (!isOurHost(req, res) || !isOurOrigin(req, res)) return
    // Its type only misses Node's own under exactOptionalPropertyTypes.
    const message = req as NodeIncomingMessageLike
    const request = await toWebRequest(message)
    const isLegacy = await isLegacyRequest(request)
    // The stream of the request is read by now; what it held goes on beside it.
    const body = req.method === 'POST' ? await request.json().catch(() => undefined) : undefined
    return isLegacy ? serveLegacy(req, res, body) : serveModern(message, res, body)
  }

  async function end(): Promise<void> {
    await Promise.all([modern.close(), ...[...sessions.values()].map((transport) => transport.close())])
  }
  return listen({ listener: (req, res) => void listener(req, res), path: '/mcp', end }, port)
}

await runIfProgram(import.meta.main, modernReference)
