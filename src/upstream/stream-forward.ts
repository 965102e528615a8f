/** The upstream half of an exchange that is not MCP: any path, and the request body streamed as it comes. */
import type { IncomingMessage } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Chain } from '../exchange/chain.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Sink } from '../exchange/flow.ts'
import { Forward, type Target } from './forward.ts'
import { hasBody, RequestBody } from './request-body.ts'

/** Where a passthrough path leads. */
export interface StreamTarget extends Target {
  /** The upstream's path; `undefined`: the downstream's own. The query is the downstream's either way. */
  readonly path: string | undefined
}

export class StreamForward extends Forward {
  readonly #req: IncomingMessage
  #body: RequestBody | undefined = undefined
  /** Whether it was, even if it has ended since. */
  started = false

  constructor(x: Exchange, sink: Sink, chain: Chain, target: StreamTarget, req: IncomingMessage) {
    super(x, sink, chain, target)
    this.#req = req
  }

  override start(): void {
    this.started = true
    super.start()
  }

  protected override request(x: Exchange, target: StreamTarget): Dispatcher.DispatchOptions {
    const options = super.request(x, target)
    const query = x.url.indexOf('?')
    if (target.path === undefined) options.path = x.url
    else options.path = query < 0 ? target.path : target.path + x.url.slice(query)
    if (!hasBody(this.#req)) return options
    const length = x.headers['content-length']
    // With its length undici sends the body as it was framed; without, in chunks.
    if (length !== undefined) (options.headers as string[]).push('content-length', length)
    this.#body = new RequestBody(this.#req, x)
    options.body = this.#body
    return options
  }

  protected override free(reusable: boolean): void {
    const body = this.#body
    this.#body = undefined
    // First, so that whoever swallows the unread rest of the request is alone with it.
    if (body !== undefined) body.destroy()
    // An answer that came before the whole request leaves the rest of it nowhere to go.
    super.free(reusable && (body === undefined || body.readableEnded))
  }
}
