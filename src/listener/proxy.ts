/** The proxy listener: accepts downstream connections, and hands their requests to the router in force. */
import { once } from 'node:events'
import type { Server, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { GatewayError } from '../errors.ts'
import { createServer } from '../node-http.ts'
import { answerClientError } from './client-error.ts'
import { type ConnectionMeter, followConnections } from './connections.ts'
import type { Downstream } from './downstream.ts'
import { OpenExchanges } from './open-exchanges.ts'
import { Request } from './request.ts'
import type { Router, Traffic } from './router.ts'
import { type ServerLimits, serverOptions } from './server-options.ts'
import { type ListenerTls, loadTls, reloadTls } from './tls.ts'

export interface ProxyOptions {
  readonly host: string
  readonly port: number
  readonly tls: ListenerTls | undefined
  readonly limits: ServerLimits & { readonly connections: number }
  readonly meter: ConnectionMeter
  readonly onTlsReload: (error: Error | undefined) => void
}

const BACKLOG = 4_096

export class ProxyListener implements Traffic {
  readonly #options: ProxyOptions
  readonly open = new OpenExchanges<Downstream>()
  /** One for each address; the first is the one that was asked for. */
  readonly #servers: Server[] = []
  readonly #stopTlsReload: (() => void)[] = []
  #routing: Router['routing'] = unreachable
  accepting = true
  closing = false

  constructor(options: ProxyOptions) {
    this.#options = options
    this.#add()
  }

  /** Every request whose head is read from now on takes this router; those that have begun keep theirs. */
  use({ routing }: Router): void {
    this.#routing = routing
  }

  get listening(): boolean {
    return this.#servers[0]?.listening === true
  }

  /** Open downstream connections at most. Those that are open stay. */
  set connections(most: number) {
    for (const server of this.#servers) server.maxConnections = most
  }

  async listen(): Promise<AddressInfo> {
    const { host, port } = this.#options
    const [main] = this.#servers as [Server]
    await this.#listen(main, host, port)
    const at = main.address() as AddressInfo
    if (host === 'localhost') await this.#listenBeside(at)
    return at
  }

  /** No new connections; idle ones close, the others after their current response. */
  stopAccepting(): void {
    this.accepting = false
    for (const server of this.#servers) {
      server.close()
      server.closeIdleConnections()
    }
  }

  /** Closes every connection at once, with whatever is on it. */
  closeConnections(): void {
    for (const server of this.#servers) server.closeAllConnections()
  }

  /** Closes everything at once. */
  async close(): Promise<void> {
    for (const stop of this.#stopTlsReload) stop()
    this.closeConnections()
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))))
  }

  /** The other addresses of `localhost`: a downstream may take either family. One that cannot be had is left. */
  async #listenBeside({ address, port }: AddressInfo): Promise<void> {
    const { lookup } = await import('node:dns/promises')
    const all = await lookup('localhost', { all: true }).catch(() => [])
    for (const { address: host } of all) {
      if (host === address) continue
      await this.#listen(this.#add(), host, port).catch(() => this.#servers.pop())
    }
  }

  async #listen(server: Server, host: string, port: number): Promise<void> {
    const { tls, onTlsReload } = this.#options
    server.listen({ host, port, backlog: BACKLOG })
    await once(server, 'listening')
    if (tls !== undefined) this.#stopTlsReload.push(reloadTls(server, tls, onTlsReload))
  }

  #add(): Server {
    const { limits, tls, meter } = this.#options
    // Node's own answer to a request without Host is not JSON-RPC.
    const options = { ...serverOptions(limits), requireHostHeader: false, IncomingMessage: Request }
    const request = (req: Request, res: ServerResponse): void => this.#routing(req, res)
    const server: Server =
      tls === undefined ? createServer(options, request) : createTlsServer({ ...options, ...loadTls(tls) }, request)
    server.maxConnections = limits.connections
    // Without this Node answers 417 by itself.
    server.on('checkExpectation', request)
    server.on('clientError', (error, socket) => meter.error(answerClientError(error, socket as Socket)))
    followConnections(server, tls !== undefined, meter)
    this.#servers.push(server)
    return server
  }
}

function unreachable(): never {
  throw new GatewayError('internal', 'no router is in force')
}
