/** Plans one exchange at random, both sides of it: what the downstream sends, what the upstream answers, cut how. */
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { requestHeaders, responseHeaders } from '../support/header-payloads.ts'
import { CRLF, chunkBytes, type HeaderList, headBytes, lastChunkBytes } from '../support/http-head.ts'
import { jsonRpcBody } from '../support/payloads.ts'
import { cuts, type Random } from '../support/random.ts'
import { sseStream } from '../support/sse-payloads.ts'

type ResponseFraming = 'length' | 'chunked' | 'close' | 'http/1.0' | 'http/1.0 with length'

export interface ExchangePlan {
  readonly id: string
  readonly method: string
  readonly target: string
  readonly http10: boolean
  /** The downstream asks for the end of its connection. */
  readonly close: boolean
  readonly requestHeaders: HeaderList
  readonly requestBody: Buffer
  /** The request as written, in the parts in which it is written. */
  readonly requestParts: readonly Buffer[]
  readonly status: number
  readonly reason: string
  readonly responseHeaders: HeaderList
  /** The body as it must arrive: empty for a HEAD. */
  readonly responseBody: Buffer
  readonly responseParts: readonly Buffer[]
  /** The Content-Length that must arrive, if one. */
  readonly responseLength: string | undefined
  /** The upstream closes its connection behind the response. */
  readonly upstreamCloses: boolean
}

const STATUSES: ReadonlyArray<readonly [number, string]> = [
  [200, 'OK'],
  [200, ''],
  [200, 'Fine with me'],
  [201, 'Created'],
  [202, 'Accepted'],
  [206, 'Partial Content'],
  [301, 'Moved Permanently'],
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [404, 'Not Found'],
  [409, 'Conflict'],
  [422, 'caf\u00e9'],
  [429, 'Too Many Requests'],
  [500, 'Internal Server Error'],
  [503, 'Service Unavailable'],
  [599, 'Odd'],
]

/** `legal`: whatever a JSON-RPC request may be, however odd. `any`: what no upstream could make sense of, too. */
export type Requests = 'legal' | 'any'

/** Bytes. Beyond one read of a socket now and then; much more would only slow thousands of exchanges down. */
const HUGEST = 40_000

export function exchangePlan(random: Random, id: string, requests: Requests): ExchangePlan {
  const method = random.pick(['POST', 'POST', 'POST', 'POST', 'GET', 'DELETE', 'OPTIONS', 'HEAD'])
  return { id, method, ...requestPlan(random, id, method, requests), ...responsePlan(random, method) }
}

function requestPlan(random: Random, id: string, method: string, requests: Requests) {
  const http10 = random.chance(0.15)
  const close = http10 ? random.chance(0.7) : random.chance(0.1)
  const target = random.pick(['/mcp', '/mcp?', '/mcp?a=b&a=c', '/mcp?x=%2F%zz&y=~!$', "/mcp?{}|'"])
  const legal =
    method === 'POST' || random.chance(0.1) ? jsonRpcBody(random, { hugest: HUGEST }).bytes : Buffer.alloc(0)
  const [requestBody, mirrored] = requests === 'legal' ? [legal, []] : senseless(random, legal)
  const headers: HeaderList = [['X-Exchange', id], ...mirrored, ...requestHeaders(random)]
  const framed = requestBody.length > 0 || random.chance(0.5)
  const chunked = framed && !http10 && random.chance(0.3)
  const framing: [string, string][] = [['Host', 'localhost:4711']]
  if (close !== http10) framing.push(['Connection', close ? 'close' : 'keep-alive'])
  if (chunked) framing.push(['Transfer-Encoding', 'chunked'])
  else if (framed) framing.push(['Content-Length', String(requestBody.length)])
  const head = headBytes(`${method} ${target} HTTP/1.${http10 ? 0 : 1}`, [...framing, ...headers])
  const body = chunked ? inChunks(random, requestBody) : requestBody
  const requestParts = parts(random, Buffer.concat([head, body]))
  return { target, http10, close, requestHeaders: headers, requestBody, requestParts }
}

/** A body that is no JSON, or says one thing twice, or headers that say another than the body; or what was given. */
function senseless(random: Random, legal: Buffer): readonly [Buffer, HeaderList] {
  const kind = random.pick(['legal', 'octets', 'cut', 'text', 'duplicate', 'mismatch'])
  if (kind === 'octets') return [random.bytes(random.integer(1, 5_000)), []]
  if (kind === 'cut') return [legal.subarray(0, random.integer(0, legal.length)), []]
  if (kind === 'text') return [Buffer.from(random.pick(['a=b&c=d', '<xml/>', "{'id':1}", '[1,]', '\u0000', '  '])), []]
  if (kind === 'duplicate') return [Buffer.from('{"jsonrpc":"2.0","id":1,"method":"a","id":2,"method":"b"}'), []]
  if (kind === 'legal') return [legal, []]
  const said: HeaderList = [
    ['MCP-Protocol-Version', '2026-07-28'],
    ['Mcp-Method', 'prompts/get'],
  ]
  return [Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}'), said]
}

function responsePlan(random: Random, method: string) {
  const [status, reason] = random.pick(STATUSES)
  const [content, headers] = responseContent(random)
  const framing = random.pick<ResponseFraming>([
    'length',
    'length',
    'chunked',
    'chunked',
    'close',
    'http/1.0',
    'http/1.0 with length',
  ])
  const measured = framing === 'length' || framing === 'http/1.0 with length'
  const all: [string, string][] = [...headers, ...responseHeaders(random)].map(([name, value]) => [name, value])
  const implied = framing === 'close' || framing.startsWith('http/1.0')
  const upstreamCloses = implied || random.chance(0.1)
  const wire: [string, string][] = [...all]
  if (measured) wire.splice(random.integer(0, all.length), 0, ['Content-Length', String(content.length)])
  if (framing === 'chunked') wire.push(['Transfer-Encoding', 'chunked'])
  // A close that nothing announces can cross the next request on the wire: a fault, not an exchange that must pass.
  if (upstreamCloses && (!implied || random.chance(0.5))) wire.push(['Connection', 'close'])
  const head = headBytes(`HTTP/1.${framing.startsWith('http/1.0') ? 0 : 1} ${status} ${reason}`, wire)
  const bodiless = method === 'HEAD'
  const body = bodiless ? Buffer.alloc(0) : framing === 'chunked' ? inChunks(random, content) : content
  return {
    status,
    reason,
    responseHeaders: all,
    responseBody: bodiless ? Buffer.alloc(0) : content,
    responseParts: parts(random, Buffer.concat([head, body])),
    responseLength: measured ? String(content.length) : undefined,
    upstreamCloses,
  }
}

function responseContent(random: Random): readonly [Buffer, HeaderList] {
  const kind = random.pick(['json', 'json', 'sse', 'sse', 'gzip', 'br', 'octets', 'empty'])
  if (kind === 'empty') return [Buffer.alloc(0), []]
  if (kind === 'octets') return [random.bytes(random.integer(1, 500)), [['Content-Type', 'application/octet-stream']]]
  if (kind === 'sse') return [sseStream(random).bytes, [['Content-Type', 'text/event-stream; charset=utf-8']]]
  const { bytes } = jsonRpcBody(random, { hugest: HUGEST })
  if (kind === 'json') return [bytes, [['content-type', 'application/json']]]
  const coded =
    kind === 'gzip'
      ? gzipSync(bytes, { level: 1 })
      : brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })
  return [
    coded,
    [
      ['Content-Type', 'application/json'],
      ['Content-Encoding', kind],
    ],
  ]
}

function inChunks(random: Random, body: Buffer): Buffer {
  const pieces = body.length === 0 ? [] : cuts(random, body, 5)
  const chunks = pieces.map((piece) => {
    if (random.chance(0.9)) return chunkBytes(piece)
    const size = piece.length.toString(16).toUpperCase()
    return Buffer.concat([Buffer.from(`0${size};ext="v"${CRLF}`), piece, Buffer.from(CRLF)])
  })
  return Buffer.concat([...chunks, lastChunkBytes(random.chance(0.2) ? [['X-Trailer', 'dropped']] : [])])
}

function parts(random: Random, bytes: Buffer): Buffer[] {
  return random.chance(0.5) ? [bytes] : cuts(random, bytes, 6)
}
