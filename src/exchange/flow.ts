/** The seam between the two halves of an exchange: what the upstream side may do to the downstream side, and back. */
import type { GatewayError } from '../errors.ts'
import type { ResponseHead } from './response-head.ts'

/** Sees the response of an exchange beside its bytes: always after them, never in their way. */
export interface Observer {
  /** The response head, as it goes downstream. */
  head(head: ResponseHead): void
  /** Body bytes that were just passed on. */
  data(chunk: Buffer): void
  /** The exchange is over; `x.outcome` says how on the wire. Calls back once its own verdict stands there instead. */
  end(done: () => void): void
}

/** The downstream half. Every call after its end is ignored. */
export interface Sink {
  /** Takes the response head; at most once. It leaves with the first bytes, or by `flush`. */
  head(head: ResponseHead): void
  /** No bytes came along with the head: sends it now. */
  flush(): void
  /** Sends body bytes. `false`: pause until `Source.resume`. */
  data(chunk: Buffer): boolean
  /** The response is complete. */
  end(): void
  /** The upstream side failed: an error answer if no head was sent yet, else a broken end. */
  fail(error: GatewayError): void
}

/** The upstream half. */
export interface Source {
  /** The downstream takes bytes again. */
  resume(): void
  /** The downstream is gone, or the exchange must end now: free everything at once. */
  abort(): void
}
