/** An MCP server that does whatever a call asks it to: hangs, breaks off, forgets its sessions, and so on. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FlakyServer {
  readonly url: string
  close(): Promise<void>
}

interface Message {
  readonly id?: number
  readonly method: string
  readonly params?: { readonly name?: string }
}

type Result = (res: ServerResponse, id: number | undefined) => void

const JSON_TYPE = { 'content-type': 'application/json' }
const SESSION = 'mcp-session-id'

const message = (id: number | undefined, rest: object): string => JSON.stringify({ jsonrpc: '2.0', id, ...rest })
const text = (value: string, more: object = {}): object => ({
  result: { content: [{ type: 'text', text: value }], ...more },
})
const answer =
  (rest: object, status = 200): Result =>
  (res, id) =>
    void res.writeHead(status, JSON_TYPE).end(message(id, rest))

const TOOLS: Readonly<Record<string, Result>> = {
  echo: answer(text('heard')),
  large: answer(text('x'.repeat(100_000))),
  fails: answer(text('failed', { isError: true })),
  error: answer({ error: { code: -32603, message: 'failed' } }),
  slow: (res, id) => void setTimeout(() => answer(text('late'))(res, id), 150),
  hangs: () => {},
  breaks: (res) => void res.writeHead(200, JSON_TYPE).write('{', () => res.socket?.resetAndDestroy()),
  down: (res) => void res.writeHead(503, { 'content-type': 'text/plain' }).end('down'),
  odd: (res) => void res.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'x-odd' }).end('odd'),
  streams: (res, id) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write(': still here\n\n')
    res.end(`data: ${message(id, text('streamed'))}\n\n`)
  },
  forgotten: answer({ error: { code: -32001, message: 'Session not found' } }, 404),
}

export async function flakyServer(): Promise<FlakyServer> {
  let count = 0
  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    let body = ''
    for await (const piece of req.setEncoding('utf8')) body += piece
    if (req.method !== 'POST') return void res.writeHead(405).end()
    const { id, method, params } = JSON.parse(body) as Message
    count++
    const run = method === 'tools/call' ? TOOLS[params?.name ?? ''] : undefined
    if (run !== undefined) return run(res, id)
    if (method === 'initialize') {
      res.setHeader(SESSION, `session-${count}`)
      const serverInfo = { name: 'flaky', version: '1' }
      return answer({ result: { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo } })(res, id)
    }
    if (method === 'tools/list') {
      const tool = (name: string) => ({ name, description: `version ${count}`, inputSchema: { type: 'object' } })
      return answer({ result: { tools: Object.keys(TOOLS).map(tool) } })(res, id)
    }
    if (id === undefined) return void res.writeHead(202).end()
    answer({ error: { code: -32601, message: 'Method not found' } })(res, id)
  }
  const server = createServer((req, res) => void serve(req, res).catch(() => res.destroy()))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
