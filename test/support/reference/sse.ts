/** A reference server of revision 2024-11-05 on the 1.x SDK: one SSE stream per session, messages by POST beside it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js'
import { legacyServer } from './legacy-server.ts'
import { listen, type Reference, runIfProgram } from './listen.ts'

export function sseReference(port = 0): Promise<Reference> {
  const sessions = new Map<string, SSEServerTransport>()

  async function open(res: ServerResponse): Promise<void> {
    const transport = new SSEServerTransport('/messages', res)
    sessions.set(transport.sessionId, transport)
    res.once('close', () => sessions.delete(transport.sessionId))
    await legacyServer().connect(transport)
  }

  async function listener(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(req.url ?? '/', 'http://reference')
    if (req.method === 'GET' && pathname === '/sse') return open(res)
    const session = sessions.get(searchParams.get('sessionId') ?? '')
    if (req.method === 'POST' && pathname === '/messages' && session !== undefined) {
      return session.handlePostMessage(req, res)
    }
    res.writeHead(404).end()
  }
  const end = async (): Promise<void> => {
    await Promise.all([...sessions.values()].map((transport) => transport.close()))
  }
  return listen({ listener: (req, res) => void listener(req, res), path: '/sse', end }, port)
}

await runIfProgram(import.meta.main, sseReference)
