/** A reference server on the 1.x SDK: sessions, GET streams, progress, sampling, elicitation, resumable streams. */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { MemoryEventStore } from './event-store.ts'
import { serveTools, type ToolSession } from './sdk-tools.ts'

/** One request as the server got it. */
export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<IncomingMessage['headers']>
  /** Whether its response ended, or its connection. */
  closed: boolean
}

export interface SdkServer {
  readonly url: string
  readonly port: number
  /** Every request so far, in order. */
  readonly requests: readonly SeenRequest[]
  /** Open sessions by id. */
  readonly sessions: ReadonlyMap<string, ToolSession>
  /** Ends every session and connection. */
  close(): Promise<void>
}

export interface SdkServerOptions {
  /** `express`: behind the SDK's `createMcpExpressApp`, which on loopback accepts only loopback Host values. */
  readonly app?: 'plain' | 'express'
}

interface Session extends ToolSession {
  readonly transport: StreamableHTTPServerTransport
}

const CAPABILITIES = { tools: { listChanged: true }, logging: {} }
type ExpressApp = (req: IncomingMessage, res: ServerResponse) => void
interface Parsed extends IncomingMessage {
  readonly body?: unknown
}

export async function sdkServer({ app = 'plain' }: SdkServerOptions = {}): Promise<SdkServer> {
  const sessions = new Map<string, Session>()
  const requests: SeenRequest[] = []
  const listener = createServer((req, res) => {
    const seen = { method: req.method ?? '', url: req.url ?? '', headers: req.headers, closed: false }
    requests.push(seen)
    res.once('close', () => {
      seen.closed = true
    })
    if (app === 'express') express(req, res)
    else void serve(sessions, req, res)
  })
  const express = createMcpExpressApp() as unknown as ExpressApp & { all(path: string, run: ExpressApp): void }
  express.all('/mcp', (req, res) => void serve(sessions, req, res))
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    port,
    requests,
    sessions,
    async close() {
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()))
      await Promise.all([...sessions.values()].map(({ server }) => server.close()))
      listener.closeAllConnections()
      await closed
    },
  }
}

async function serve(sessions: Map<string, Session>, req: Parsed, res: ServerResponse): Promise<void> {
  const id = req.headers['mcp-session-id']
  const session = id === undefined ? await create(sessions) : sessions.get(String(id))
  if (session === undefined) {
    res.writeHead(404, { 'content-type': 'application/json' })
    res.end('{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}')
    return
  }
  await session.transport.handleRequest(req, res, req.body)
}

async function create(sessions: Map<string, Session>): Promise<Session> {
  const server = new Server({ name: 'reference', version: '1.0.0' }, { capabilities: CAPABILITIES })
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    eventStore: new MemoryEventStore(),
    retryInterval: 50,
    onsessioninitialized: (id) => void sessions.set(id, session),
    onsessionclosed: (id) => void sessions.delete(id),
  })
  const session: Session = { server, transport, added: [], cancelled: [] }
  serveTools(session)
  // The SDK's own class misses its own interface only under exactOptionalPropertyTypes.
  await server.connect(transport as Transport)
  return session
}
