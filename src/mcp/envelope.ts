/** Reads the envelopes of JSON-RPC messages from bytes that come in pieces, without parsing their payload. Pure. */
import type { Envelope } from './message.ts'

export interface EnvelopeOptions {
  /** Requests: the document is valid exactly when `JSON.parse` would take it. Otherwise skipped strings are not looked into. */
  readonly strict?: boolean
  /** Read the items of `result.tools` and `result.prompts`. */
  readonly lists?: boolean
}

export class EnvelopeScanner {
  /** May be switched between documents. */
  lists: boolean
  readonly #onMessage: (message: Envelope) => void
  #batch = false

  constructor(onMessage: (message: Envelope) => void, options: EnvelopeOptions = {}) {
    this.#onMessage = onMessage
    this.lists = options.lists ?? false
  }

  /** The last or current document is an array. */
  get batch(): boolean {
    return this.#batch
  }

  /** Never throws (but for what `onMessage` throws). */
  push(_chunk: Buffer, _from?: number, _to?: number): void {
    void this.#onMessage
  }

  /** The document is over. Whether it was exactly one complete JSON value, an object or an array of objects. */
  end(): boolean {
    return false
  }

  /** Forgets the document that was begun. */
  reset(): void {}
}

export interface ScannedRequest {
  readonly messages: readonly Envelope[]
  readonly batch: boolean
  /** One object, or an array of objects. Without it, a `wellFormed` body is JSON, but no JSON-RPC. */
  readonly valid: boolean
  /** `JSON.parse` would take it, up to 512 levels. */
  readonly wellFormed: boolean
}

/** The messages of a whole request body, strictly. */
export function scanRequest(_body: Buffer, _options?: { readonly lists?: boolean }): ScannedRequest {
  return { messages: [], batch: false, valid: false, wellFormed: false }
}
