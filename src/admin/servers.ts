/** The HTTP servers of the admin listener, one for each address; the first is the one that Fastify starts and stops. */
import { once } from 'node:events'
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ServerLimits, serverOptions } from '../listener/server-options.ts'
import { createServer } from '../node-http.ts'
import type { ConnectionLimit } from './connection-limit.ts'

export class AdminServers {
  readonly #limits: ServerLimits
  readonly #limit: ConnectionLimit
  readonly #all: Server[] = []

  constructor(limits: ServerLimits, limit: ConnectionLimit) {
    this.#limits = limits
    this.#limit = limit
  }

  add(serve: RequestListener): Server {
    const server = createServer(serverOptions(this.#limits), serve)
    this.#limit.follow(server)
    this.#all.push(server)
    return server
  }

  /**
   * The other addresses of `localhost`; one that cannot be had is left. Fastify does so itself only with servers of its
   * own making, on which nothing could be bounded.
   */
  async listenBeside(main: Server, serve: RequestListener): Promise<void> {
    const { address, port } = main.address() as AddressInfo
    const { lookup } = await import('node:dns/promises')
    const found = await lookup('localhost', { all: true }).catch(() => [])
    for (const { address: host } of found) {
      if (host === address) continue
      const server = this.add(serve)
      server.on('clientError', (error, socket) => main.emit('clientError', error, socket))
      server.listen({ host, port })
      await once(server, 'listening').catch(() => this.#all.pop())
    }
  }

  /** Closes every connection at once, and every server but the first. */
  close(): void {
    const [, ...beside] = this.#all
    for (const server of beside) server.close()
    for (const server of this.#all) server.closeAllConnections()
  }
}
