/** The envelope scanner beside `JSON.parse`: payloads in MB/s, small messages in nanoseconds. */
import { EnvelopeScanner, scanRequest } from '../../../src/mcp/envelope.ts'

const ROUNDS = 15
/** Each measurement repeats its subject for about this long. */
const MILLISECONDS = 25

export interface Row {
  readonly what: string
  readonly bytes: number
  /** Nanoseconds, medians of the rounds. */
  readonly parse: number
  readonly scan: number
}

interface Subject {
  readonly what: string
  readonly body: Buffer
  readonly scan: (body: Buffer) => void
}

function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i))
}

function response(result: unknown): Buffer {
  return Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 7, result }))
}

const MEGABYTE = 1_000_000
const sentence = 'The quick brown fox jumps over the lazy dog, and nobody minds.\n'
const record = (i: number) => ({ id: i, name: `item ${i}`, tags: ['a', 'b'], at: { x: 1.5, y: -2, on: true } })

const payloads: Readonly<Record<string, Buffer>> = {
  'text, 1 MB': response({ content: [{ type: 'text', text: sentence.repeat(MEGABYTE / sentence.length) }] }),
  'base64, 1 MB': response({ content: [{ type: 'image', data: 'iVBORw0KGgo'.repeat(MEGABYTE / 11) }] }),
  'JSON quoted in text, 1 MB': response({ content: [{ type: 'text', text: JSON.stringify(times(11_500, record)) }] }),
  'small nested objects, 1 MB': response({ structuredContent: times(12_500, record) }),
  'numbers, 1 MB': response({ structuredContent: times(110_000, (i) => i * 97 + (i % 3 === 0 ? 0.5 : 0)) }),
}

const call = Buffer.from(
  JSON.stringify({
    jsonrpc: '2.0',
    id: 12,
    method: 'tools/call',
    params: { name: 'search_documents', arguments: { query: 'lazy dogs', limit: 10, exact: false } },
  }),
)
const modernCall = Buffer.from(
  JSON.stringify({
    jsonrpc: '2.0',
    id: 'b2b7c2a0-0000-4000-8000-1234567890ab',
    method: 'tools/call',
    params: {
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'example-client', version: '1.4.2' },
        'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      },
      name: 'search_documents',
      arguments: { query: 'lazy dogs', limit: 10 },
    },
  }),
)
const answer = response({ content: [{ type: 'text', text: 'Nobody minds the fox, says dog.' }], isError: false })

let seen = 0

function subjects(): Subject[] {
  const scanner = new EnvelopeScanner((message) => {
    seen += message.bytes
  })
  const scan = (body: Buffer) => {
    scanner.push(body)
    scanner.end()
  }
  const inChunks = (body: Buffer) => {
    for (let at = 0; at < body.length; at += 65_536) scanner.push(body, at, Math.min(body.length, at + 65_536))
    scanner.end()
  }
  const strict = (body: Buffer) => {
    seen += scanRequest(body).messages.length
  }
  const large = Object.entries(payloads)
  return [
    { what: `request, ${call.length} bytes`, body: call, scan: strict },
    { what: `2026-07-28 request, ${modernCall.length} bytes`, body: modernCall, scan: strict },
    { what: `response, ${answer.length} bytes`, body: answer, scan },
    ...large.map(([what, body]) => ({ what, body, scan })),
    ...large.map(([what, body]) => ({ what: `${what}, in chunks of 64 KiB`, body, scan: inChunks })),
    ...large.map(([what, body]) => ({ what: `${what}, strictly`, body, scan: strict })),
  ]
}

function parse(body: Buffer): void {
  const { id } = JSON.parse(body.toString()) as { readonly id: unknown }
  if (id !== undefined) seen++
}

function nanoseconds(run: (body: Buffer) => void, body: Buffer, count: number): number {
  const began = performance.now()
  for (let i = 0; i < count; i++) run(body)
  return ((performance.now() - began) * 1e6) / count
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}

/** How often to run it in one measurement; warms it up too. */
function calibrate(run: (body: Buffer) => void, body: Buffer): number {
  let count = 1
  while (nanoseconds(run, body, count) * count < (MILLISECONDS * 1e6) / 2) count *= 2
  return count
}

/** Scanner and baseline by turns, all subjects in each round. */
export function envelopeRows(): Row[] {
  const all = subjects().map((subject) => ({
    ...subject,
    counts: [calibrate(parse, subject.body), calibrate(subject.scan, subject.body)] as const,
    taken: [[], []] as readonly [number[], number[]],
  }))
  for (let round = 0; round < ROUNDS; round++) {
    for (const { body, scan, counts, taken } of all) {
      taken[0].push(nanoseconds(parse, body, counts[0]))
      taken[1].push(nanoseconds(scan, body, counts[1]))
    }
  }
  if (seen === 0) throw new Error('nothing was read')
  return all.map(({ what, body, taken }) => ({
    what,
    bytes: body.length,
    parse: median(taken[0]),
    scan: median(taken[1]),
  }))
}
