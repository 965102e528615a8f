/** One request as the raw origin got it, and the means to answer it with any bytes, or to fail it in any way. */
import { setTimeout as delay } from 'node:timers/promises'
import {
  chunkBytes,
  type HeaderList,
  headBytes,
  headerValue,
  headerValues,
  lastChunkBytes,
  type RawHead,
} from './http-head.ts'
import { type Framing, RawBody } from './raw-body.ts'
import type { Wire, WireEnd } from './wire.ts'

export class RawRequest {
  readonly method: string
  readonly target: string
  readonly version: string
  readonly headers: HeaderList
  readonly rawHead: Buffer
  /** performance.now() when the head was complete. */
  readonly receivedAt = performance.now()
  /** Position on its connection, 0 for the first. */
  readonly indexOnConnection: number
  readonly incoming: RawBody
  /** Settles when the whole body is here or the connection ended. */
  readonly finished: Promise<void>
  #pieces: Buffer[] = []

  constructor(head: RawHead, wire: Wire, framing: Framing, indexOnConnection: number) {
    const [method = '', target = '', version = ''] = head.startLine.split(' ')
    this.method = method
    this.target = target
    this.version = version
    this.headers = head.headers
    this.rawHead = head.raw
    this.indexOnConnection = indexOnConnection
    this.incoming = new RawBody(wire, framing)
    this.finished = this.#collect()
  }

  /** The body as far as it has arrived, without transfer coding. */
  get body(): Buffer {
    if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces)]
    return this.#pieces[0] ?? Buffer.alloc(0)
  }

  /** Whether the body arrived to its own end. */
  get complete(): boolean {
    return this.incoming.end !== undefined && this.incoming.end !== 'broken' && this.incoming.end !== 'malformed'
  }

  header(name: string): string | undefined {
    return headerValue(this.headers, name)
  }

  values(name: string): string[] {
    return headerValues(this.headers, name)
  }

  async #collect(): Promise<void> {
    for (let piece = await this.incoming.next(); piece !== undefined; piece = await this.incoming.next()) {
      this.#pieces.push(piece)
    }
  }
}

export interface RawAnswer {
  readonly status?: number
  readonly reason?: string
  readonly headers?: HeaderList
  readonly body?: Uint8Array | string
}

/** Every writing method resolves to false once the bytes have nowhere to go, so that loops can end on it. */
export class RawExchange {
  readonly request: RawRequest
  readonly #wire: Wire

  constructor(request: RawRequest, wire: Wire) {
    this.request = request
    this.#wire = wire
  }

  /** Whether the peer ended the connection or we closed it. */
  get gone(): boolean {
    return this.#wire.end !== undefined
  }

  /** Settles when the peer ends the connection (or we did), with how. */
  get closed(): Promise<WireEnd> {
    return this.#wire.ended
  }

  /** Bytes that arrived beyond this request's head and body. */
  get ahead(): number {
    return this.#wire.waiting
  }

  /** The whole request body. */
  async body(): Promise<Buffer> {
    await this.request.finished
    return this.request.body
  }

  write(bytes: Uint8Array | string): Promise<boolean> {
    return this.#wire.write(bytes)
  }

  head(status: number, headers: HeaderList = [], reason = 'Fine'): Promise<boolean> {
    return this.write(headBytes(`HTTP/1.1 ${status} ${reason}`, headers))
  }

  chunk(data: Uint8Array | string): Promise<boolean> {
    return this.write(chunkBytes(data))
  }

  lastChunk(trailers: HeaderList = []): Promise<boolean> {
    return this.write(lastChunkBytes(trailers))
  }

  /** A whole answer with its Content-Length (none for 204 and 304), after the whole request; the connection stays. */
  async respond(answer: RawAnswer = {}): Promise<void> {
    await this.request.finished
    const { status = 200, reason = 'Fine', headers = [['Content-Type', 'application/json']], body = '' } = answer
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    const bodiless = status === 204 || status === 304
    const length: HeaderList = bodiless ? [] : [['Content-Length', String(bytes.length)]]
    await this.head(status, [...headers, ...length], reason)
    if (!bodiless && this.request.method !== 'HEAD') await this.write(bytes)
  }

  /** The head of a chunked `text/event-stream` answer. */
  openStream(headers: HeaderList = []): Promise<boolean> {
    return this.head(200, [['Content-Type', 'text/event-stream'], ['Transfer-Encoding', 'chunked'], ...headers])
  }

  /** Waits, but not beyond the peer's end. False when that came. */
  async pause(milliseconds: number): Promise<boolean> {
    const timer = new AbortController()
    const pause = delay(milliseconds, undefined, { signal: timer.signal }).catch(() => {})
    await Promise.race([pause, this.closed])
    timer.abort()
    return !this.gone
  }

  /** Waits for bytes of a further request on this connection. False when the peer ends it first. */
  async nextBytes(): Promise<boolean> {
    await this.request.finished
    return this.ahead > 0 || this.#wire.more()
  }

  /** Stops reading: the peer's window fills, and its end is not seen any more. */
  hold(): void {
    this.#wire.hold()
  }

  release(): void {
    this.#wire.release()
  }

  fin(): void {
    this.#wire.fin()
  }

  reset(): void {
    this.#wire.reset()
  }

  destroy(): void {
    this.#wire.destroy()
  }
}
