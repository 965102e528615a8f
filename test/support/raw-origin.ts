/** An HTTP/1 origin on a raw socket: records every byte it gets and answers with whatever bytes a behaviour writes. */
import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createServer as createTlsServer, type SecureContextOptions, type TLSSocket } from 'node:tls'
import type { HeaderList } from './http-head.ts'
import { headerValue } from './http-head.ts'
import { requestFraming, takeHead } from './raw-body.ts'
import { RawExchange, RawRequest } from './raw-exchange.ts'
import { answerTo } from './rpc-answer.ts'
import { Wire, type WireEnd } from './wire.ts'

/** Answers one request. When it returns, the connection waits for the next request, unless the behaviour closed it. */
export type Behaviour = (exchange: RawExchange) => Promise<void> | void

/** 200 and the response to the JSON-RPC request, or `{"ok":true}` where the request is none; keep-alive. */
export const answers: Behaviour = async (exchange) => exchange.respond({ body: answerTo(await exchange.body()) })

export interface OriginTls extends Pick<SecureContextOptions, 'key' | 'cert' | 'ca'> {
  /** Ask for a client certificate and refuse a connection without a valid one. */
  readonly requestCert?: boolean
}

export interface RawOriginOptions {
  /** Answers every request that no queued and no named behaviour takes. Default: `answers`. */
  readonly behaviour?: Behaviour
  /** Behaviours that a request chooses by its `x-behaviour` header. */
  readonly named?: Readonly<Record<string, Behaviour>>
  /** Sees each connection (after its TLS handshake) before a byte is read; what it closes never gets to a behaviour. */
  readonly onConnection?: (connection: OriginConnection) => void
  readonly tls?: OriginTls
  readonly port?: number
}

export class OriginConnection {
  readonly wire: Wire
  readonly openedAt = performance.now()
  readonly peerPort: number | undefined
  readonly requests: RawRequest[] = []
  /** The name that the peer asked for in its TLS handshake (SNI). */
  readonly servername: string | undefined
  /** Common name of the peer's verified certificate, when one was asked for. */
  readonly peerName: string | undefined
  /** Bytes that arrived and never became a request: half a head, or what followed a close. */
  stray: Buffer = Buffer.alloc(0)

  constructor(wire: Wire, tls: TLSSocket | undefined) {
    this.wire = wire
    this.peerPort = wire.socket.remotePort
    const name: unknown = tls && Reflect.get(tls, 'servername')
    this.servername = typeof name === 'string' ? name : undefined
    const subject: unknown = tls?.getPeerCertificate().subject?.CN
    this.peerName = typeof subject === 'string' ? subject : undefined
  }

  /** How the connection ended: the peer's FIN or RST, or `local`; undefined while it is open. */
  get end(): WireEnd | undefined {
    return this.wire.end
  }

  get closed(): Promise<WireEnd> {
    return this.wire.ended
  }

  /** Whether the socket is gone on our side too. */
  get destroyed(): boolean {
    return this.wire.socket.destroyed
  }
}

export class RawOrigin {
  readonly connections: OriginConnection[] = []
  readonly requests: RawRequest[] = []
  /** What behaviours threw; a test that ends with an entry here has a faulty behaviour. */
  readonly failures: unknown[] = []
  /** TLS handshakes that failed: such connections are not in `connections`. */
  readonly handshakeFailures: Error[] = []
  behaviour: Behaviour
  onConnection: ((connection: OriginConnection) => void) | undefined
  readonly #named: Readonly<Record<string, Behaviour>>
  readonly #secure: ((socket: Socket) => void) | undefined
  readonly #sockets = new Set<Socket>()
  readonly #queue: Behaviour[] = []
  #server: Server
  #port = 0

  constructor(options: RawOriginOptions) {
    this.behaviour = options.behaviour ?? answers
    this.onConnection = options.onConnection
    this.#named = options.named ?? {}
    this.#secure = options.tls && this.#secureWith(options.tls)
    this.#server = this.#newServer()
  }

  get port(): number {
    return this.#port
  }

  /** Base URL without a path, such as `http://127.0.0.1:4711`. */
  get url(): string {
    return `${this.#secure ? 'https' : 'http'}://127.0.0.1:${this.#port}`
  }

  /** How many requests arrived with a whole head. */
  get hits(): number {
    return this.requests.length
  }

  /** Connections that the peer did not end and we did not close. */
  get open(): number {
    return this.connections.filter((each) => !each.destroyed && each.end === undefined).length
  }

  /** Queues behaviours: each takes one of the next requests, before named ones and the default. */
  next(...behaviours: readonly Behaviour[]): void {
    this.#queue.push(...behaviours)
  }

  /** Waits for the request with this index (0 is the first); the test's time-out is the only bound. */
  async request(index = 0): Promise<RawRequest> {
    for (;;) {
      const request = this.requests[index]
      if (request !== undefined) return request
      await delay(2)
    }
  }

  /** Closes the listening socket, so that new connections are refused. Open connections stay. */
  refuse(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#server.listening) return resolve()
      const server = this.#server
      this.#server = this.#newServer()
      server.close()
      // The callback of close() waits for open connections; the listening socket itself is closed in the next turn.
      setImmediate(resolve)
    })
  }

  /** Listens, after `refuse` on the same port as before. */
  listen(port = this.#port): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, '127.0.0.1', () => {
        const address = this.#server.address()
        if (address !== null && typeof address === 'object') this.#port = address.port
        resolve()
      })
    })
  }

  /** Resets every open connection; the listening socket stays. */
  resetAll(): void {
    for (const connection of this.connections) connection.wire.reset()
  }

  async close(): Promise<void> {
    await this.refuse()
    for (const socket of this.#sockets) socket.destroy()
  }

  #newServer(): Server {
    return createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket))
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    if (this.#secure) this.#secure(socket)
    else this.#begin(new OriginConnection(new Wire(socket), undefined))
  }

  #secureWith(tls: OriginTls): (socket: Socket) => void {
    const below = new Map<number | undefined, Socket>()
    // Never listens: it only does the handshake, because a TLS server hides the TCP socket that a RST needs.
    const server = createTlsServer({
      ...tls,
      rejectUnauthorized: tls.requestCert === true,
      ALPNProtocols: ['http/1.1'],
    })
    server.on('tlsClientError', (error) => this.handshakeFailures.push(error))
    server.on('secureConnection', (socket) => {
      const tcp = below.get(socket.remotePort)
      this.#begin(new OriginConnection(new Wire(socket, tcp ? { below: tcp } : {}), socket))
    })
    return (socket) => {
      const port = socket.remotePort
      below.set(port, socket)
      socket.once('close', () => below.delete(port))
      server.emit('connection', socket)
    }
  }

  #begin(connection: OriginConnection): void {
    this.connections.push(connection)
    this.onConnection?.(connection)
    this.#serve(connection).catch((error: unknown) => {
      this.failures.push(error)
      connection.wire.destroy()
    })
  }

  async #serve(connection: OriginConnection): Promise<void> {
    const { wire } = connection
    while (!wire.socket.destroyed) {
      const head = await takeHead(wire)
      if (head === undefined) break
      const request = new RawRequest(head, wire, requestFraming(head.headers), connection.requests.length)
      connection.requests.push(request)
      this.requests.push(request)
      const exchange = new RawExchange(request, wire)
      const behaviour = this.#choose(head.headers)
      await behaviour(exchange)
      await request.finished
      if (request.incoming.end === 'malformed') break
    }
    connection.stray = Buffer.from(wire.peek())
    wire.fin()
    // Half-open sockets stay until both sides ended; nothing more is to come from ours.
    if (wire.end === 'fin') wire.socket.end(() => wire.socket.destroy())
  }

  #choose(headers: HeaderList): Behaviour {
    const queued = this.#queue.shift()
    if (queued !== undefined) return queued
    const name = headerValue(headers, 'x-behaviour')
    if (name === undefined) return this.behaviour
    const named = this.#named[name]
    if (named === undefined) throw new Error(`the origin knows no behaviour ${name}`)
    return named
  }
}

/** Starts an origin on a free loopback port. */
export async function rawOrigin(options: RawOriginOptions = {}): Promise<RawOrigin> {
  const origin = new RawOrigin(options)
  await origin.listen(options.port ?? 0)
  return origin
}
