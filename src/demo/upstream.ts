/** The built-in demo upstream: a small MCP server on loopback, so that a first look needs nothing else. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type SessionLimits, Sessions } from './sessions.ts'

export interface DemoUpstream {
  readonly url: string
  /** Ends all sessions and connections; nothing keeps the process alive afterwards. */
  close(): Promise<void>
}

export interface DemoSettings extends SessionLimits {
  /** How often idle sessions are looked for. */
  readonly sweepMs: number
}

const PATH = '/mcp'
const DEFAULTS: DemoSettings = {
  maxSessions: 1000,
  idleMs: 30 * 60_000,
  sweepMs: 60_000,
  now: () => performance.now(),
}

export async function startDemoUpstream(settings: Partial<DemoSettings> = {}): Promise<DemoUpstream> {
  const limits = { ...DEFAULTS, ...settings }
  const sessions = new Sessions(limits)
  const listener = createServer((req, res) => {
    serve(sessions, req, res).catch(() => {
      if (res.headersSent) res.destroy()
      else answer(res, 500, -32603, 'Internal error')
    })
  })
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject)
    listener.listen(0, '127.0.0.1', resolve)
  })
  const sweep = setInterval(() => void sessions.endIdle(), limits.sweepMs).unref()
  const { port } = listener.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}${PATH}`,
    async close() {
      clearInterval(sweep)
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()))
      await sessions.endAll()
      listener.closeAllConnections()
      await closed
    },
  }
}

async function serve(sessions: Sessions, req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (pathOf(req) !== PATH) return answer(res, 404, -32600, 'Not found')
  const id = req.headers['mcp-session-id']
  if (id === undefined) return sessions.serve(await sessions.create(), req, res)
  const session = sessions.find(String(id))
  if (session === undefined) return answer(res, 404, -32001, 'Session not found')
  return sessions.serve(session, req, res)
}

function pathOf(req: IncomingMessage): string {
  return (req.url ?? '').split('?', 1)[0] as string
}

function answer(res: ServerResponse, status: number, code: number, message: string): void {
  const body = JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null })
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body)
}
