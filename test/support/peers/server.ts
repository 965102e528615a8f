/** What both SDKs' peer servers share: a port, the GET streams that a tool may break, and what was cancelled. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Cancelled } from './tools.ts'

export interface PeerServer {
  readonly url: string
  readonly cancelled: Cancelled
  /** Ends every session and connection. */
  close(): Promise<void>
}

/** The GET stream of each session, without those that only resume a call. */
export class GetStreams {
  readonly #open = new Map<string, ServerResponse>()

  note({ method, headers }: IncomingMessage, res: ServerResponse): void {
    if (method !== 'GET' || headers['last-event-id'] !== undefined) return
    const session = String(headers['mcp-session-id'])
    // A client may ask for a second one, which is refused.
    if (this.#open.get(session)?.closed !== false) this.#open.set(session, res)
  }

  /** Breaks it off, without an end. */
  async cut(session: string | undefined): Promise<void> {
    const stream = this.#open.get(session ?? '')
    // Without it the test would show nothing.
    if (stream === undefined || stream.closed) throw new Error('no GET stream to cut')
    const closed = once(stream, 'close')
    stream.socket?.resetAndDestroy()
    await closed
  }
}

type Serve = (req: IncomingMessage, res: ServerResponse) => Promise<void>

export async function listen(
  serve: Serve,
  { port = 0, cancelled, end }: { port?: number | undefined; cancelled: Cancelled; end(): Promise<void> },
): Promise<PeerServer> {
  const server = createServer((req, res) => void serve(req, res))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    cancelled,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await end()
      server.closeAllConnections()
      await closed
    },
  }
}

export function sessionGone(res: ServerResponse): void {
  res.writeHead(404, { 'content-type': 'application/json' })
  res.end('{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}')
}
