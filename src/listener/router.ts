/** The routes of one configuration: starts an exchange for each request on one of them, and refuses the others. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  fastify,
} from 'fastify'
import { GatewayError } from '../errors.ts'
import type { Chain } from '../exchange/chain.ts'
import { Exchange, type RouteFacts } from '../exchange/exchange.ts'
import type { Source } from '../exchange/flow.ts'
import { type Allows, allowedOrigins, hostname } from '../mcp/allow-list.ts'
import { METHODS } from '../node-http.ts'
import { letRead } from './answer.ts'
import { clearCurrent, isClosing, setCurrent } from './client-error.ts'
import { Downstream, type DownstreamOptions } from './downstream.ts'
import { headFault } from './head-fault.ts'
import type { OpenExchanges } from './open-exchanges.ts'
import type { Request } from './request.ts'
import { FASTIFY_OPTIONS } from './server-options.ts'

/** One path of one host, and what takes its exchanges. */
export interface ProxyRoute {
  readonly facts: RouteFacts
  /** A path, exact or ending in `/*`. */
  readonly path: string
  /** Host names, lower-cased, without port; empty: any. */
  readonly hostnames: readonly string[]
  /** Methods that pass; others are refused with 405. `undefined`: every method. */
  readonly methods: ReadonlySet<string> | undefined
  /** Exchanges that have begun and not ended. */
  readonly active: { add(n: number): void }
  /** Takes the exchange over. `read`: the body was read. */
  readonly take: (x: Exchange, downstream: Downstream, req: IncomingMessage, res: ServerResponse) => Source
  /** The request body is left to `take`. */
  readonly streams?: boolean
}

export interface RouterOptions {
  /** Of the listener. */
  readonly host: string
  /** Origins whose pages may read our own errors: those that the guard lets pass. */
  readonly origins: readonly string[] | undefined
  /** Bytes of a request body. */
  readonly requestBytes: number
  readonly chain: Chain
  readonly routes: readonly ProxyRoute[]
  /** What takes requests that no route matches: counted and refused. */
  readonly nowhere: Pick<ProxyRoute, 'facts' | 'active'>
  /** Adds routes that are no exchanges: health. */
  readonly extra: (app: FastifyInstance) => void
}

/** What all exchanges of a listener share, whichever routes they came by. */
export interface Traffic {
  /** Exchanges that have begun and not ended. */
  readonly open: OpenExchanges<Downstream>
  /** Responses that begin say that their connection closes. */
  closing: boolean
  /** Whether connections may stay open behind a response. */
  accepting: boolean
}

type Serve = (req: Request, res: ServerResponse) => void

/** A path that is what it says: nothing to decode, no wildcard. */
const PLAIN_PATH = /^[\w/.-]+$/

export const MCP_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'])
/** Elsewhere the rest falls to the handler for what is not found: each method costs memory. */
const USUAL_METHODS = ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS', 'PUT', 'PATCH', 'TRACE']
/** CONNECT is no request: Node closes its connection. */
const ALL_METHODS = METHODS.filter((method) => method !== 'CONNECT')

/** A Fastify instance that never listens, so that one may take another's place. */
export class Router {
  readonly #options: RouterOptions
  readonly #traffic: Traffic
  readonly #app: FastifyInstance
  readonly #readers: Allows
  /**
   * The paths that one look-up finds, whatever the host. Fastify would come to the same by way of its router, two objects
   * and a list of hooks, for 1 µs.
   */
  readonly #exact = new Map<string, Serve>()

  constructor(options: RouterOptions, traffic: Traffic) {
    this.#options = options
    this.#traffic = traffic
    const { routes, origins, host } = options
    this.#readers = allowedOrigins(origins, host)
    this.#app = fastify({
      ...FASTIFY_OPTIONS,
      routerOptions: { constraints: { host: hostConstraint } },
      frameworkErrors: (_error, request, reply) => {
        reply.hijack()
        this.#refuse(request.raw as Request, reply.raw, 'bad_request')
      },
    } as FastifyServerOptions) as unknown as FastifyInstance
    const known = new Set<string>(this.#app.supportedMethods)
    for (const method of ALL_METHODS) if (!known.has(method)) this.#app.addHttpMethod(method)
    // Exchanges are hijacked and say so themselves: this is for the others.
    this.#app.addHook('onSend', (_request, reply, _payload, done) => {
      if (traffic.closing) reply.header('connection', 'close')
      done()
    })
    options.extra(this.#app)
    for (const route of routes) this.#add(route)
    const nowhere = this.#nowhere.bind(this)
    const everywhere = routes.some(({ path, hostnames }) => path === '/*' && hostnames.length === 0)
    // The router takes both for the same path.
    if (!everywhere) this.#app.route({ method: USUAL_METHODS, url: '*', onRequest: nowhere, handler: unreachable })
    // Methods beyond those.
    this.#app.setNotFoundHandler(nowhere)
  }

  /** To be awaited before the first request. */
  async ready(): Promise<void> {
    await this.#app.ready()
  }

  /** Takes one request. */
  get routing(): Serve {
    const exact = this.#exact
    const { routing } = this.#app
    return (req, res) => {
      if (isClosing(req.socket)) {
        unserved(req, res)
        return
      }
      const serve = exact.get(req.url ?? '')
      if (serve === undefined) routing(req, res)
      else serve(req, res)
    }
  }

  #add(route: ProxyRoute): void {
    const { path, hostnames } = route
    const serve = this.#server(route)
    const same = this.#options.routes.filter((other) => other.path === path)
    if (PLAIN_PATH.test(path) && same.length === 1 && hostnames.length === 0) this.#exact.set(path, serve)
    const hosts: readonly (string | undefined)[] = hostnames.length > 0 ? hostnames : [undefined]
    for (const host of hosts) {
      this.#app.route({
        // Also those that are refused: else a wildcard beside this path would take them, or nobody.
        method: ALL_METHODS,
        // find-my-way's own escape for a colon.
        url: path.replaceAll(':', '::'),
        ...(host !== undefined && { constraints: { host } }),
        handler: unreachable,
        // Taken over before Fastify looks at a body: it would answer a missing or odd Content-Type with 415 of its own.
        onRequest: ({ raw: req }, reply) => {
          reply.hijack()
          serve(req as Request, reply.raw)
        },
      })
    }
  }

  #server(route: ProxyRoute): Serve {
    const { methods } = route
    const options = this.#downstreamOptions(route)
    return (req, res) => {
      const downstream = this.#begin(route, req, res, options)
      const wrong = headFault(req)
      if (wrong !== undefined) downstream.fail(wrong)
      else if (methods !== undefined && !methods.has(req.method ?? '')) {
        downstream.refuse(new GatewayError('method_not_allowed'))
      } else if (route.streams) downstream.pass(() => route.take(downstream.x, downstream, req, res))
      else downstream.receive(() => route.take(downstream.x, downstream, req, res))
    }
  }

  #begin(
    route: Pick<ProxyRoute, 'facts' | 'active'>,
    req: Request,
    res: ServerResponse,
    options: DownstreamOptions,
  ): Downstream {
    const { socket } = req
    const x = new Exchange(route.facts, req, clientAddress(socket), 'encrypted' in socket, performance.now())
    const downstream = new Downstream(x, req, res, options)
    const { origin } = req.headers
    if (origin !== undefined && (this.#readers === undefined || this.#readers(origin))) letRead(res, origin)
    this.#traffic.open.add(downstream)
    setCurrent(socket, downstream)
    route.active.add(1)
    return downstream
  }

  #nowhere({ raw }: FastifyRequest, reply: FastifyReply): void {
    reply.hijack()
    const session = raw.headers['mcp-session-id'] !== undefined
    // With a session id a 404 means "session gone", and nothing else.
    this.#refuse(raw as Request, reply.raw, session ? 'route_not_found_session' : 'route_not_found')
  }

  #refuse(
    req: Request,
    res: ServerResponse,
    code: 'bad_request' | 'route_not_found' | 'route_not_found_session',
  ): void {
    const { nowhere } = this.#options
    const downstream = this.#begin(nowhere, req, res, this.#downstreamOptions(nowhere))
    const wrong = headFault(req)
    if (wrong !== undefined) downstream.fail(wrong)
    else downstream.refuse(new GatewayError(code))
  }

  #downstreamOptions({ active }: Pick<ProxyRoute, 'active'>): DownstreamOptions {
    const traffic = this.#traffic
    const { chain, requestBytes } = this.#options
    return {
      chain,
      requestBytes,
      closing: () => traffic.closing,
      ended: (downstream) => {
        traffic.open.delete(downstream)
        active.add(-1)
        const { socket } = downstream
        const free = clearCurrent(socket, downstream)
        // Its head may have gone out before the drain began, so that nothing told the downstream that this was the last.
        if (free && !traffic.accepting) socket.destroySoon()
      },
    }
  }
}

/**
 * Its downstream was told that nothing more would be served, and may ask again elsewhere. Read, so that its leaving is
 * noticed; answered, so that Node bounds what waits: the connection ends before that could go out.
 */
function unserved(req: Request, res: ServerResponse): void {
  req.resume()
  res.on('error', () => {}).end()
}

/** The address of the connection's other end; an IPv4 one as IPv4. */
function clientAddress({ remoteAddress = '' }: Pick<Socket, 'remoteAddress'>): string {
  return remoteAddress.startsWith('::ffff:') ? remoteAddress.slice(7) : remoteAddress
}

/** Host names are compared without port and case. */
const hostConstraint = {
  name: 'host',
  mustMatchWhenDerived: false,
  storage: () => {
    const stores = new Map<string, never>()
    return {
      get: (host: string) => stores.get(host) ?? null,
      set: (host: string, store: never) => {
        stores.set(host, store)
      },
    }
  },
  deriveConstraint: (req: IncomingMessage) => hostname(req.headers.host ?? ''),
  validate: () => {},
}

/** Every request was taken over in `onRequest`. */
function unreachable(): never {
  throw new GatewayError('internal')
}
