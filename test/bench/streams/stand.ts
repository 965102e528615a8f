/** Both ends of the bench's streams: an origin that holds every stream open, and the downstreams that open them. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'
/** For whatever a gateway asks by itself, such as a readiness probe. */
const OTHER = 'HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n'
/** Fewer than a listen queue holds. */
const AT_ONCE = 100

export class Stand {
  readonly #origin: Server
  readonly #downstreams: Socket[] = []

  private constructor(origin: Server) {
    this.#origin = origin
  }

  static async start(): Promise<Stand> {
    const origin = createServer((socket) => {
      socket.on('error', () => socket.destroy())
      socket.on('data', (data) => socket.write(data.subarray(0, 3).toString('latin1') === 'GET' ? HEAD : OTHER))
    })
    origin.listen({ port: 0, host: '127.0.0.1', backlog: 4 * AT_ONCE })
    await once(origin, 'listening')
    return new Stand(origin)
  }

  get port(): number {
    return (this.#origin.address() as AddressInfo).port
  }

  /** Resolves when the heads of all came. */
  async open(port: number, count: number): Promise<void> {
    for (let left = count; left > 0; left -= AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, left) }, () => this.#one(port)))
    }
  }

  async closeDownstreams(): Promise<void> {
    const gone = this.#downstreams.splice(0).map((socket) => {
      const closed = once(socket, 'close')
      socket.destroy()
      return closed
    })
    await Promise.all(gone)
  }

  async #one(port: number): Promise<void> {
    const socket = connect(port, '127.0.0.1')
    this.#downstreams.push(socket)
    socket.write(`GET /mcp HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\naccept: text/event-stream\r\n\r\n`)
    const head = String((await once(socket, 'data'))[0])
    if (!head.startsWith('HTTP/1.1 200')) throw new Error(`no stream: ${head}`)
    socket.on('error', () => {}).resume()
  }
}
