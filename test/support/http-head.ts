/** Parses and prints HTTP/1 heads without judging or normalising them: what stood on the wire is what is kept. */

/** Header lines in the order of the wire, names in their original case, values as latin1 without surrounding blanks. */
export type HeaderList = ReadonlyArray<readonly [name: string, value: string]>

export interface RawHead {
  readonly startLine: string
  readonly headers: HeaderList
  /** The head as received, with the empty line that ends it. */
  readonly raw: Buffer
}

export const CRLF = '\r\n'
const HEAD_END = Buffer.from('\r\n\r\n')

/** Length of the head at the start of `bytes`, its empty line included, or -1 when it is not all there yet. */
export function headLength(bytes: Buffer, from = 0): number {
  const at = bytes.indexOf(HEAD_END, from)
  return at === -1 ? -1 : at + HEAD_END.length
}

export function parseHead(raw: Buffer): RawHead {
  const [startLine = '', ...lines] = raw
    .subarray(0, raw.length - HEAD_END.length)
    .toString('latin1')
    .split(CRLF)
  return { startLine, headers: lines.map(parseLine), raw }
}

function parseLine(line: string): readonly [string, string] {
  const colon = line.indexOf(':')
  if (colon === -1) return [line, '']
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]
}

export function headerValues(headers: HeaderList, name: string): string[] {
  const wanted = name.toLowerCase()
  return headers.filter(([each]) => each.toLowerCase() === wanted).map(([, value]) => value)
}

export function headerValue(headers: HeaderList, name: string): string | undefined {
  return headerValues(headers, name)[0]
}

/** Writes a head exactly as told: no header is added, checked or reordered. Text is latin1. */
export function headBytes(startLine: string, headers: HeaderList): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}${CRLF}`).join('')
  return Buffer.from(`${startLine}${CRLF}${lines}${CRLF}`, 'latin1')
}

export function chunkBytes(data: Uint8Array | string): Buffer {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}${CRLF}`), bytes, Buffer.from(CRLF)])
}

export function lastChunkBytes(trailers: HeaderList = []): Buffer {
  return Buffer.concat([Buffer.from('0\r\n'), headBytes('', trailers).subarray(2)])
}
