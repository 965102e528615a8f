/** Bounds the connections of the admin listener: for one more, the one that has waited longest is closed. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'

/** What a connection was at when it was closed to make room: waiting for a request, or busy with one. */
export type Closed = 'waiting' | 'busy'

export interface ConnectionLimitOptions {
  /** Connections that are open at most, over all servers. */
  readonly most: number
  readonly logger: Logger
  readonly onClosed?: ((what: Closed) => void) | undefined
  /** Milliseconds. */
  readonly now?: () => number
}

/** Between two log lines. */
const QUIET_MS = 60_000

/**
 * Not `server.maxConnections`, which turns away the newest: it would be the kubelet whose probe fails, and the pod that is
 * restarted, because somebody else holds idle connections.
 */
export class ConnectionLimit {
  readonly #options: ConnectionLimitOptions
  /** Without a request; the one that has been so for longest is the first. */
  readonly #waiting = new Set<Socket>()
  /** How many requests each has open; the one that has been busy for longest is the first. */
  readonly #busy = new Map<Socket, number>()
  #untold = 0
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(options: ConnectionLimitOptions) {
    this.#options = options
  }

  get open(): number {
    return this.#waiting.size + this.#busy.size
  }

  follow(server: Server): void {
    server.on('connection', (socket) => this.#opened(socket))
    server.on('request', (request, response) => this.#asked(request, response))
  }

  #opened(socket: Socket): void {
    if (this.open >= this.#options.most) this.#makeRoom()
    this.#waiting.add(socket)
    socket.once('close', () => {
      this.#waiting.delete(socket)
      this.#busy.delete(socket)
    })
  }

  #asked({ socket }: IncomingMessage, response: ServerResponse): void {
    if (!this.#waiting.delete(socket) && !this.#busy.has(socket)) return
    this.#busy.set(socket, (this.#busy.get(socket) ?? 0) + 1)
    response.once('close', () => this.#answered(socket))
  }

  #answered(socket: Socket): void {
    const requests = this.#busy.get(socket)
    // It may be closed by now.
    if (requests === undefined) return
    if (requests > 1) this.#busy.set(socket, requests - 1)
    else {
      this.#busy.delete(socket)
      this.#waiting.add(socket)
    }
  }

  #makeRoom(): void {
    const [idlest] = this.#waiting
    const [slowest] = this.#busy.keys()
    const socket = idlest ?? slowest
    if (socket === undefined) return
    // Its `close` comes only later.
    this.#waiting.delete(socket)
    this.#busy.delete(socket)
    socket.destroy()
    this.#options.onClosed?.(idlest === undefined ? 'busy' : 'waiting')
    this.#tell()
  }

  #tell(): void {
    const { most, logger, now = () => performance.now() } = this.#options
    this.#untold++
    if (now() - this.#toldAt < QUIET_MS) return
    logger.warn(
      { limit: most, closed: this.#untold },
      'connections closed to make room: admin.limits.connections are open',
    )
    this.#untold = 0
    this.#toldAt = now()
  }
}
