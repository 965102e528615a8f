/** The request body of an exchange that streams it: the downstream's bytes as they come, at the upstream's pace. */
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { Exchange } from '../exchange/exchange.ts'

/** Whether a body follows the head; an announced empty one is none. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) > 0)
}

/**
 * Stands between the request and undici, which destroys the bodies it is given and would take the socket away from
 * under the response. Destroying this one leaves the request alive; its rest is swallowed.
 */
export class RequestBody extends Readable {
  readonly #req: IncomingMessage
  readonly #x: Exchange
  #attached = false

  constructor(req: IncomingMessage, x: Exchange) {
    super()
    this.#req = req
    this.#x = x
    // undici hears of errors by itself; whoever destroyed this body knows why.
    this.on('error', () => {})
  }

  override _read(): void {
    if (!this.#attached) {
      this.#attached = true
      this.#req.on('data', this.#onData).on('end', this.#onEnd)
    }
    this.#req.resume()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // Unattached, nothing was read yet, and another attempt may read it all. Unread bytes would stop the connection.
    if (this.#attached) this.#req.off('data', this.#onData).off('end', this.#onEnd).resume()
    done(error)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#x.requestBytes += chunk.length
    if (!this.push(chunk)) this.#req.pause()
  }

  readonly #onEnd = (): void => {
    this.push(null)
  }
}
