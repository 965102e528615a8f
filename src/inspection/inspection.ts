/** Sees one exchange beside its bytes: its messages, its operations, its session, and how it truly ended. */
import type { Exchange } from '../exchange/exchange.ts'
import type { Observer } from '../exchange/flow.ts'
import type { Operation } from '../exchange/operation.ts'
import type { ResponseHead } from '../exchange/response-head.ts'
import { answeredProbe, type ModernAnswer } from '../mcp/fallback.ts'
import type { Envelope } from '../mcp/message.ts'
import { MODERN, revisionLabel, revisionOf } from '../mcp/revision.ts'
import type { Session } from '../session/session.ts'
import { contentKind } from './content-kind.ts'
import type { Inflater } from './inflate.ts'
import { isCall, OwnOperations } from './own-operations.ts'
import type { InspectionParts } from './parts.ts'
import type { BodyReader, MessageSink } from './readers.ts'
import { SessionLink } from './session-link.ts'
import { exchangeVerdict, type Leftover, unanswered } from './unanswered.ts'

/** Milliseconds that the verdict waits for what is still being inflated. */
const INFLATE_GRACE_MS = 1_000

const NO_OPERATIONS: readonly Operation[] = []

export class Inspection implements Observer, MessageSink {
  readonly #x: Exchange
  readonly #parts: InspectionParts
  readonly #link: SessionLink
  #reader: BodyReader | undefined = undefined
  #inflater: Inflater | undefined = undefined
  #isJson = false
  /** What the upstream asked on a stream that has no session: nothing can answer it that we could match. */
  #asked: Operation[] | undefined = undefined
  /** The last JSON-RPC error that answers none of the operations. */
  #stray: Envelope | undefined = undefined
  #own: OwnOperations | undefined = undefined
  /** Why the response could not be read; empty: it could. */
  #unread = ''
  #resumable = false
  #timer: NodeJS.Timeout | undefined = undefined
  #done: (() => void) | undefined = undefined

  constructor(x: Exchange, parts: InspectionParts) {
    this.#x = x
    this.#parts = parts
    this.#link = new SessionLink(x, parts.sessions)
    if (!x.route.mcp) return
    x.revision = revisionLabel(this.#stated() ?? this.#link.session?.revision)
  }

  /** The request's messages, in their order. `refused`: the upstream will not see them. */
  request(messages: readonly Envelope[], refused: boolean): void {
    const x = this.#x
    const session = this.#link.session
    x.messages = messages
    const [first] = messages
    const own = first?.metaVersion ?? first?.requestedVersion
    x.revision = revisionLabel(revisionOf(own, this.#stated(), session?.revision))
    if (first?.method === 'initialize' && !refused) this.#parts.onInitialize(x)
    this.#link.request(messages)
    const operations: Operation[] = []
    for (const message of messages) {
      if (message.kind === 'request' || message.kind === 'notification') operations.push(this.#begin(message, 'server'))
      else if (session !== undefined && !refused) this.#answered(message, session)
      if (message.cancelledId !== undefined && !refused) this.#cancel(message, 'server')
      this.#parts.onMessage(x, message, 'downstream')
    }
    x.operations = operations
    this.#own = new OwnOperations(operations)
  }

  head(head: ResponseHead): void {
    const x = this.#x
    this.#link.head(head, this.#parts.endpointOf(x.route.upstream))
    const kind = head.stream ? 'events' : x.route.mcp ? contentKind(head.get('content-type')) : 'other'
    if (kind === 'other') {
      // Where a call was to be answered, a body of another kind is one that was not read.
      if (head.status < 300 && head.get('content-type') !== undefined && x.operations.some(isCall))
        this.#giveUp('content_type')
      return
    }
    this.#isJson = kind === 'json'
    this.#reader = this.#isJson ? this.#parts.readers.json(this) : this.#parts.readers.events(this)
    const encoding = head.get('content-encoding')
    if (encoding !== undefined) this.#inflate(encoding, this.#reader)
  }

  data(chunk: Buffer): void {
    try {
      if (this.#inflater !== undefined) this.#inflater.push(chunk)
      else this.#reader?.push(chunk)
    } catch (error) {
      this.#failed(error)
    }
  }

  end(done: () => void): void {
    this.#done = done
    if (this.#inflater === undefined) {
      this.#settle()
      return
    }
    this.#timer = setTimeout(() => {
      this.#giveUp('limit')
      this.#settle()
    }, INFLATE_GRACE_MS)
    this.#inflater.end()
  }

  // MessageSink: what the response says.

  message(message: Envelope): void {
    const { kind } = message
    if (kind === 'request') this.#ask(message)
    else if (kind === 'response' || kind === 'error') this.#answer(message)
    else if (message.cancelledId !== undefined) this.#cancel(message, 'client')
    this.#parts.onMessage(this.#x, message, 'upstream')
  }

  event(): void {
    const x = this.#x
    if (x.firstEventAt === 0) x.firstEventAt = performance.now()
    x.events++
  }

  keepAlive(): void {
    this.#x.keepAlives++
  }

  invalid(): void {
    this.#parts.onUnread(this.#x.route.upstream, 'response', 'invalid_json')
    if (this.#unread === '') this.#unread = 'invalid_json'
  }

  #begin(message: Envelope, direction: 'server' | 'client'): Operation {
    const { route, revision, readAt } = this.#x
    const startedAt = direction === 'server' ? readAt : performance.now()
    const { method = '', id, name, uri, cursor } = message
    const facts = { direction, upstream: route.upstream, id, method, target: name ?? uri, cursor, revision, startedAt }
    const operation = this.#parts.operations.begin(facts, this.#link.session)
    operation.correlationId = this.#x.correlationId
    return operation
  }

  /** The downstream answers what the upstream asked. */
  #answered(message: Envelope, session: Session): void {
    const { operations } = this.#parts
    const operation = message.id === undefined ? undefined : operations.find(session, 'client', message.id)
    if (operation !== undefined) operations.answer(operation, message)
  }

  /** The upstream asks the downstream: sampling, elicitation, roots, ping. */
  #ask(message: Envelope): void {
    const session = this.#link.session
    // A resumed stream says again what was lost with the one before.
    if (session !== undefined && message.id !== undefined && this.#parts.operations.find(session, 'client', message.id))
      return
    const operation = this.#begin(message, 'client')
    if (session !== undefined) this.#parts.operations.leave(operation, session)
    else {
      this.#asked ??= []
      // Nothing bounds what a stream may ask in its life.
      if (this.#asked.length < MOST_ASKED) this.#asked.push(operation)
    }
  }

  /** The upstream answers. */
  #answer(message: Envelope): void {
    const operation = this.#match(message)
    if (operation === undefined) {
      if (message.kind === 'error') this.#stray = message
      return
    }
    const x = this.#x
    if (message.kind === 'response') {
      // Whatever it says: a client that sees such a status has no result.
      if (x.status >= 300) return
      if (operation.method === 'initialize') this.#initialized(operation, message)
      if (LISTS.has(operation.method)) this.#parts.onList(x, message, operation.cursor)
    }
    if (!this.#probed(operation, message.errorCode)) this.#parts.operations.answer(operation, message)
  }

  /**
   * The upstream has said that it is of an older era. Asked for by `server/discover`, that is an answer like any other;
   * to a call it is a failure, and told to who counts fallbacks.
   */
  #probed(operation: Operation, errorCode: number | undefined): boolean {
    const x = this.#x
    if (operation.revision !== MODERN || x.headAt === 0) return false
    const answer: ModernAnswer = { method: operation.method, status: x.status, errorCode }
    this.#parts.onModernAnswer(x, answer)
    if (!answeredProbe(answer)) return false
    operation.resultType = 'fallback_probe'
    this.#parts.operations.end(operation, 'ok', '')
    return true
  }

  /** The revision that the request's header names. */
  #stated(): string | undefined {
    const version = this.#x.headers['mcp-protocol-version']
    return typeof version === 'string' ? version : undefined
  }

  #match({ id, kind }: Envelope): Operation | undefined {
    const { session } = this.#link
    if (id === undefined || id === null) return kind === 'error' ? this.#own?.sole : undefined
    return this.#own?.find(id) ?? (session && this.#parts.operations.find(session, 'server', id))
  }

  #initialized(operation: Operation, { resultVersion }: Envelope): void {
    const x = this.#x
    if (resultVersion !== undefined) operation.revision = x.revision = revisionLabel(resultVersion)
    const session = this.#link.session
    if (session === undefined) return
    const asked = x.messages.find(({ method }) => method === 'initialize')
    session.describe(asked?.peerName, asked?.peerVersion, x.revision)
  }

  #cancel({ cancelledId }: Envelope, direction: 'server' | 'client'): void {
    const session = this.#link.session
    if (session === undefined || cancelledId === undefined || cancelledId === null) return
    const operation = this.#parts.operations.find(session, direction, cancelledId)
    if (operation !== undefined) operation.cancelled = true
  }

  #inflate(encoding: string, reader: BodyReader): void {
    this.#inflater = this.#parts.inflater(
      encoding,
      (chunk) => this.#safely(() => reader.push(chunk)),
      (result) => {
        this.#inflater = undefined
        if (result !== 'complete') this.#giveUp(result)
        if (this.#done !== undefined) this.#settle()
      },
    )
  }

  /** Whatever it throws, the traffic must not feel it. */
  #safely(read: () => void): void {
    try {
      read()
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    this.#parts.onFault(error, this.#x)
    this.#giveUp('inspection_failed')
    // The end may have been waiting for the decoder that this has ended.
    if (this.#done !== undefined) this.#settle()
  }

  /** The rest of the response passes unread. */
  #giveUp(reason: string): void {
    this.#inflater?.destroy()
    this.#inflater = undefined
    this.#close(false)
    if (this.#unread !== '') return
    this.#unread = reason
    this.#parts.onUnread(this.#x.route.upstream, 'response', reason)
  }

  #settle(): void {
    const done = this.#done
    if (done === undefined) return
    this.#done = undefined
    clearTimeout(this.#timer)
    const x = this.#x
    this.#safely(() => {
      const delivered = x.outcome === 'ok' || x.outcome === 'http_error'
      const isRead = this.#reader !== undefined
      if (!this.#close(delivered) && isRead && this.#isJson && delivered) this.invalid()
    })
    this.#safely(() => this.#endOperations())
    this.#link.end()
    exchangeVerdict(x, this.#stray, this.#unread)
    done()
  }

  /** Ends the reading; `true` if the body was whole. `delivered`: nothing of it was lost on the wire. */
  #close(delivered: boolean): boolean {
    const reader = this.#reader
    if (reader === undefined) return false
    this.#reader = undefined
    this.#resumable = reader.resumable
    return reader.end(delivered)
  }

  #endOperations(): void {
    const x = this.#x
    const { operations } = this.#parts
    const session = this.#link.session
    const leftover: Leftover = {
      stray: this.#stray,
      unread: this.#unread,
      resumable: session !== undefined && session.ended === undefined && this.#mayGoOn(session),
    }
    for (const operation of x.operations) {
      if (operation.endedAt > 0) continue
      if (x.outcome === 'http_error' && this.#probed(operation, this.#stray?.errorCode)) continue
      const verdict = unanswered(operation, x, leftover)
      if (verdict === undefined) operations.leave(operation, session as Session)
      else operations.end(operation, verdict.outcome, verdict.errorType)
    }
    for (const operation of this.#asked ?? NO_OPERATIONS) operations.end(operation, 'downstream_closed', 'no_response')
  }

  /** Whether the response may come on another stream: one that resumes this one, or the session's own. */
  #mayGoOn(session: Session): boolean {
    return this.#resumable || (this.#x.status === 202 && session.openStreams > 0)
  }
}

/** Requests of the upstream that are followed on one stream without a session. */
const MOST_ASKED = 256

const LISTS: ReadonlySet<string> = new Set(['tools/list', 'prompts/list'])
