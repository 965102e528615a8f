/** Who may do what on the admin listener's protected paths, and how often they may ask. */
import { isLoopback } from '../mcp/allow-list.ts'
import { RateLimit } from './rate-limit.ts'
import { type Caller, RIGHTS, type Right } from './route.ts'
import type { Tokens } from './tokens.ts'

export interface Visitor {
  readonly address: string
  readonly authorization: string | undefined
  /** A page of another site made the browser ask, and left no Origin by which to judge it. */
  readonly crossSite: boolean
}

export interface Refusal {
  readonly status: 401 | 403 | 429
  readonly error: 'token_missing' | 'token_wrong' | 'right_missing' | 'no_token_configured' | 'cross_site' | 'too_many'
  readonly message: string
  readonly headers: Readonly<Record<string, string>>
}

export type Passage = Caller | { readonly refusal: Refusal }

export interface GateOptions {
  readonly tokens: Tokens
  /** The listener's address. */
  readonly bind: string
  readonly now: () => number
}

/** What whoever reaches a listener on loopback may do while no token is configured. Ids of sessions are credentials. */
const OPEN: ReadonlySet<Right> = new Set(RIGHTS.filter((right) => right !== 'reveal'))

export const HOW_TO_SET_A_TOKEN =
  'set SIDELIGHT_ADMIN_TOKEN or admin.tokens; see docs/operations.md, "The admin surface"'

export class Gate {
  readonly #tokens: Tokens
  readonly #open: boolean
  readonly #requests: RateLimit
  readonly #failures: RateLimit

  constructor({ tokens, bind, now }: GateOptions) {
    this.#tokens = tokens
    this.#open = tokens.none && isLoopback(bind)
    this.#requests = new RateLimit({ burst: 200, perSecond: 50, now })
    this.#failures = new RateLimit({ burst: 10, perSecond: 1, now })
  }

  /** Whether nobody can pass, because no token is configured and the listener is not on loopback. */
  get closed(): boolean {
    return this.#tokens.none && !this.#open
  }

  check({ address, authorization, crossSite }: Visitor, right: Right): Passage {
    const wait = this.#requests.wait(address)
    if (wait > 0) return tooMany(wait, 'Too many requests')
    this.#requests.count(address)
    if (this.closed)
      return refuse(403, 'no_token_configured', `Nobody may ask here until there is a token: ${HOW_TO_SET_A_TOKEN}`)
    if (this.#open) {
      // With a token, no page could ask in its name.
      if (crossSite) return refuse(403, 'cross_site', 'Pages of other sites may not ask here')
      return this.#within({ rights: OPEN }, right)
    }
    return this.#byToken(address, authorization, right)
  }

  #byToken(address: string, authorization: string | undefined, right: Right): Passage {
    const token = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
    if (token === undefined)
      return refuse(401, 'token_missing', 'This needs the header "Authorization: Bearer TOKEN"', CHALLENGE)
    const wait = this.#failures.wait(address)
    if (wait > 0) return tooMany(wait, 'Too many wrong tokens came from this address')
    const bearer = this.#tokens.bearer(token)
    if (bearer !== undefined) return this.#within(bearer, right)
    this.#failures.count(address)
    return refuse(401, 'token_wrong', 'This token is not known here', `${CHALLENGE}, error="invalid_token"`)
  }

  #within(caller: Caller, right: Right): Passage {
    if (caller.rights.has(right)) return caller
    if (this.#open) return refuse(403, 'right_missing', `The right "${right}" needs a token: ${HOW_TO_SET_A_TOKEN}`)
    const challenge = `${CHALLENGE}, error="insufficient_scope", scope="${right}"`
    return refuse(403, 'right_missing', `This token lacks the right "${right}"`, challenge)
  }
}

const CHALLENGE = 'Bearer realm="sidelight"'

function refuse(status: 401 | 403, error: Refusal['error'], message: string, challenge?: string): Passage {
  return { refusal: { status, error, message, headers: challenge ? { 'www-authenticate': challenge } : {} } }
}

function tooMany(seconds: number, message: string): Passage {
  const headers = { 'retry-after': String(seconds) }
  return { refusal: { status: 429, error: 'too_many', message: `${message}; try again later`, headers } }
}
