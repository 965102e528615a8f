/** The contract between Sidelight and its interceptors, built in or your own: `import type { Interceptor } from 'sidelight/interceptor'`. */
import type { ErrorCode } from '../errors.ts'
import type { Envelope } from '../mcp/message.ts'
import type { Exchange } from './exchange.ts'
import type { Outcome } from './outcome.ts'
import type { ResponseHead } from './response-head.ts'

export type { Envelope } from '../mcp/message.ts'
export type { Exchange } from './exchange.ts'
export type { Operation } from './operation.ts'
export type { Outcome } from './outcome.ts'
export type { ResponseHead } from './response-head.ts'

/** Answers in the upstream's place. */
export interface Answer {
  readonly action: 'answer'
  /** HTTP status. */
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** Refuses the request with a JSON-RPC error. */
export interface Refusal {
  readonly action: 'refuse'
  /** Which entry of the error table answers; `refused` unless told. */
  readonly code?: ErrorCode
  /** HTTP status; that of the code unless told. Never 404: with a session id that means "session gone". */
  readonly status?: number
  /** What the downstream is told. */
  readonly message?: string
}

export type Verdict = Answer | Refusal

/**
 * A named step that sees every exchange of every route. The first listed sees the request first and the response last.
 * Phases that are missing cost nothing; one that returns no promise costs no promise. One that throws fails its
 * exchange with a clear error, or is passed over with `failOpen: true`; it never fails the process.
 */
export interface Interceptor {
  /** Metric label, span event and log field: a short constant. */
  readonly name: string
  /** The request was read whole; nothing has been sent to the upstream yet. */
  onRequest?(x: Exchange): undefined | Verdict | Promise<undefined | Verdict>
  /** The upstream's response head arrived; nothing has been sent to the downstream yet. */
  onResponse?(x: Exchange, head: ResponseHead): undefined | Promise<undefined>
  /**
   * Every JSON-RPC message that could be read, either way, beside the bytes: it has been sent on already, or is about to
   * be. `from` is the side that sent it.
   */
  onMessage?(x: Exchange, message: Envelope, from: 'downstream' | 'upstream'): undefined
  /** Once, after the last byte, whichever side ended it. */
  onEnd?(x: Exchange, outcome: Outcome): undefined
}

/** What a user's module exports as default: makes an interceptor from the `options` of the configuration. */
export type InterceptorFactory = (options: Readonly<Record<string, unknown>>) => Interceptor | Promise<Interceptor>
