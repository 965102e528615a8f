/** Generates `text/event-stream` bytes in all their legal spellings, together with the events a reader must see in them. */
import { jsonRpcBody } from './payloads.ts'
import type { Random } from './random.ts'

export interface SseEvent {
  /** `message` when the stream names no other. */
  readonly type: string
  readonly data: string
  /** The last id seen up to here, empty when there was none. */
  readonly lastEventId: string
}

export interface GeneratedStream {
  readonly bytes: Buffer
  /** Events that a reader dispatches, in order. Blocks without data dispatch none. */
  readonly events: readonly SseEvent[]
  /** Valid `retry:` values in order. */
  readonly retries: readonly number[]
}

export interface StreamOptions {
  /** Blocks to write. Default 1 to 20. */
  readonly blocks?: number
  /** Whether the last block may lack its empty line, so that its event is never dispatched. Default true. */
  readonly unfinished?: boolean
}

type LineEnd = '\n' | '\r' | '\r\n'
const LINE_ENDS: readonly LineEnd[] = ['\n', '\r', '\r\n']
const NAMES = ['event', 'message', 'endpoint', 'žlutý', 'a:b']
const COMMENTS = ['', ' keep-alive', 'no blank', ' data: not data', ': :']
const UNKNOWN = ['dat', 'Data: upper case', 'data2: x', ' data: blank before', 'foo:bar']
const TEXTS = ['', ' ', '  two blanks', 'žluťoučký', '😀', 'x:y', 'data: nested', '\u0000', '\ufeff']

export function sseStream(random: Random, options: StreamOptions = {}): GeneratedStream {
  const writer = new StreamWriter(random)
  const blocks = options.blocks ?? random.integer(1, 20)
  for (let block = 0; block < blocks; block++) {
    writer.block(options.unfinished !== false && block === blocks - 1 && random.chance(0.2))
  }
  return { bytes: Buffer.from(writer.text), events: writer.events, retries: writer.retries }
}

class StreamWriter {
  text: string
  readonly events: SseEvent[] = []
  readonly retries: number[] = []
  readonly #random: Random
  // One line end for the whole stream, or undefined for a mix.
  readonly #lineEnd: LineEnd | undefined
  #lastEventId = ''

  constructor(random: Random) {
    this.#random = random
    this.#lineEnd = random.chance(0.6) ? random.pick(LINE_ENDS) : undefined
    this.text = random.chance(0.1) ? '\ufeff' : ''
  }

  block(unfinished: boolean): void {
    const random = this.#random
    let type = ''
    let data: string[] | undefined
    for (let line = random.integer(1, 6); line > 0; line--) {
      const kind = random.pick(['data', 'data', 'data', 'event', 'id', 'retry', 'comment', 'unknown', 'bare'])
      if (kind === 'data') data = [...(data ?? []), this.#field('data', this.#data())]
      else if (kind === 'event') type = this.#field('event', random.pick(NAMES))
      else if (kind === 'id') this.#id()
      else if (kind === 'retry') this.#retry()
      else if (kind === 'comment') this.#line(`:${random.pick(COMMENTS)}`)
      else if (kind === 'unknown') this.#line(random.pick(UNKNOWN))
      else {
        this.#line('data')
        data = [...(data ?? []), '']
      }
    }
    if (unfinished) return
    this.#line('')
    if (data !== undefined) {
      this.events.push({ type: type || 'message', data: data.join('\n'), lastEventId: this.#lastEventId })
    }
  }

  #id(): void {
    const id = this.#random.pick(['', '0', `e-${this.#random.bits()}`, 'žid', 'with\u0000nul'])
    this.#field('id', id)
    if (!id.includes('\u0000')) this.#lastEventId = id
  }

  #retry(): void {
    const retry = this.#random.pick(['5000', '0', '1e3', '-1', '', 'soon', '250'])
    this.#field('retry', retry)
    if (/^[0-9]+$/.test(retry)) this.retries.push(Number(retry))
  }

  #data(): string {
    if (this.#random.chance(0.5)) return this.#random.pick(TEXTS)
    const among = ['exotic-number', 'escapes', 'raw-unicode', 'lone-surrogate', 'duplicate-key'] as const
    return jsonRpcBody(this.#random, {
      kind: this.#random.pick(['request', 'result', 'error']),
      among,
    }).bytes.toString()
  }

  // Exactly one blank after the colon is not part of the value, so a value that begins with one needs another.
  #field(name: string, value: string): string {
    const blank = value.startsWith(' ') || this.#random.chance(0.8) ? ' ' : ''
    this.#line(`${name}:${blank}${value}`)
    return value
  }

  #line(content: string): void {
    const end = this.#lineEnd ?? this.#random.pick(LINE_ENDS)
    // After a CR, an empty line that ends in LF would be read as the second half of one CRLF.
    const merges = content === '' && end === '\n' && this.text.endsWith('\r')
    this.text += content + (merges ? '\r' : end)
  }
}
