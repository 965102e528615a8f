/** The connections to one endpoint: one undici Client each, so that taking one is O(1) and undici never queues. */
import type { Socket } from 'node:net'
import { GatewayError } from '../errors.ts'
import type { Connectors } from './connector.ts'
import { HeadGate } from './head-gate.ts'
import { writeTogether } from './single-write.ts'
import { Client } from './undici.ts'

/** A bound counter or gauge. */
export interface Adds {
  add(n: number): void
}

/** Where a pool leaves its figures; bound once at start. */
export interface PoolMeter {
  readonly created: Adds
  readonly reused: Adds
  readonly closed: Adds
  readonly idle: Adds
  readonly active: Adds
}

export interface PoolOptions {
  /** Scheme, host and port of the endpoint. */
  readonly origin: string
  readonly connectors: Connectors
  /** Milliseconds that an idle connection is kept; below the upstream's own time-out. */
  readonly keepAlive: number
  /** Bytes that a response head may have. */
  readonly headBytes: number
  readonly meter: PoolMeter
}

/** One connection. undici's Pool looks for a free Client by a linear scan, which 10,000 open streams make slow. */
export class Connection {
  readonly client: Client
  idle = false
  open = false
  /** There once it is connected. */
  gate: HeadGate | undefined = undefined
  socket: Socket | undefined = undefined
  /** What undici waits for, and would leave to its connect deadline. */
  connecting: Socket | undefined = undefined

  constructor(client: Client) {
    this.client = client
  }

  /** Whether it was cut off, which is no end. */
  get reset(): boolean {
    return this.socket?.errored != null
  }
}

export class Pool {
  readonly #options: PoolOptions
  readonly #idle: Connection[] = []
  readonly #all = new Set<Connection>()
  #retired = false

  constructor(options: PoolOptions) {
    this.#options = options
  }

  /** Connections, those that are being made included. */
  get open(): number {
    return this.#all.size
  }

  get idle(): number {
    return this.#idle.length
  }

  /**
   * The connection that became idle last, else a new one. The caller dispatches once and gives it back.
   * @param connectTimeout milliseconds, for a new one
   */
  take(connectTimeout: number): Connection {
    const { meter } = this.#options
    const idle = this.#idle.pop()
    if (idle === undefined) {
      // First, and counted only then: whatever it throws, nothing is held.
      const opened = this.#open(connectTimeout)
      meter.active.add(1)
      return opened
    }
    meter.active.add(1)
    idle.idle = false
    idle.gate?.expect()
    meter.idle.add(-1)
    meter.reused.add(1)
    return idle
  }

  /** The exchange on it is over. `reusable`: its response was read to the end. */
  release(connection: Connection, reusable: boolean): void {
    const { meter } = this.#options
    meter.active.add(-1)
    if (!reusable || !connection.open || this.#retired) {
      this.#close(connection)
      return
    }
    connection.idle = true
    meter.idle.add(1)
    this.#idle.push(connection)
  }

  /** Connections that are open or being made. */
  get size(): number {
    return this.#all.size
  }

  /** No exchange begins here any more: idle connections close now, the others after their exchange. */
  retire(): void {
    this.#retired = true
    for (const connection of [...this.#idle]) this.#forget(connection)
  }

  /** Closes every connection at once, with whatever is on it. */
  async destroy(): Promise<void> {
    await Promise.all([...this.#all].map(destroy))
  }

  #open(connectTimeout: number): Connection {
    const { origin, connectors, keepAlive, headBytes, meter } = this.#options
    const connect = connectors.within(connectTimeout)
    const client = new Client(origin, {
      connect: (target, done) => {
        connection.connecting = connect(target, (...result) => {
          const [error, socket] = result
          connection.connecting = undefined
          if (error === null) {
            connection.socket = socket
            connection.gate = new HeadGate(socket, headBytes)
            writeTogether(socket)
          }
          done(...result)
        })
      },
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: keepAlive,
      // A Keep-Alive hint of the upstream may shorten that, never lengthen it.
      keepAliveMaxTimeout: keepAlive,
      keepAliveTimeoutThreshold: 1_000,
      maxHeaderSize: headBytes,
      headersTimeout: 0,
      // Streams are silent for hours; bodies of JSON are timed by the forwarder.
      bodyTimeout: 0,
    })
    const connection = new Connection(client)
    this.#all.add(connection)
    client.on('connect', () => {
      connection.open = true
      meter.created.add(1)
    })
    client.on('disconnect', () => {
      connection.open = false
      meter.closed.add(1)
      if (connection.idle) this.#forget(connection)
    })
    return connection
  }

  #forget(connection: Connection): void {
    const at = this.#idle.indexOf(connection)
    if (at >= 0) this.#idle.splice(at, 1)
    connection.idle = false
    this.#options.meter.idle.add(-1)
    this.#close(connection)
  }

  #close(connection: Connection): void {
    if (this.#all.delete(connection)) destroy(connection).catch(() => {})
  }
}

/** An error, because without one undici keeps its connect timer: that ends with `connect` or `error`, not with `close`. */
const ABANDONED = new GatewayError('internal', 'abandoned')

async function destroy({ client, connecting }: Connection): Promise<void> {
  const destroyed = client.destroy()
  connecting?.destroy(ABANDONED)
  await destroyed
}
