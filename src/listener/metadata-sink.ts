/** Stands before the downstream where the protected resource metadata of a route must name its public URL. */
import type { GatewayError } from '../errors.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Sink } from '../exchange/flow.ts'
import type { ResponseHead } from '../exchange/response-head.ts'
import { withResource } from '../mcp/well-known.ts'

/** Documents are a few hundred bytes; whatever is larger than this is none. */
const MAX_BYTES = 1024 * 1024

/** Request headers that would bring something else than the whole document as it is. */
export const WITHOUT = ['if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since', 'range']

/** They speak of the upstream's bytes. */
const OF_BYTES = [
  'accept-ranges',
  'content-digest',
  'content-length',
  'content-md5',
  'digest',
  'etag',
  'last-modified',
  'repr-digest',
]

/** Why a document passed as it came. */
export type Untouched = 'too_large' | 'encoded' | 'no_resource'

export class MetadataSink implements Sink {
  readonly #inner: Sink
  readonly #method: string
  readonly #resource: string
  readonly #onUntouched: (why: Untouched) => void
  /** There while a document is being gathered. */
  #head: ResponseHead | undefined = undefined
  #chunks: Buffer[] = []
  #size = 0

  constructor(inner: Sink, x: Exchange, resource: string, onUntouched: (why: Untouched) => void) {
    this.#inner = inner
    this.#method = x.method
    this.#resource = resource
    this.#onUntouched = onUntouched
  }

  head(head: ResponseHead): void {
    const encoding = head.get('content-encoding') ?? 'identity'
    const document = head.status === 200 && isJson(head.get('content-type'))
    if (document && encoding !== 'identity') this.#onUntouched('encoded')
    else if (document && this.#method === 'GET') {
      this.#head = head
      return
    } else if (document && this.#method === 'HEAD') forgetBytes(head)
    this.#inner.head(head)
  }

  flush(): void {
    if (this.#head === undefined) this.#inner.flush()
  }

  data(chunk: Buffer): boolean {
    if (this.#head === undefined) return this.#inner.data(chunk)
    this.#chunks.push(chunk)
    this.#size += chunk.length
    return this.#size <= MAX_BYTES || this.#untouched(this.#head, 'too_large')
  }

  end(): void {
    const head = this.#head
    if (head !== undefined) {
      const document = withResource(Buffer.concat(this.#chunks).toString(), this.#resource)
      if (document === undefined) this.#untouched(head, 'no_resource')
      else this.#send(head, Buffer.from(document))
    }
    this.#inner.end()
  }

  fail(error: GatewayError): void {
    this.#inner.fail(error)
  }

  #send(head: ResponseHead, document: Buffer): void {
    forgetBytes(head)
    head.set('content-length', String(document.length))
    this.#inner.head(head)
    this.#inner.data(document)
  }

  #untouched(head: ResponseHead, why: Untouched): boolean {
    const bytes = Buffer.concat(this.#chunks)
    this.#head = undefined
    this.#chunks = []
    this.#onUntouched(why)
    this.#inner.head(head)
    return this.#inner.data(bytes)
  }
}

function forgetBytes(head: ResponseHead): void {
  for (const name of OF_BYTES) head.remove(name)
}

function isJson(type: string | undefined): boolean {
  return type !== undefined && /^\s*application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type)
}
