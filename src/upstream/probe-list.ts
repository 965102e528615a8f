/** Reads a page of `tools/list` without parsing it: a list may be long, and traffic must not wait for it. */
import { Readers } from '../inspection/readers.ts'
import type { Envelope } from '../mcp/message.ts'
import type { Reading } from './probe-exchange.ts'

/** More than this is no list that anybody could use. */
const LIST_BYTES = 32 * 1024 * 1024

const readers = new Readers()

/** Gives the page, or why there is none. */
export class ListReading implements Reading<Envelope | string> {
  #reader: ReturnType<Readers['json']> | undefined
  #status = 0
  #bytes = 0
  #page: Envelope | undefined

  head(status: number, headers: Record<string, string | string[] | undefined>): void {
    this.#status = status
    const take = { message: (message: Envelope) => this.#take(message), invalid() {}, event() {} }
    const events = String(headers['content-type'] ?? '')
      .toLowerCase()
      .startsWith('text/event-stream')
    this.#reader = events ? readers.events(take) : readers.json(take)
  }

  data(chunk: Buffer): Envelope | string | undefined {
    this.#reader?.push(chunk)
    this.#bytes += chunk.length
    if (this.#page === undefined && this.#bytes <= LIST_BYTES) return undefined
    return this.end()
  }

  end(): Envelope | string {
    this.#reader?.end(true)
    this.#reader = undefined
    if (this.#page?.tools !== undefined) return this.#page
    const code = this.#page?.errorCode
    return code === undefined ? `answered ${this.#status} without a list` : `answered with the JSON-RPC error ${code}`
  }

  #take(message: Envelope): void {
    if (message.kind === 'response' || message.kind === 'error') this.#page ??= message
  }
}
