/** An HTTP/1 client on a raw socket: sends exact bytes, cut and timed as told, and says exactly what came back. */
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { type HeaderList, headBytes, headerValue, headerValues, type RawHead } from './http-head.ts'
import { type BodyEnd, type Framing, RawBody, responseFraming, takeHead } from './raw-body.ts'
import { Wire, type WireEnd } from './wire.ts'

export interface ClientTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
}

export interface RawClientOptions {
  /** Trust and identity for https URLs; the certificate of the other side is always verified. */
  readonly tls?: ClientTls
  /** Bytes kept unread at most; beyond them the other side feels back-pressure. Default 64 KiB. */
  readonly highWater?: number
  /** Milliseconds that any wait for a response may take before it rejects. Default 20,000. */
  readonly within?: number
}

/** A response whose head has arrived; the body is read on demand, so not reading is back-pressure. */
export class OpenResponse {
  readonly status: number
  readonly reason: string
  readonly version: string
  readonly headers: HeaderList
  readonly rawHead: Buffer
  /** Interim (1xx) heads that came before. */
  readonly interim: readonly RawHead[]
  readonly incoming: RawBody

  constructor(head: RawHead, interim: readonly RawHead[], incoming: RawBody) {
    const [version = '', status = ''] = head.startLine.split(' ')
    this.version = version
    this.status = Number(status)
    this.reason = head.startLine.slice(version.length + status.length + 2)
    this.headers = head.headers
    this.rawHead = head.raw
    this.interim = interim
    this.incoming = incoming
  }

  header(name: string): string | undefined {
    return headerValue(this.headers, name)
  }

  values(name: string): string[] {
    return headerValues(this.headers, name)
  }
}

export interface RawResponse {
  readonly status: number
  readonly reason: string
  readonly version: string
  readonly headers: HeaderList
  readonly rawHead: Buffer
  readonly interim: readonly RawHead[]
  /** Bytes without transfer coding. */
  readonly body: Buffer
  readonly chunkSizes: readonly number[]
  readonly trailers: HeaderList
  readonly framing: Framing['kind']
  readonly end: BodyEnd
  /** Whether the body came to the end that its framing promised. A reset is never clean. */
  readonly clean: boolean
  /** How the connection ended, when that ended the body. */
  readonly wireEnd: WireEnd | undefined
  header(name: string): string | undefined
  values(name: string): string[]
}

/** No response head came before the connection ended; `received` is what did come. */
export class NoResponse extends Error {
  readonly wireEnd: WireEnd | undefined
  readonly received: Buffer

  constructor(wireEnd: WireEnd | undefined, received: Buffer) {
    super(`no response: ${wireEnd ?? 'nothing in time'} after ${received.length} bytes`)
    this.wireEnd = wireEnd
    this.received = received
  }
}

export class RawClient {
  readonly wire: Wire
  readonly #within: number

  constructor(wire: Wire, within: number) {
    this.wire = wire
    this.#within = within
  }

  /** Settles with how the other side ended the connection, or `local`. Only seen while reading goes on. */
  get closed(): Promise<WireEnd> {
    return this.wire.ended
  }

  get end(): WireEnd | undefined {
    return this.wire.end
  }

  /** Sends bytes as they are; strings are latin1. False once they have nowhere to go. */
  send(bytes: Uint8Array | string): Promise<boolean> {
    return this.wire.write(bytes)
  }

  /** Sends the bytes cut at these offsets, each part in a write of its own with a pause before the next. */
  async sendCut(bytes: Uint8Array | string, offsets: readonly number[], pause = 1): Promise<boolean> {
    const whole = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes)
    let from = 0
    for (const to of [...offsets, whole.length]) {
      if (from > 0) await delay(pause)
      if (!(await this.send(whole.subarray(from, to)))) return false
      from = to
    }
    return true
  }

  /** Sends a request built from its parts and waits for the whole response. */
  async ask(parts: RequestParts): Promise<RawResponse> {
    await this.send(requestBytes(parts))
    return this.response(parts.method ?? 'POST')
  }

  /** Waits for the final response head. `method` is that of the request it answers. */
  async head(method = 'POST'): Promise<OpenResponse> {
    const interim: RawHead[] = []
    for (;;) {
      const head = await this.#inTime(takeHead(this.wire))
      if (head === undefined) throw new NoResponse(this.wire.end, this.wire.peek())
      const status = Number(head.startLine.split(' ')[1])
      if (status < 100 || status >= 200 || status === 101) {
        const body = new RawBody(this.wire, responseFraming(method, status, head.headers))
        return new OpenResponse(head, interim, body)
      }
      interim.push(head)
    }
  }

  /** Waits for the whole response and how it ended. `keep: false` drops the body's bytes. */
  async response(method = 'POST', options: { readonly keep?: boolean } = {}): Promise<RawResponse> {
    const open = await this.head(method)
    const body = await this.#inTime(open.incoming.rest(options))
    const { incoming, status, reason, version, headers, rawHead, interim } = open
    const end = incoming.end ?? 'broken'
    return {
      status,
      reason,
      version,
      headers,
      rawHead,
      interim,
      body,
      chunkSizes: incoming.chunkSizes,
      trailers: incoming.trailers,
      framing: incoming.framing.kind,
      end,
      clean: end !== 'broken' && end !== 'malformed',
      wireEnd: incoming.wireEnd,
      header: (name) => open.header(name),
      values: (name) => open.values(name),
    }
  }

  /** Everything the other side sends until it ends the connection. */
  async everything(): Promise<{ readonly bytes: Buffer; readonly end: WireEnd }> {
    const body = new RawBody(this.wire, { kind: 'close' })
    const bytes = await this.#inTime(body.rest())
    return { bytes, end: this.wire.end ?? 'local' }
  }

  /** Stops reading: the other side's window fills, and its end is not seen. */
  hold(): void {
    this.wire.hold()
  }

  release(): void {
    this.wire.release()
  }

  fin(): void {
    this.wire.fin()
  }

  reset(): void {
    this.wire.reset()
  }

  /** Closes both directions at once. */
  close(): void {
    this.wire.destroy()
  }

  async #inTime<T>(promise: Promise<T>): Promise<T> {
    const timer = new AbortController()
    const late = delay(this.#within, undefined, { signal: timer.signal }).then(() => {
      throw new NoResponse(undefined, this.wire.peek())
    })
    late.catch(() => {})
    try {
      return await Promise.race([promise, late])
    } finally {
      timer.abort()
    }
  }
}

export interface RequestParts {
  readonly method?: string
  readonly target?: string
  readonly version?: string
  readonly host?: string
  /** Added after Host and before Content-Length, exactly as given. */
  readonly headers?: HeaderList
  readonly body?: Uint8Array | string
}

/** A well-formed request: Host, the headers, Content-Length when there is a body, and the body. */
export function requestBytes(parts: RequestParts): Buffer {
  const { method = 'POST', target = '/mcp', version = 'HTTP/1.1', host = 'localhost', headers = [], body } = parts
  const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(body)
  const length: HeaderList = body === undefined ? [] : [['Content-Length', String(bytes.length)]]
  return Buffer.concat([headBytes(`${method} ${target} ${version}`, [['Host', host], ...headers, ...length]), bytes])
}

/** Connects to an http or https URL; path and query of it are ignored. Rejects when the connection is refused. */
export async function rawClient(url: string | URL, options: RawClientOptions = {}): Promise<RawClient> {
  const { protocol, hostname, port } = new URL(url)
  const secure = protocol === 'https:'
  const host = hostname.replace(/^\[|\]$/g, '')
  const tcp = await opened(
    connect({ host, port: Number(port || (secure ? 443 : 80)), allowHalfOpen: true, noDelay: true }),
    'connect',
  )
  const highWater = options.highWater ?? 65_536
  const within = options.within ?? 20_000
  if (!secure) return new RawClient(new Wire(tcp, { highWater }), within)
  const top = await opened(connectTls({ socket: tcp, host, ...options.tls }), 'secureConnect')
  return new RawClient(new Wire(top, { highWater, below: tcp }), within)
}

function opened<T extends Socket>(socket: T, event: 'connect' | 'secureConnect'): Promise<T> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once(event, () => {
      socket.removeListener('error', reject)
      resolve(socket)
    })
  })
}
