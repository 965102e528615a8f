/** What every inspection of a gateway shares; wired in the composition root. */
import type { Exchange } from '../exchange/exchange.ts'
import type { ModernAnswer } from '../mcp/fallback.ts'
import type { Envelope } from '../mcp/message.ts'
import type { SessionRegistry } from '../session/registry.ts'
import type { InflateResult, Inflater } from './inflate.ts'
import type { Operations } from './operations.ts'
import type { Readers } from './readers.ts'

export interface InspectionParts {
  readonly sessions: SessionRegistry
  readonly operations: Operations
  readonly readers: Readers
  readonly inflater: (
    contentEncoding: string,
    onData: (chunk: Buffer) => void,
    onEnd: (result: InflateResult) => void,
  ) => Inflater | undefined
  /** Bytes that a request may have when inflated. */
  readonly requestBytes: number
  /** The endpoint that an exchange went to. */
  readonly endpointOf: (upstream: string) => string
  /** Every message that was read, either way. */
  readonly onMessage: (x: Exchange, message: Envelope, from: 'downstream' | 'upstream') => void
  /** A page of a list of tools or prompts. */
  readonly onList: (x: Exchange, page: Envelope, cursor: string | undefined) => void
  /** An `initialize` was read. */
  readonly onInitialize: (x: Exchange) => void
  /** The upstream answered a request of 2026-07-28. */
  readonly onModernAnswer: (x: Exchange, answer: ModernAnswer) => void
  /** A body that could not be read, and why. */
  readonly onUnread: (upstream: string, body: 'request' | 'response', reason: string) => void
  /** A failure of our own; the exchange goes on. */
  readonly onFault: (error: unknown, x: Exchange) => void
}
