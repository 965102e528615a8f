/** Collects what the event stream scanner tells, so that two readings can be compared. Bytes stand as latin-1 text. */
import { SseScanner, type SseSink } from '../../src/mcp/sse.ts'

export interface Dispatched {
  readonly data: string | undefined
  readonly type: string
  readonly hasId: boolean
  readonly bytes: number
}

export interface Reading {
  readonly events: readonly Dispatched[]
  readonly comments: number
  readonly retry: number | undefined
  readonly anyId: boolean
  readonly whole: boolean
}

/** Reads the chunks as one stream. */
export function collect(chunks: readonly Buffer[]): Reading {
  const events: Dispatched[] = []
  let comments = 0
  let data = ''
  const sink: SseSink = {
    data: (chunk, from, to) => {
      if (from >= to) throw new RangeError('an empty piece of data')
      data += chunk.toString('latin1', from, to)
    },
    join: () => {
      data += '\n'
    },
    event: (hasData) => {
      if (!hasData && data !== '') throw new Error('data was handed on that the event does not own')
      const { type, hasId, eventBytes } = scanner
      events.push({ data: hasData ? data : undefined, type, hasId, bytes: eventBytes })
      data = ''
    },
    comment: () => {
      comments++
    },
  }
  const scanner = new SseScanner(sink)
  for (const chunk of chunks) scanner.push(chunk)
  const whole = scanner.end()
  const { retry, anyId } = scanner
  return { events, comments, retry, anyId, whole }
}

/** The bytes in pieces that end at these places (and at the end). */
export function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places.toSorted((a, b) => a - b), bytes.length]
  return sorted.slice(1).map((to, i) => bytes.subarray(sorted[i], to))
}

export function eachByte(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))
}
