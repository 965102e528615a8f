/** The messages of a request body, also of a compressed one. */
import { type ScannedRequest, scanRequest } from '../mcp/envelope.ts'
import { type Coding, parseCodings } from './content-coding.ts'

type Unread = 'unsupported' | 'limit' | 'corrupt'

/**
 * A request is small, whole, and must be understood before it is passed, so it is inflated in one go.
 * @param limit bytes that it may have when inflated
 */
export function requestMessages(
  body: Buffer,
  contentEncoding: string | undefined,
  limit: number,
): ScannedRequest | Unread {
  if (contentEncoding === undefined || contentEncoding === 'identity') return scanRequest(body)
  const codings = parseCodings(contentEncoding)
  if (codings === undefined) return 'unsupported'
  try {
    return scanRequest(codings.reduce((bytes, coding) => inflate(bytes, coding, limit), body))
  } catch (error) {
    return (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? 'limit' : 'corrupt'
  }
}

function inflate(bytes: Buffer, coding: Coding, maxOutputLength: number): Buffer {
  // Not an import: this is rare, and zlib costs memory at idle.
  const zlib = process.getBuiltinModule('node:zlib')
  switch (coding) {
    case 'gzip':
      return zlib.gunzipSync(bytes, { maxOutputLength })
    case 'deflate':
      return zlib.inflateSync(bytes, { maxOutputLength })
    case 'br':
      return zlib.brotliDecompressSync(bytes, { maxOutputLength })
    case 'zstd':
      return zlib.zstdDecompressSync(bytes, { maxOutputLength })
  }
}
