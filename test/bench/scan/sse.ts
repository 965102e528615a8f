/** What reading an event stream costs, beside a published parser in the same run: alternating, medians. Takes about two seconds. */
import { createParser } from 'eventsource-parser'
import { SseScanner } from '../../../src/mcp/sse.ts'

const ROUNDS = 9
const CHUNK = 65_536

export interface SseRow {
  readonly what: string
  readonly bytes: number
  /** Nanoseconds for all of it, medians: the published parser, decoding included, and the scanner. */
  readonly parse: number
  readonly scan: number
}

interface Payload {
  readonly name: string
  readonly chunks: readonly Buffer[]
  readonly events: number
  readonly bytes: number
}

function payload(name: string, event: string, events: number, chunkBytes = CHUNK): Payload {
  const bytes = Buffer.from(event.repeat(events))
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(bytes.subarray(at, at + chunkBytes))
  return { name, chunks, events, bytes: bytes.length }
}

function payloads(): Payload[] {
  const progress =
    'event: message\nid: 3f2b7c1e_17\ndata: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":7,"progress":17,"total":100,"message":"working"}}\n\n'
  const text = 'Lorem ipsum dolor sit amet, consectetur adipiscing elit. '
  const large = `event: message\ndata: {"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"${text.repeat(18_000)}"}]}}\n\n`
  const lines = `${`data: ${text}\n`.repeat(20)}\n`
  return [
    payload('many events of 165 bytes', progress, 50_000),
    payload('the same, each in a chunk of its own', progress, 50_000, progress.length),
    payload('the same with CR LF', progress.replaceAll('\n', '\r\n'), 50_000),
    payload('events of 20 short data lines', lines, 6_000),
    payload('few events of 1 MB', large, 32),
  ]
}

function scan({ chunks, events }: Payload): void {
  let data = 0
  let seen = 0
  const scanner = new SseScanner({
    data(_, from, to) {
      data += to - from
    },
    join() {
      data++
    },
    event(hasData) {
      if (hasData) seen++
    },
  })
  for (const chunk of chunks) scanner.push(chunk)
  check(seen === events && data > 0)
}

function parse({ chunks, events }: Payload): void {
  let data = 0
  let seen = 0
  const parser = createParser({
    onEvent(event) {
      data += event.data.length
      seen++
    },
  })
  // It reads text: decoding is part of reading bytes with it.
  const decoder = new TextDecoder()
  for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }))
  check(seen === events && data > 0)
}

function check(right: boolean): void {
  if (!right) throw new Error('not every event was seen')
}

export function sseRows(): SseRow[] {
  return payloads().map((subject) => {
    const parsing: number[] = []
    const scanning: number[] = []
    // The first round warms up.
    for (let round = 0; round <= ROUNDS; round++) {
      const figures = [nanoseconds(parse, subject), nanoseconds(scan, subject)] as const
      if (round === 0) continue
      parsing.push(figures[0])
      scanning.push(figures[1])
    }
    const { name, bytes } = subject
    return { what: name, bytes, parse: median(parsing), scan: median(scanning) }
  })
}

function nanoseconds(run: (subject: Payload) => void, subject: Payload): number {
  const began = performance.now()
  run(subject)
  return (performance.now() - began) * 1e6
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}
