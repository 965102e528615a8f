/** The verdict on operations whose response message did not pass, and on the exchange that carried them. Pure. */
import type { Exchange } from '../exchange/exchange.ts'
import type { Operation } from '../exchange/operation.ts'
import type { Envelope } from '../mcp/message.ts'
import { type OperationVerdict, verdictOf } from './verdict.ts'

export interface Leftover {
  /** A JSON-RPC error that named no operation of the exchange. */
  readonly stray: Envelope | undefined
  /** Why the response could not be read; empty: it could. */
  readonly unread: string
  /** The response may still come on another stream of the session. */
  readonly resumable: boolean
}

const CANCELLED: OperationVerdict = { outcome: 'downstream_closed', errorType: 'cancelled' }
/** A stream that ends without the response is an upstream that went away; a body without it is one that makes no sense. */
const CUT_SHORT: OperationVerdict = { outcome: 'upstream_reset', errorType: 'no_response' }
const SENSELESS: OperationVerdict = { outcome: 'unknown', errorType: 'no_response' }

/** Its stream was ended by us, at an event boundary. */
const DRAINED: OperationVerdict = { outcome: 'gateway_error', errorType: 'drain_deadline' }

/** `undefined`: it goes on elsewhere. */
export function unanswered(operation: Operation, x: Exchange, leftover: Leftover): OperationVerdict | undefined {
  const { outcome, errorType } = x
  if (outcome === 'http_error') return leftover.stray === undefined ? { outcome, errorType } : verdictOf(leftover.stray)
  // A notification ends with its acknowledgement.
  if (operation.id === undefined) return { outcome, errorType }
  const clean = outcome === 'ok'
  if (clean && leftover.unread !== '') return { outcome: 'unknown', errorType: leftover.unread }
  const lost = clean || outcome === 'downstream_closed' || outcome === 'upstream_reset'
  if (operation.cancelled && lost) return CANCELLED
  if (lost && leftover.resumable) return undefined
  if (clean && x.interrupted) return DRAINED
  // One error without an id for a whole batch.
  if (clean && leftover.stray !== undefined && leftover.stray.id == null) return verdictOf(leftover.stray)
  if (clean) return x.stream ? CUT_SHORT : SENSELESS
  return { outcome, errorType }
}

/** How the exchange truly ended, where nothing went wrong on the wire. Writes it on the exchange. */
export function exchangeVerdict(x: Exchange, stray: Envelope | undefined, unread: string): void {
  if (x.outcome !== 'ok' && x.outcome !== 'http_error') return
  const [only] = x.operations
  if (only?.resultType === 'fallback_probe') {
    x.outcome = only.outcome
    x.errorType = only.errorType
    return
  }
  if (x.outcome === 'ok' && unread !== '' && unread !== 'invalid_json') {
    x.outcome = 'unknown'
    x.errorType = unread
    return
  }
  for (const { endedAt, outcome, errorType } of x.operations) {
    if (endedAt === 0 || outcome === 'ok') continue
    x.outcome = outcome
    x.errorType = errorType
    return
  }
  if (x.outcome === 'ok' || stray === undefined) return
  const verdict = verdictOf(stray)
  x.outcome = verdict.outcome
  x.errorType = verdict.errorType
}
