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
  let pieces: Buffer[] = []
  let size = 0
  req.takeBody((piece) => {
    if (piece === null) {
      // Nearly every MCP request arrives in one piece.
      done(undefined, pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces, size))
      return
    }
    size += piece.length
    if (size <= limit) pieces.push(piece)
    else {
      pieces = []
      req.resume()
      done(new GatewayError('request_too_large'), EMPTY)
    }
  })
}
