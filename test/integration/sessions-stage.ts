/** What the tests of sessions share: a session without a stream, a server that can be killed, and a path that can be cut. */
import { type ChildProcess, spawn } from 'node:child_process'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { TestGateway } from '../support/gateway.ts'

const SERVER = fileURLToPath(new URL('../support/reference/legacy.ts', import.meta.url))

export interface ServerProcess {
  readonly url: string
  readonly port: number
  /** Resolves when the process is gone. */
  kill(): Promise<void>
}

/** A real SDK server in a process of its own. */
export async function serverProcess(port = 0): Promise<ServerProcess> {
  const child: ChildProcess = spawn(process.execPath, [SERVER, '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const printed = new Promise<string>((resolve) => child.stdout?.once('data', (line: Buffer) => resolve(String(line))))
  const line = await Promise.race([printed, exited])
  if (line === undefined) throw new Error('the server did not start')
  const { url } = JSON.parse(line) as { url: string }
  return {
    url,
    port: Number(new URL(url).port),
    kill: () => {
      child.kill('SIGKILL')
      return exited
    },
  }
}

export const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

export const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'quiet', version: '1' } },
})

/** Begins a session that has no stream, and gives its id. */
export async function quietSession(url: string): Promise<string> {
  const response = await fetch(url, { method: 'POST', headers: HEADERS, body: INITIALIZE })
  await response.text()
  const id = response.headers.get('mcp-session-id')
  if (id === null) throw new Error(`no session: ${response.status}`)
  return id
}

/** Status of a ping in a session. */
export async function ping(url: string, session: string): Promise<number> {
  const body = '{"jsonrpc":"2.0","id":2,"method":"ping"}'
  const response = await fetch(url, { method: 'POST', headers: { ...HEADERS, 'mcp-session-id': session }, body })
  await response.text()
  return response.status
}

export const active = (g: TestGateway, upstream = 'upstream'): Promise<number> =>
  g.metric('mcp_sessions_active', { upstream })

/** Sessions that this ended. */
export const ended = (g: TestGateway, by: string, upstream = 'upstream'): Promise<number> =>
  g.metric('mcp_server_session_duration_seconds_count', { upstream, ended_by: by })

export const dead = (g: TestGateway, reason: string): Promise<number> =>
  g.metric('mcp_session_dead_detected_total', { upstream: 'upstream', reason })

export interface Path {
  readonly port: number
  /** Resets every connection; new ones pass. */
  cut(): void
  close(): Promise<void>
}

/** Passes connections to a port of this machine. */
export async function pathTo(port: number): Promise<Path> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.pipe(other)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    close: () => {
      cut()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
