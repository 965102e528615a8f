/** Collects the text of response messages beside their bytes, bounded, for the rules that read them. */
import type { Observer } from '../../exchange/flow.ts'
import type { ResponseHead } from '../../exchange/response-head.ts'
import { SseScanner, type SseSink } from '../../mcp/sse.ts'

/** Why a text could not be read. */
export type Unreadable = 'too_large' | 'encoded' | 'invalid'

export interface TapOptions {
  /** Bytes of one text. */
  readonly most: number
  /** A text was read: a body, or the data of an event. `false`: no more of them are wanted. */
  readonly onText: (text: Buffer) => boolean
  readonly onUnreadable: (why: Unreadable) => void
  /** The exchange is over, and its operations have ended or go on elsewhere. */
  readonly onEnd: () => void
  /** A failure of our own; the exchange goes on. */
  readonly onFault: (error: unknown) => void
}

/** Stands before the exchange's observer, which sees everything first and as if this were not there. */
export class ResponseTap implements Observer {
  readonly #inner: Observer | undefined
  readonly #options: TapOptions
  #events: SseScanner | undefined = undefined
  #on = false
  #chunks: Buffer[] = []
  #length = 0

  constructor(inner: Observer | undefined, options: TapOptions) {
    this.#inner = inner
    this.#options = options
  }

  head(head: ResponseHead): void {
    this.#inner?.head(head)
    const encoding = head.get('content-encoding')
    if (encoding !== undefined && encoding !== 'identity') {
      this.#options.onUnreadable('encoded')
      return
    }
    this.#on = true
    if (head.stream) this.#events = new SseScanner(this.#sink())
  }

  data(chunk: Buffer): void {
    this.#inner?.data(chunk)
    if (!this.#on) return
    this.#safely(() => {
      if (this.#events === undefined) this.#collect(chunk)
      else this.#events.push(chunk)
    })
  }

  end(done: () => void): void {
    const finish = (): void => {
      this.#safely(() => {
        if (this.#on && this.#events === undefined) this.#deliver()
        this.#on = false
        this.#options.onEnd()
      })
      done()
    }
    if (this.#inner === undefined) finish()
    else this.#inner.end(finish)
  }

  #sink(): SseSink {
    return {
      data: (chunk, from, to) => this.#collect(chunk.subarray(from, to)),
      join: () => this.#collect(LINE_FEED),
      event: (hasData) => hasData && this.#deliver(),
    }
  }

  /** Copies: the chunk belongs to the socket. */
  #collect(bytes: Buffer): void {
    if (!this.#on) return
    this.#length += bytes.length
    if (this.#length <= this.#options.most) this.#chunks.push(Buffer.from(bytes))
    else this.#chunks = []
  }

  #deliver(): void {
    const length = this.#length
    const chunks = this.#chunks
    this.#length = 0
    this.#chunks = []
    if (!this.#on || length === 0) return
    if (length > this.#options.most) this.#options.onUnreadable('too_large')
    else if (!this.#options.onText(Buffer.concat(chunks))) this.#on = false
  }

  /** Whatever it throws, the traffic must not feel it. */
  #safely(read: () => void): void {
    try {
      read()
    } catch (error) {
      this.#on = false
      this.#options.onFault(error)
    }
  }
}

const LINE_FEED = Buffer.from('\n')
