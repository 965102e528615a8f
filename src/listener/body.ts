/** Reads a request body whole, bounded. */
import { GatewayError } from '../errors.ts'
import type { Request } from './request.ts'

const EMPTY = Buffer.alloc(0)

/**
 * Calls back once, unless the downstream goes away first. Time is bounded by the server's own `requestTimeout`.
 * @param limit bytes
 */
export function readBody(
  req: Request,
  limit: number,
  done: (error: GatewayError | undefined, body: Buffer) => void,
): void {
  const length = req.headers['content-length']
  if (req.headers['transfer-encoding'] === undefined && (length === undefined || length === '0')) {
    done(undefined, EMPTY)
    return
  }
  if (length !== undefined && Number(length) > limit) {
    done(new GatewayError('request_too_large'), EMPTY)
    return
  }
  let body = new Gathered()
  let refused = false
  req.takeBody((piece) => {
    if (refused) return
    if (piece === null) done(undefined, body.whole)
    else if (body.length + piece.length <= limit) body.add(piece)
    else {
      refused = true
      body = new Gathered()
      req.resume()
      done(new GatewayError('request_too_large'), EMPTY)
    }
  })
}

/** Pieces that are kept as they came. Of one byte each they take two hundred times their size. */
const MOST_PIECES = 64

class Gathered {
  length = 0
  #pieces: Buffer[] = []
  /** In place of the pieces, when there were many. */
  #bytes: Buffer | undefined = undefined

  add(piece: Buffer): void {
    const from = this.length
    this.length += piece.length
    if (this.#bytes === undefined) {
      this.#pieces.push(piece)
      if (this.#pieces.length < MOST_PIECES) return
      this.#bytes = Buffer.concat(this.#pieces, this.length)
      this.#pieces = []
      return
    }
    if (this.length > this.#bytes.length) {
      const wider = Buffer.allocUnsafeSlow(this.length * 2)
      this.#bytes.copy(wider, 0, 0, from)
      this.#bytes = wider
    }
    piece.copy(this.#bytes, from)
  }

  get whole(): Buffer {
    if (this.#bytes !== undefined) return this.#bytes.subarray(0, this.length)
    // Nearly every MCP request arrives in one piece.
    return this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces, this.length)
  }
}
