/** Reads a request body whole, bounded. */
import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../errors.ts'

const EMPTY = Buffer.alloc(0)

/**
 * Calls back once, unless the downstream goes away first. Time is bounded by the server's own `requestTimeout`.
 * @param limit bytes
 */
export function readBody(
  req: IncomingMessage,
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
  let chunks: Buffer[] = []
  let size = 0
  const onData = (chunk: Buffer): void => {
    size += chunk.length
    if (size > limit) {
      req.off('data', onData).off('end', onEnd)
      chunks = []
      done(new GatewayError('request_too_large'), EMPTY)
      return
    }
    chunks.push(chunk)
  }
  const onEnd = (): void => {
    // Nearly every MCP request arrives in one chunk.
    done(undefined, chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size))
  }
  req.on('data', onData).on('end', onEnd)
}
