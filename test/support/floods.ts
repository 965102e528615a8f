/** Behaviours that answer with bodies far larger than memory, made on the fly and only as fast as they are read. */
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { chunkBytes } from './http-head.ts'
import type { RawExchange } from './raw-exchange.ts'
import type { Behaviour } from './raw-origin.ts'

const PIECE = 65_536

export interface FloodProgress {
  /** Body bytes that left for the peer or its buffers, so far. */
  sent: number
}

async function pour(exchange: RawExchange, total: number, progress: FloodProgress): Promise<void> {
  const piece = Buffer.alloc(PIECE, 'x')
  for (let left = total; left > 0 && !exchange.gone; ) {
    const part = left < PIECE ? piece.subarray(0, left) : piece
    if (!(await exchange.write(part))) return
    left -= part.length
    progress.sent += part.length
  }
}

/** One JSON document of exactly `bytes` bytes: an object with one long string. */
export function hugeJson(bytes: number, progress: FloodProgress = { sent: 0 }): Behaviour {
  return async (exchange) => {
    await exchange.body()
    const [start, stop] = ['{"jsonrpc":"2.0","id":1,"result":{"text":"', '"}}']
    await exchange.head(200, [
      ['Content-Type', 'application/json'],
      ['Content-Length', String(bytes)],
    ])
    await exchange.write(start)
    await pour(exchange, bytes - start.length - stop.length, progress)
    await exchange.write(stop)
  }
}

/** One SSE event of `bytes` bytes of data on one line, in one chunk, then the end of the stream. */
export function hugeEvent(bytes: number, progress: FloodProgress = { sent: 0 }): Behaviour {
  return async (exchange) => {
    await exchange.body()
    await exchange.openStream([['Cache-Control', 'no-cache']])
    await exchange.write(`${(bytes + 8).toString(16)}\r\ndata: `)
    await pour(exchange, bytes, progress)
    await exchange.write('\n\n\r\n')
    await exchange.lastChunk()
  }
}

/** A stream of `bytes` bytes in all, as many events of `each` bytes as that makes (the last one may be shorter). */
export function hugeStream(bytes: number, each = 10_000, progress: FloodProgress = { sent: 0 }): Behaviour {
  return async (exchange) => {
    await exchange.body()
    await exchange.openStream()
    const event = Buffer.from(`data: ${'x'.repeat(each - 8)}\n\n`)
    const several = Buffer.concat(Array.from({ length: 8 }, () => chunkBytes(event)))
    for (let left = bytes; left > 0 && !exchange.gone; ) {
      const whole = left >= 8 * each
      const part = whole ? several : chunkBytes(left >= each ? event : `data: ${'x'.repeat(Math.max(0, left - 8))}\n\n`)
      if (!(await exchange.write(part))) return
      const written = whole ? 8 * each : Math.min(left, each)
      left -= written
      progress.sent += written
    }
    await exchange.lastChunk()
  }
}

/** A body in a content coding, its bytes decided here so that a test can hold them against what arrives. */
export function coded(coding: 'gzip' | 'br', plain: string): { readonly behaviour: Behaviour; readonly bytes: Buffer } {
  const bytes = coding === 'gzip' ? gzipSync(plain) : brotliCompressSync(plain)
  const behaviour: Behaviour = (exchange) =>
    exchange.respond({
      headers: [
        ['Content-Type', 'application/json'],
        ['Content-Encoding', coding],
      ],
      body: bytes,
    })
  return { behaviour, bytes }
}
