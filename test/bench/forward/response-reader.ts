/** Reads HTTP/1.1 responses from a socket's chunks, exactly and without building bodies; anything odd is an error. */

type State = 'head' | 'body' | 'chunk-size' | 'chunk' | 'trailer'

export type OnResponse = (status: number, bodyBytes: number) => void

const EMPTY = Buffer.alloc(0)
const CRLF = '\r\n'

export class ResponseReader {
  readonly #onResponse: OnResponse
  #state: State = 'head'
  #rest: Buffer = EMPTY
  #status = 0
  #bodyBytes = 0
  /** Bytes still to come of the body or of the chunk with its line end. */
  #left = 0

  /** Responses must not overlap: bytes after a response's end are an error until the next chunk. */
  constructor(onResponse: OnResponse) {
    this.#onResponse = onResponse
  }

  push(data: Buffer): void {
    const input = this.#rest.length > 0 ? Buffer.concat([this.#rest, data]) : data
    this.#rest = EMPTY
    let at = 0
    while (at < input.length) {
      const next = this.#step(input, at)
      if (next < 0) {
        this.#rest = input.subarray(at)
        return
      }
      at = next
    }
  }

  /** Returns where to go on, or -1 when the line or head at this place is not complete. */
  #step(input: Buffer, at: number): number {
    if (this.#state === 'body' || this.#state === 'chunk') return this.#skip(input, at)
    const isHead = this.#state === 'head'
    const end = input.indexOf(isHead ? '\r\n\r\n' : CRLF, at, 'latin1')
    if (end < 0) return -1
    const text = input.toString('latin1', at, end)
    const next = end + (isHead ? 4 : 2)
    if (isHead) this.#readHead(text)
    else if (this.#state === 'chunk-size') this.#readChunkSize(text)
    else if (text === '') this.#finish()
    if (this.#state === 'head' && next < input.length) throw new Error('bytes after the end of a response')
    return next
  }

  #skip(input: Buffer, at: number): number {
    const taken = Math.min(this.#left, input.length - at)
    this.#left -= taken
    if (this.#left > 0) return at + taken
    if (this.#state === 'chunk') this.#state = 'chunk-size'
    else this.#finish()
    if (this.#state === 'head' && at + taken < input.length) throw new Error('bytes after the end of a response')
    return at + taken
  }

  #readHead(text: string): void {
    this.#status = Number(text.slice(9, 12))
    const length = /^content-length: *(\d+) *\r?$/im.exec(text)?.[1]
    const chunked = /^transfer-encoding: *chunked *\r?$/im.test(text)
    if (chunked === (length !== undefined)) throw new Error(`not one body length in: ${text}`)
    this.#bodyBytes = this.#left = Number(length ?? 0)
    if (chunked) this.#state = 'chunk-size'
    else if (this.#left > 0) this.#state = 'body'
    else this.#finish()
  }

  #readChunkSize(text: string): void {
    const size = Number.parseInt(text, 16)
    if (!(size >= 0)) throw new Error(`bad chunk size: ${text}`)
    this.#bodyBytes += size
    this.#left = size + CRLF.length
    this.#state = size === 0 ? 'trailer' : 'chunk'
  }

  #finish(): void {
    this.#state = 'head'
    this.#onResponse(this.#status, this.#bodyBytes)
  }
}
