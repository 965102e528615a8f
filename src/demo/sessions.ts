/** The demo upstream's sessions: opened by initialize, bounded in number, ended by DELETE, by idleness or by close. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { serveTools } from './tools.ts'

export interface SessionLimits {
  /** At most this many sessions; the one idle for longest makes room for a new one. */
  readonly maxSessions: number
  /** A session without an open exchange for this long is ended. */
  readonly idleMs: number
  /** Milliseconds on any steady clock. */
  now(): number
}

interface Session {
  readonly mcp: McpServer
  readonly transport: StreamableHTTPServerTransport
  openExchanges: number
  lastSeen: number
}

export class Sessions {
  readonly #limits: SessionLimits
  readonly #byId = new Map<string, Session>()

  constructor(limits: SessionLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#byId.size
  }

  find(id: string): Session | undefined {
    return this.#byId.get(id)
  }

  /** Serves one exchange of a session; a session that is new and does not get initialized by it is dropped. */
  async serve(session: Session, req: IncomingMessage, res: ServerResponse): Promise<void> {
    session.openExchanges++
    session.lastSeen = this.#limits.now()
    res.once('close', () => {
      session.openExchanges--
      session.lastSeen = this.#limits.now()
    })
    await session.transport.handleRequest(req, res)
    if (session.transport.sessionId === undefined) await session.mcp.close()
  }

  /** A session that is not counted or found until an initialize request gives it its id. */
  async create(): Promise<Session> {
    const mcp = new McpServer({ name: 'sidelight-demo', version: '1.0.0' })
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => this.#add(id, session),
    })
    const session: Session = { mcp, transport, openExchanges: 0, lastSeen: this.#limits.now() }
    mcp.server.onclose = () => {
      if (transport.sessionId !== undefined) this.#byId.delete(transport.sessionId)
    }
    serveTools(mcp, (id) => transport.closeSSEStream(id))
    // The SDK's own class misses its own interface only under exactOptionalPropertyTypes.
    await mcp.connect(transport as Transport)
    return session
  }

  async endIdle(): Promise<void> {
    const limit = this.#limits.now() - this.#limits.idleMs
    const idle = [...this.#byId.values()].filter((s) => s.openExchanges === 0 && s.lastSeen <= limit)
    await Promise.all(idle.map((s) => s.mcp.close()))
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#byId.values()].map((s) => s.mcp.close()))
  }

  async #add(id: string, session: Session): Promise<void> {
    this.#byId.set(id, session)
    if (this.#byId.size > this.#limits.maxSessions) await this.#leastRecent(session)?.mcp.close()
  }

  #leastRecent(except: Session): Session | undefined {
    let found: Session | undefined
    for (const session of this.#byId.values()) {
      if (session === except) continue
      if (found === undefined || idleFirst(session, found) < 0) found = session
    }
    return found
  }
}

function idleFirst(a: Session, b: Session): number {
  return Number(a.openExchanges > 0) - Number(b.openExchanges > 0) || a.lastSeen - b.lastSeen
}
