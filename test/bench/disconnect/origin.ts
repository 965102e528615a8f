/** The origin of the disconnect bench: hangs or streams as a request asks, and hands its socket out. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/** What a request asks for: no answer at all, or events until somebody leaves. */
export type Stage = 'before the head' | 'mid-stream'

const EVENT = 'data: {"jsonrpc":"2.0","method":"notifications/progress"}\n\n'
const EVENT_GAP_MS = 5
const STREAM_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'
/** For whatever a gateway asks by itself, such as a readiness probe: alive, and nothing more to say. */
const OTHER = 'HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n'

export class Origin {
  readonly #server: Server
  #waiting: ((socket: Socket) => void) | undefined = undefined

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket) => this.#serve(socket))
  }

  static async start(): Promise<Origin> {
    const origin = new Origin(createServer())
    origin.#server.listen(0, '127.0.0.1')
    await once(origin.#server, 'listening')
    return origin
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** The connection that the bench's next request arrives on. */
  next(): Promise<Socket> {
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }

  #serve(socket: Socket): void {
    let text = ''
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('data', (data) => {
      text += data.toString('latin1')
      const head = text.indexOf('\r\n\r\n')
      if (head < 0) return
      const length = Number(/^content-length: *(\d+)$/im.exec(text)?.[1] ?? 0)
      if (text.length < head + 4 + length) return
      const stage = /^x-stage: (.*)\r$/m.exec(text)?.[1]
      text = ''
      if (stage === undefined) socket.write(OTHER)
      else this.#answer(socket, stage)
    })
  }

  #answer(socket: Socket, stage: string): void {
    this.#waiting?.(socket)
    if (stage !== ('mid-stream' satisfies Stage)) return
    socket.write(STREAM_HEAD)
    const chunk = `${EVENT.length.toString(16)}\r\n${EVENT}\r\n`
    const timer = setInterval(() => socket.write(chunk), EVENT_GAP_MS)
    const stop = (): void => clearInterval(timer)
    socket.once('end', stop).once('close', stop)
  }
}
