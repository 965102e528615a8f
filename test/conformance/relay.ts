/** A TCP port in place of one that is known only later, so that one gateway can serve one upstream after another. */
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export interface Relay {
  readonly port: number
  /** Connections since it was aimed. */
  readonly connections: number
  /** Every connection from now on goes to this port of this machine. */
  aim(port: number): void
  /** Cuts every connection, and is as it was before it was aimed. */
  rest(): Promise<void>
  close(): Promise<void>
}

export async function relay(): Promise<Relay> {
  // Meanwhile a gateway's probe gets an answer that means life, so that it does not come again soon and is in no suite's way.
  const resting = createHttpServer((_req, res) => res.writeHead(401).end())
  const restingPort = await listening(resting)
  const sockets = new Set<Socket>()
  let target = restingPort
  let connections = 0
  const server = createServer((downstream) => {
    connections++
    const upstream = connect(target, '127.0.0.1')
    for (const [socket, other] of [
      [downstream, upstream],
      [upstream, downstream],
    ] as const) {
      sockets.add(socket)
      socket.setNoDelay(true).pipe(other)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  const port = await listening(server)
  return {
    port,
    get connections() {
      return connections
    },
    aim(to) {
      target = to
      connections = 0
    },
    async rest() {
      target = restingPort
      for (const socket of sockets) socket.destroy()
      // Until the gateway's pool has seen the end of its connections.
      await new Promise((resolve) => setTimeout(resolve, 20))
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      for (const one of [server, resting]) await new Promise((resolve) => one.close(resolve))
    },
  }
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}
