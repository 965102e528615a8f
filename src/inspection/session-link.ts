/** Ties one exchange to its session: named by the request, or given by the response. */
import type { Exchange } from '../exchange/exchange.ts'
import type { ResponseHead } from '../exchange/response-head.ts'
import type { Envelope } from '../mcp/message.ts'
import type { SessionRegistry } from '../session/registry.ts'
import type { Session } from '../session/session.ts'

export class SessionLink {
  session: Session | undefined = undefined
  readonly #x: Exchange
  readonly #sessions: SessionRegistry
  #streaming = false

  constructor(x: Exchange, sessions: SessionRegistry) {
    this.#x = x
    this.#sessions = sessions
    const id = x.headers['mcp-session-id']
    // What is passed through beside MCP may carry the header, and its 404 says nothing of the session.
    if (x.route.mcp && typeof id === 'string') this.session = x.session = sessions.get(x.route.upstream, id)
  }

  request(messages: readonly Envelope[]): void {
    if (this.session !== undefined) count(this.session, messages)
  }

  /** @param endpoint where the exchange went */
  head(head: ResponseHead, endpoint: string): void {
    // `initialize` begins a session, whatever old one its downstream still names.
    const begins = head.status < 300 && this.#x.messages[0]?.method === 'initialize'
    if (this.session === undefined || begins) this.#given(head, endpoint)
    else this.#answered(this.session, head.status)
    if (!head.stream || this.session === undefined) return
    this.#streaming = true
    this.#sessions.streamOpened(this.session)
  }

  end(): void {
    if (!this.#streaming || this.session === undefined) return
    const { outcome } = this.#x
    const how = outcome === 'ok' ? 'clean' : outcome === 'upstream_reset' ? 'reset' : 'downstream'
    this.#sessions.streamClosed(this.session, how)
  }

  #answered(session: Session, status: number): void {
    const good = status < 300
    if (good) this.#sessions.answered(session)
    else this.#sessions.touch(session)
    if (status === 404) this.#sessions.end(session, 'upstream_404')
    else if (good && this.#x.method === 'DELETE') this.#sessions.end(session, 'delete')
  }

  #given(head: ResponseHead, endpoint: string): void {
    const x = this.#x
    if (head.status >= 300 || x.method === 'DELETE' || !x.route.mcp) return
    const id = head.get('mcp-session-id')
    if (id === undefined) return
    this.session = x.session = this.#sessions.seen(x.route.upstream, endpoint, id)
    if (this.session !== undefined) count(this.session, x.messages)
  }
}

function count(session: Session, messages: readonly Envelope[]): void {
  for (const { kind } of messages) {
    if (kind === 'request') session.requests++
    else if (kind === 'notification') session.notifications++
    else if (kind !== 'invalid') session.responses++
  }
}
