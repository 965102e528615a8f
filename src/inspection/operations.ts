/** Follows operations from their request to their end, across the exchanges of a session. */
import { type Direction, Operation, type OperationFacts } from '../exchange/operation.ts'
import type { Outcome } from '../exchange/outcome.ts'
import type { Envelope, RequestId } from '../mcp/message.ts'
import type { EndedBy, Pending, Session } from '../session/session.ts'
import { OpenOperations } from './open-operations.ts'
import { verdictOf } from './verdict.ts'

/** Followed on one session, in one direction; with more adrift, the oldest of those is given up. */
const MOST_OPEN = 256

/** Milliseconds after which an operation adrift is given up even while its session has streams open. */
const LONGEST_ADRIFT_MS = 3_600_000

export interface OperationsOptions {
  /** Milliseconds that an operation whose exchange is over waits for its response, while its session has no stream. */
  readonly abandonAfter: number
  /** Milliseconds, like `performance.now()`. */
  readonly now: () => number
  /** Is told of every operation once, at its end. */
  readonly ended: (operation: Operation) => void
}

/** Kept for sessions that get something to wait for; more only come from a burst. */
const MOST_SPARE = 64

type SessionList = OpenOperations<SessionOperations>

/** The open operations of one session, both ways. */
class SessionOperations implements Pending {
  readonly server: SessionList = new OpenOperations(this)
  readonly client: SessionList = new OpenOperations(this)
  session: Session | undefined = undefined
  readonly #onSessionEnded: (operation: Operation, by: EndedBy) => void

  constructor(onSessionEnded: (operation: Operation, by: EndedBy) => void) {
    this.#onSessionEnded = onSessionEnded
  }

  get size(): number {
    return this.server.size + this.client.size
  }

  ended(by: EndedBy): void {
    for (const open of [this.server, this.client]) {
      for (const operation of open) {
        open.delete(operation)
        this.#onSessionEnded(operation, by)
      }
    }
  }
}

export class Operations {
  readonly #options: OperationsOptions
  /** Sessions with operations adrift, each with the time when a stream of it was last known to be open. */
  readonly #adrift = new Map<Session, number>()
  /** Most calls are the only one of their session: what holds them is used again. */
  readonly #spare: SessionOperations[] = []

  constructor(options: OperationsOptions) {
    this.#options = options
  }

  /** Begins one; with a session, its response is found on any of that session's streams. */
  begin(facts: OperationFacts, session: Session | undefined): Operation {
    const operation = new Operation(facts)
    if (session === undefined || facts.id === undefined || session.ended !== undefined) return operation
    const open = this.#of(session)[facts.direction]
    // One more than that is found by its own exchange only; searches are linear.
    if (open.size < MOST_OPEN) open.add(operation)
    return operation
  }

  find(session: Session, direction: Direction, id: RequestId): Operation | undefined {
    return (session.pending as SessionOperations | undefined)?.[direction].find(id)
  }

  /** Its response message has passed. */
  answer(operation: Operation, message: Envelope): void {
    const { outcome, errorType } = verdictOf(message)
    const { resultType } = message
    operation.responseBytes = message.bytes
    operation.errorMessage = message.errorMessage
    if (resultType !== undefined && resultType !== 'complete')
      operation.resultType = resultType === 'input_required' ? resultType : '_other'
    this.end(operation, outcome, errorType)
  }

  /** Its exchange is over, and its response may still come on another stream of the session. */
  leave(operation: Operation, session: Session): void {
    if (operation.endedAt > 0) return
    const now = this.#options.now()
    operation.adriftAt = now
    this.#adrift.set(session, now)
    const open = this.#of(session)[operation.direction]
    // It may have begun before its session did.
    if (!open.has(operation)) {
      // Or in another one: `initialize` may name an old session and be given a new one.
      if (operation.list !== undefined) this.#leaveList(operation.list as SessionList, operation)
      open.add(operation)
    }
    if (open.size > MOST_OPEN) this.#giveUpOldest(open)
  }

  end(operation: Operation, outcome: Outcome, errorType: string): void {
    if (operation.endedAt > 0) return
    // Where it waits, which is not always the session of its response: `initialize` may name an old one.
    const list = operation.list as SessionList | undefined
    if (list !== undefined) this.#leaveList(list, operation)
    operation.endedAt = this.#options.now()
    operation.outcome = outcome
    operation.errorType = errorType
    this.#options.ended(operation)
  }

  /** Gives up what has waited too long. Called by a timer. */
  sweep(): void {
    const now = this.#options.now()
    const { abandonAfter } = this.#options
    for (const [session, openAt] of this.#adrift) {
      if (session.openStreams > 0) this.#adrift.set(session, now)
      const quiet = session.openStreams === 0 && now - openAt >= abandonAfter
      if (this.#sweep(session, now, quiet ? abandonAfter : LONGEST_ADRIFT_MS) === 0) this.#adrift.delete(session)
    }
  }

  #leaveList(list: SessionList, operation: Operation): void {
    list.delete(operation)
    const pending = list.of
    const { session } = pending
    // A session with something pending counts as in use.
    if (pending.size > 0 || session?.pending !== pending) return
    session.pending = undefined
    pending.session = undefined
    if (this.#spare.length < MOST_SPARE) this.#spare.push(pending)
  }

  #of(session: Session): SessionOperations {
    const pending = session.pending as SessionOperations | undefined
    if (pending !== undefined) return pending
    const made = this.#spare.pop() ?? new SessionOperations(this.#sessionEnded)
    made.session = session
    session.pending = made
    return made
  }

  #giveUpOldest(open: SessionList): void {
    for (const operation of open) {
      if (operation.adriftAt === 0) continue
      this.end(operation, 'timeout', 'abandoned')
      return
    }
  }

  /** How many are still adrift. */
  #sweep(session: Session, now: number, limit: number): number {
    const pending = session.pending as SessionOperations | undefined
    if (pending === undefined) return 0
    let adrift = 0
    for (const open of [pending.server, pending.client]) {
      for (const operation of open) {
        if (operation.adriftAt === 0) continue
        if (now - operation.adriftAt < limit) adrift++
        else if (operation.cancelled) this.end(operation, 'downstream_closed', 'cancelled')
        else this.end(operation, 'timeout', 'abandoned')
      }
    }
    return adrift
  }

  /** What an exchange still carries ends with it; the rest ends here. */
  readonly #sessionEnded = (operation: Operation, by: EndedBy): void => {
    if (operation.adriftAt === 0) return
    this.end(operation, outcomeOf(by), 'session_ended')
  }
}

function outcomeOf(by: EndedBy): Outcome {
  switch (by) {
    case 'delete':
      return 'downstream_closed'
    case 'upstream_404':
    case 'restart':
    case 'stream_lost':
      return 'upstream_reset'
    default:
      return 'gateway_error'
  }
}
