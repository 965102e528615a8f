/** Reads `Content-Encoding` and makes the decoder of each coding; zlib is loaded with the first one. */
import type { Transform } from 'node:stream'

export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd'

const MOST_CODINGS = 2

// RFC 9659: a zstd content coding needs no larger window than 8 MB, and a decoder allocates what the frame asks for.
const ZSTD_WINDOW_LOG = 23

// RFC 1950: the method in the low half of the first byte is 8, and its window at most 32 kB. No raw stream begins so.
const ZLIB_MASK = 0x8f
const ZLIB_METHOD = 0x08

/** Codings in the order in which they are undone, the last applied first. `undefined`: one is unknown, or they are too many. */
export function parseCodings(contentEncoding: string): Coding[] | undefined {
  const codings: Coding[] = []
  for (const token of contentEncoding.toLowerCase().split(',')) {
    const name = token.trim()
    if (name === '' || name === 'identity') continue
    if (name === 'gzip' || name === 'x-gzip') codings.unshift('gzip')
    else if (name === 'deflate' || name === 'br' || name === 'zstd') codings.unshift(name)
    else return undefined
  }
  return codings.length > MOST_CODINGS ? undefined : codings
}

/** `first` is the first byte to decode: it tells deflate with a zlib head from the raw kind that some servers send. */
export function createDecoder(coding: Coding, first: number): Transform {
  const zlib = process.getBuiltinModule('node:zlib')
  switch (coding) {
    case 'gzip':
      return zlib.createGunzip()
    case 'br':
      return zlib.createBrotliDecompress()
    case 'zstd':
      return zlib.createZstdDecompress({ params: { [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } })
    case 'deflate':
      return (first & ZLIB_MASK) === ZLIB_METHOD ? zlib.createInflate() : zlib.createInflateRaw()
  }
}
