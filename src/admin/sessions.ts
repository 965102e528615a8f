/** `/sessions`: the sessions that are known now, in pages, with their ids hashed unless asked otherwise. */
import type { FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { SessionRegistry } from '../session/registry.ts'
import type { Session } from '../session/session.ts'
import { sessionTag } from '../telemetry/access-log.ts'
import { AdminFault } from './fault.ts'
import { pageOf, type Query, textOf, upstreamOf } from './paging.ts'
import type { AdminRoute, Caller } from './route.ts'

export interface SessionReport {
  /** As `mcp.session.id` in the access log. */
  readonly session: string
  /** The id itself, if revealed. */
  readonly id?: string
  readonly upstream: string
  readonly endpoint: string
  readonly revision?: string | undefined
  /** What the downstream calls itself. */
  readonly client_name?: string | undefined
  readonly client_version?: string | undefined
  /** ISO 8601, as is the next. */
  readonly created_at: string
  readonly last_seen_at: string
  /** Seconds. */
  readonly age: number
  /** Seconds without traffic; 0 while a stream is open or an operation is under way. */
  readonly idle: number
  readonly open_streams: number
  readonly requests: number
  readonly notifications: number
  readonly responses: number
}

export interface SessionList {
  /** Of all upstreams, or of the one that was asked for. */
  readonly total: number
  readonly sessions: readonly SessionReport[]
  /** Where the next page begins; left out on the last one. */
  readonly next_cursor?: string
}

export interface SessionQuery {
  readonly upstream?: string | undefined
  readonly limit: number
  /** That of the page before; 0: from the oldest session on. */
  readonly cursor: number
  readonly reveal: boolean
}

export function listSessions(
  registry: SessionRegistry,
  { upstream, limit, cursor, reveal }: SessionQuery,
): SessionList {
  const found = registry.list({ upstream, after: cursor, limit: limit + 1 })
  const page = found.slice(0, limit)
  const now = performance.now()
  const next = found.length > limit ? { next_cursor: String(page.at(-1)?.serial) } : {}
  return {
    total: upstream === undefined ? registry.size : registry.count(upstream),
    sessions: page.map((session) => report(session, now, reveal)),
    ...next,
  }
}

/** @param upstreams the names of those there are */
export function sessionRoutes(
  registry: SessionRegistry,
  upstreams: () => readonly string[],
  logger: Logger,
): AdminRoute[] {
  const serve = (request: FastifyRequest, { name: caller, rights }: Caller): SessionList => {
    const query = request.query as Query
    const upstream = upstreamOf(query, upstreams())
    const reveal = textOf(query, 'reveal') === 'true'
    if (reveal && !rights.has('reveal'))
      throw new AdminFault(403, 'right_missing', 'Ids of sessions are shown only to a token with the right "reveal"')
    if (reveal) logger.info({ caller, address: request.ip }, 'ids of sessions shown')
    return listSessions(registry, { upstream, reveal, ...pageOf(query) })
  }
  return [
    {
      method: 'GET',
      path: '/sessions',
      right: 'read',
      summary: 'sessions, oldest first; ?upstream=, ?limit= (at most 500), ?cursor=, ?reveal=true for their ids',
      serve: (request, _reply, caller) => serve(request, caller),
    },
  ]
}

function report(session: Session, now: number, reveal: boolean): SessionReport {
  const { id, upstream, endpoint, revision, clientName, clientVersion, createdAt, lastSeenAt } = session
  return {
    session: sessionTag(id),
    ...(reveal && { id }),
    upstream,
    endpoint,
    revision,
    client_name: clientName,
    client_version: clientVersion,
    created_at: moment(createdAt),
    last_seen_at: moment(session.busy ? now : lastSeenAt),
    age: seconds(now - createdAt),
    idle: session.busy ? 0 : seconds(now - lastSeenAt),
    open_streams: session.openStreams,
    requests: session.requests,
    notifications: session.notifications,
    responses: session.responses,
  }
}

const moment = (at: number): string => new Date(performance.timeOrigin + at).toISOString()

const seconds = (ms: number): number => Math.round(ms) / 1000
