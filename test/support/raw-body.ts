/** Reads the body of an HTTP/1 message from a wire, piece by piece, and says exactly how it ended. */
import { type HeaderList, headerValue, headerValues, headLength, parseHead } from './http-head.ts'
import type { Wire, WireEnd } from './wire.ts'

export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' }

/**
 * `none`, `length`, `chunked` and `close` are clean ends of the framing of that name; `broken` is an end before
 * the framing's own; `malformed` is a framing that cannot be read.
 */
export type BodyEnd = Framing['kind'] | 'broken' | 'malformed'

export class RawBody {
  readonly framing: Framing
  end: BodyEnd | undefined
  /** How the connection ended, when that ended the body. */
  wireEnd: WireEnd | undefined
  readonly chunkSizes: number[] = []
  trailers: HeaderList = []
  bytes = 0
  readonly #wire: Wire
  #left: number

  constructor(wire: Wire, framing: Framing) {
    this.#wire = wire
    this.framing = framing
    this.#left = framing.kind === 'length' ? framing.length : 0
    if (framing.kind === 'length' && !(Number.isSafeInteger(framing.length) && framing.length >= 0))
      this.end = 'malformed'
    else if (framing.kind === 'none' || (framing.kind === 'length' && framing.length === 0)) this.end = framing.kind
  }

  /** The next piece of data, the transfer coding removed; undefined at the end, whatever its kind. */
  async next(): Promise<Buffer | undefined> {
    while (this.end === undefined) {
      if (this.framing.kind === 'chunked' && this.#left === 0) await this.#chunkStart()
      else {
        const piece = await this.#piece(this.framing.kind === 'close' ? Number.POSITIVE_INFINITY : this.#left)
        if (piece !== undefined) return piece
      }
    }
    return undefined
  }

  /** Everything up to the end. `keep: false` only counts, for bodies that do not fit into memory. */
  async rest(options: { readonly keep?: boolean } = {}): Promise<Buffer> {
    const pieces: Buffer[] = []
    for (let piece = await this.next(); piece !== undefined; piece = await this.next()) {
      if (options.keep !== false) pieces.push(piece)
    }
    return Buffer.concat(pieces)
  }

  async #piece(most: number): Promise<Buffer | undefined> {
    if (this.#wire.waiting === 0 && !(await this.#wire.more())) {
      this.#wireEnded()
      return undefined
    }
    const piece = this.#wire.take(most)
    this.bytes += piece.length
    if (this.framing.kind !== 'close') this.#left -= piece.length
    if (this.#left === 0 && this.framing.kind === 'length') this.end = 'length'
    if (this.#left === 0 && this.framing.kind === 'chunked') await this.#chunkEnd()
    return piece
  }

  async #chunkStart(): Promise<void> {
    const line = await this.#line()
    if (line === undefined) return
    const size = /^[0-9a-f]+(?:[ \t]*;.*)?$/i.test(line) ? Number.parseInt(line, 16) : Number.NaN
    if (!Number.isSafeInteger(size)) this.end = 'malformed'
    else if (size === 0) await this.#trailerSection()
    else {
      this.chunkSizes.push(size)
      this.#left = size
    }
  }

  async #chunkEnd(): Promise<void> {
    const line = await this.#line()
    if (line !== undefined && line !== '') this.end = 'malformed'
  }

  async #trailerSection(): Promise<void> {
    const lines: string[] = []
    for (let line = await this.#line(); line !== ''; line = await this.#line()) {
      if (line === undefined) return
      lines.push(line)
    }
    if (lines.length > 0) this.trailers = parseHead(Buffer.from(`\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1')).headers
    this.end = 'chunked'
  }

  async #line(): Promise<string | undefined> {
    let at = this.#wire.peek().indexOf('\r\n')
    while (at === -1) {
      if (this.#wire.waiting > 65536) {
        this.end = 'malformed'
        return undefined
      }
      if (!(await this.#wire.more())) {
        this.#wireEnded()
        return undefined
      }
      at = this.#wire.peek().indexOf('\r\n')
    }
    return this.#wire.take(at + 2).toString('latin1', 0, at)
  }

  #wireEnded(): void {
    this.wireEnd = this.#wire.end
    this.end = this.framing.kind === 'close' && this.wireEnd === 'fin' ? 'close' : 'broken'
  }
}

/** Takes a whole head from the wire, or undefined when the wire ends before one is complete (what came stays waiting). */
export async function takeHead(wire: Wire): Promise<ReturnType<typeof parseHead> | undefined> {
  let searched = 0
  for (;;) {
    const bytes = wire.peek()
    const length = headLength(bytes, Math.max(0, searched - 3))
    if (length !== -1) return parseHead(wire.take(length))
    searched = bytes.length
    if (!(await wire.more())) return undefined
  }
}

export function requestFraming(headers: HeaderList): Framing {
  if (isChunked(headers)) return { kind: 'chunked' }
  const length = headerValue(headers, 'content-length')
  return length === undefined ? { kind: 'none' } : { kind: 'length', length: Number(length) }
}

/** Framing of a response. Where its headers contradict each other the last Transfer-Encoding, then the first length, wins. */
export function responseFraming(method: string, status: number, headers: HeaderList): Framing {
  if (method === 'HEAD' || status === 204 || status === 304 || (status >= 100 && status < 200)) return { kind: 'none' }
  if (isChunked(headers)) return { kind: 'chunked' }
  const length = headerValue(headers, 'content-length')
  return length === undefined ? { kind: 'close' } : { kind: 'length', length: Number(length) }
}

function isChunked(headers: HeaderList): boolean {
  return /(?:^|,)[ \t]*chunked$/i.test(headerValues(headers, 'transfer-encoding').join(','))
}
