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
import type { InspectionParts } from './parts.ts'
import type { BodyReader, MessageSink } from './readers.ts'
import { exchangeVerdict, type Leftover, unanswered } from './unanswered.ts'

/** Milliseconds that the verdict waits for what is still being inflated. */
const INFLATE_GRACE_MS = 1_000

const NO_OPERATIONS: readonly Operation[] = []

export class Inspection implements Observer, MessageSink {
  readonly #x: Exchange
  readonly #parts: InspectionParts
  /** Named by the request, or given by the response. */
  #session: Session | undefined
  #reader: BodyReader | undefined = undefined
  #inflater: Inflater | undefined = undefined
  #isJson = false
  #streaming = false
  /** What the upstream asked on a stream that has no session: nothing can answer it that we could match. */
  #asked: Operation[] | undefined = undefined
  /** The last JSON-RPC error that answers none of the operations. */
  #stray: Envelope | undefined = undefined
  /** Why the response could not be read; empty: it could. */
  #unread = ''
  #resumable = false
  #timer: NodeJS.Timeout | undefined = undefined
  #done: (() => void) | undefined = undefined

  constructor(x: Exchange, parts: InspectionParts) {
    this.#x = x
    this.#parts = parts
    const id = x.headers['mcp-session-id']
    this.#session = typeof id === 'string' ? parts.sessions.get(x.route.upstream, id) : undefined
    x.session = this.#session
    if (x.route.mcp) x.revision = revisionLabel(this.#stated() ?? this.#session?.revision)
  }

  /** The request's messages, in their order. */
  request(messages: readonly Envelope[]): void {
    const x = this.#x
    const session = this.#session
    x.messages = messages
    const [first] = messages
    x.revision = revisionOf(first?.metaVersion ?? first?.requestedVersion, this.#stated(), session?.revision)
    if (first?.method === 'initialize') this.#parts.onInitialize(x)
    if (session !== undefined) session.requests += messages.length
    const operations: Operation[] = []
    for (const message of messages) {
      if (message.kind === 'request' || message.kind === 'notification') operations.push(this.#begin(message, 'server'))
      else if (session !== undefined) this.#answered(message, session)
      if (message.cancelledId !== undefined) this.#cancel(message, 'server')
      this.#parts.onMessage(x, message, 'downstream')
    }
    x.operations = operations
  }

  head(head: ResponseHead): void {
    const x = this.#x
    this.#bind(head)
    if (head.stream && this.#session !== undefined) {
      this.#streaming = true
      this.#parts.sessions.streamOpened(this.#session)
    }
    const kind = head.stream ? 'events' : x.route.mcp ? contentKind(head.get('content-type')) : 'other'
    if (kind === 'other') {
      // Where a call was to be answered, a body of another kind is one that was not read.
      if (x.operations.length > 0 && head.status < 300 && head.get('content-type') !== undefined)
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
      // Whatever it is, the traffic must not feel it.
      this.#parts.onFault(error, this.#x)
      this.#giveUp('inspection_failed')
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

  invalid(): void {
    this.#parts.onUnread(this.#x.route.upstream, 'response', 'invalid_json')
    if (this.#unread === '') this.#unread = 'invalid_json'
  }

  #begin(message: Envelope, direction: 'server' | 'client'): Operation {
    const { route, revision, readAt } = this.#x
    const startedAt = direction === 'server' ? readAt : performance.now()
    const { method = '', id, name, uri, cursor } = message
    const facts = { direction, upstream: route.upstream, id, method, target: name ?? uri, cursor, revision, startedAt }
    return this.#parts.operations.begin(facts, this.#session)
  }

  /** The downstream answers what the upstream asked. */
  #answered(message: Envelope, session: Session): void {
    const { operations } = this.#parts
    const operation = message.id === undefined ? undefined : operations.find(session, 'client', message.id)
    if (operation !== undefined) operations.answer(operation, message, session)
  }

  /** The upstream asks the downstream: sampling, elicitation, roots, ping. */
  #ask(message: Envelope): void {
    const session = this.#session
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
      if (operation.method === 'initialize') this.#initialized(operation, message)
      if (message.tools !== undefined || message.prompts !== undefined) this.#parts.onList(x, message, operation.cursor)
    }
    if (!this.#probed(operation, message.errorCode)) this.#parts.operations.answer(operation, message, this.#session)
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
    this.#parts.operations.end(operation, 'ok', '', this.#session)
    return true
  }

  /** The revision that the request's header names. */
  #stated(): string | undefined {
    const version = this.#x.headers['mcp-protocol-version']
    return typeof version === 'string' ? version : undefined
  }

  #match({ id, kind }: Envelope): Operation | undefined {
    const { operations } = this.#x
    if (id !== undefined && id !== null) {
      for (const operation of operations) if (operation.id === id && operation.endedAt === 0) return operation
      return this.#session === undefined ? undefined : this.#parts.operations.find(this.#session, 'server', id)
    }
    // An upstream that could not read the id answers with none (JSON-RPC 2.0 §5).
    const [only, ...more] = operations
    return kind === 'error' && more.length === 0 && only?.endedAt === 0 && only.id !== undefined ? only : undefined
  }

  #initialized(operation: Operation, { resultVersion }: Envelope): void {
    const x = this.#x
    if (resultVersion !== undefined) operation.revision = x.revision = revisionLabel(resultVersion)
    const session = this.#session
    if (session === undefined) return
    const asked = x.messages.find(({ method }) => method === 'initialize')
    session.describe(asked?.peerName, asked?.peerVersion, x.revision)
  }

  #cancel({ cancelledId }: Envelope, direction: 'server' | 'client'): void {
    const session = this.#session
    if (session === undefined || cancelledId === undefined || cancelledId === null) return
    const operation = this.#parts.operations.find(session, direction, cancelledId)
    if (operation !== undefined) operation.cancelled = true
  }

  /** What the response head says of the session. */
  #bind(head: ResponseHead): void {
    const x = this.#x
    const { sessions, endpointOf } = this.#parts
    const { upstream } = x.route
    const session = this.#session
    const good = head.status < 300
    if (session !== undefined) {
      if (good) sessions.answered(session)
      else sessions.touch(session)
      if (head.status === 404) sessions.end(session, 'upstream_404')
      else if (good && x.method === 'DELETE') sessions.end(session, 'delete')
      return
    }
    if (!good || x.method === 'DELETE') return
    const id = head.get('mcp-session-id')
    if (id === undefined || !x.route.mcp) return
    this.#session = x.session = sessions.seen(upstream, endpointOf(upstream), id)
    if (this.#session !== undefined) this.#session.requests += x.messages.length
  }

  #inflate(encoding: string, reader: BodyReader): void {
    this.#inflater = this.#parts.inflater(
      encoding,
      (chunk) => reader.push(chunk),
      (result) => {
        this.#inflater = undefined
        if (result !== 'complete') this.#giveUp(result)
        if (this.#done !== undefined) this.#settle()
      },
    )
  }

  /** The rest of the response passes unread. */
  #giveUp(reason: string): void {
    this.#inflater?.destroy()
    this.#inflater = undefined
    this.#reader?.end()
    this.#reader = undefined
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
    const reader = this.#reader
    if (reader !== undefined) {
      this.#reader = undefined
      this.#resumable = reader.resumable
      const whole = reader.end()
      if (this.#isJson && !whole && this.#unread === '' && (x.outcome === 'ok' || x.outcome === 'http_error'))
        this.invalid()
    }
    this.#endOperations()
    this.#endStream()
    exchangeVerdict(x, this.#stray, this.#unread)
    done()
  }

  #endOperations(): void {
    const x = this.#x
    const { operations } = this.#parts
    const session = this.#session
    const leftover: Leftover = {
      stray: this.#stray,
      unread: this.#unread,
      resumable: this.#resumable && session !== undefined && session.ended === undefined,
    }
    for (const operation of x.operations) {
      if (operation.endedAt > 0) continue
      if (x.outcome === 'http_error' && this.#probed(operation, this.#stray?.errorCode)) continue
      const verdict = unanswered(operation, x, leftover)
      if (verdict === undefined) operations.leave(operation, session as Session)
      else operations.end(operation, verdict.outcome, verdict.errorType, session)
    }
    for (const operation of this.#asked ?? NO_OPERATIONS)
      operations.end(operation, 'downstream_closed', 'no_response', undefined)
  }

  #endStream(): void {
    const session = this.#session
    if (!this.#streaming || session === undefined) return
    const { outcome } = this.#x
    const how = outcome === 'ok' ? 'clean' : outcome === 'downstream_closed' ? 'downstream' : 'reset'
    this.#parts.sessions.streamClosed(session, how)
  }
}

const MOST_ASKED = 256
