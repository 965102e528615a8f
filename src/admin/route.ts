/** A path of the admin listener that needs a token. */
import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * What a token may do. `read`: look, with session ids hashed. `reveal`: look, with session ids as they are.
 * `profile`: take profiles. `write`: change what runs.
 */
export const RIGHTS = ['read', 'reveal', 'profile', 'write'] as const

export type Right = (typeof RIGHTS)[number]

/** Whoever may pass. */
export interface Caller {
  /** That of the token; `undefined`: there is none, and none was needed. */
  readonly name?: string
  /** What the token may do. */
  readonly rights: ReadonlySet<Right>
}

export interface AdminRoute {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  /** As Fastify writes it: `/components/:name`. */
  readonly path: string
  /** Asked without it, the answer is 401 (no or a wrong token) or 403 (a token without the right). */
  readonly right: Right
  /** One line for the list of paths. */
  readonly summary: string
  /** Answers by `reply` or by what it returns. */
  readonly serve: (request: FastifyRequest, reply: FastifyReply, caller: Caller) => unknown
  /** The body that says what went wrong, for a path whose callers understand only that. */
  readonly faultBody?: (status: number, message: string) => object
}
