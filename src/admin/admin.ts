/** The admin listener: metrics, health and what needs a token, away from the traffic. */
import type { AddressInfo } from 'node:net'
import { type FastifyInstance, type FastifyServerOptions, fastify } from 'fastify'
import type { Logger } from 'pino'
import { type ErrorCode, GatewayError } from '../errors.ts'
import type { Health } from '../health/health.ts'
import { healthRoutes } from '../health/routes.ts'
import { answerClientError } from '../listener/client-error.ts'
import { FASTIFY_OPTIONS, type ServerLimits } from '../listener/server-options.ts'
import { type Allows, allowedHosts, allowedOrigins } from '../mcp/allow-list.ts'
import type { SeriesStore } from '../telemetry/series.ts'
import { Views } from '../telemetry/views/views.ts'
import { type Closed, ConnectionLimit } from './connection-limit.ts'
import { answerFault } from './fault.ts'
import { Gate, HOW_TO_SET_A_TOKEN, type Refusal } from './gate.ts'
import { type MetricsPages, metricsRoute } from './metrics-route.ts'
import { indexRoute, protectedRoutes } from './protected-routes.ts'
import type { AdminRoute } from './route.ts'
import { AdminServers } from './servers.ts'
import type { Tokens } from './tokens.ts'

export interface AdminOptions {
  readonly host: string
  readonly port: number
  readonly hosts: readonly string[] | undefined
  readonly origins: readonly string[] | undefined
  readonly limits: ServerLimits & { readonly connections: number }
  readonly health: Health
  readonly store: SeriesStore
  /** Unset, the store's own page, and its views. */
  readonly metrics?: MetricsPages
  /** What needs a token. */
  readonly routes: readonly AdminRoute[]
  readonly tokens: Tokens
  /** Hears why somebody was turned away from one of them. */
  readonly refused?: (reason: Refusal['error']) => void
  /** Hears of connections that were closed because there were too many. */
  readonly onClosed?: (what: Closed) => void
  readonly logger: Logger
}

/** No request of the admin listener has a larger body. */
const BODY_LIMIT = 256 * 1024

export class AdminListener {
  readonly #options: AdminOptions
  readonly #app: FastifyInstance
  readonly #limit: ConnectionLimit
  readonly #servers: AdminServers

  constructor(options: AdminOptions) {
    this.#options = options
    const { limits, health, store, host, hosts, origins, routes, tokens, refused, onClosed, logger } = options
    const { metrics = { main: () => store, views: new Views(store) } } = options
    this.#limit = new ConnectionLimit({ most: limits.connections, logger, onClosed })
    this.#servers = new AdminServers(limits, this.#limit)
    const own: FastifyServerOptions = {
      ...FASTIFY_OPTIONS,
      serverFactory: (serve) => this.#servers.add(serve),
      bodyLimit: BODY_LIMIT,
      clientErrorHandler: (error, socket) => void answerClientError(error, socket),
      // What no router can read.
      frameworkErrors: (error, _request, reply) => void answerFault(error, reply, logger),
    }
    this.#app = fastify(own)
    this.#guard(allowedHosts(hosts, host), allowedOrigins(origins, host))
    healthRoutes(this.#app, health)
    metricsRoute(this.#app, metrics)
    const gate = new Gate({ tokens, bind: host, now: () => performance.now() })
    if (gate.closed) logger.warn(`only metrics and health are served: to open the rest, ${HOW_TO_SET_A_TOKEN}`)
    protectedRoutes(this.#app, { routes, gate, refused, logger })
    indexRoute(this.#app, routes)
    this.#app.setErrorHandler((error, _request, reply) => answerFault(error, reply, logger))
    this.#app.setNotFoundHandler((request, reply) => {
      const methods = this.#methodsOf(request.url)
      if (methods.length > 0) {
        const allow = methods.join(', ')
        reply.code(405).header('allow', allow)
        return reply.send({ error: 'method_not_allowed', message: `Here only ${allow} can be asked` })
      }
      return reply.code(404).send({ error: 'not_found', message: 'There is no such path; / lists those there are' })
    })
  }

  get listening(): boolean {
    return this.#app.server.listening
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#limit.open
  }

  async listen(): Promise<AddressInfo> {
    const { host, port } = this.#options
    await this.#app.listen({ host, port })
    if (host === 'localhost') await this.#servers.listenBeside(this.#app.server, this.#app.routing)
    return this.#app.server.address() as AddressInfo
  }

  async close(): Promise<void> {
    this.#options.tokens.close()
    this.#servers.close()
    await this.#app.close()
  }

  /** What a path serves; nothing: there is no such path. */
  #methodsOf(target: string): string[] {
    const asked = target.replace(/\?.*$/, '')
    const url = this.#options.routes.find(({ path }) => isBelow(path, asked))?.path ?? asked
    return this.#app.supportedMethods.filter((method) => this.#app.hasRoute({ method, url }))
  }

  /**
   * Health is open to every Host: the kubelet probes by pod address. A target with a scheme and a host of its own is for
   * a proxy, which this is not, and its host would be one that nobody has checked.
   */
  #guard(hosts: Allows, origins: Allows): void {
    this.#app.addHook('onRequest', (request, reply, done) => {
      const { host, origin } = request.headers
      const refused: ErrorCode | undefined = !request.url.startsWith('/')
        ? 'bad_request'
        : hosts !== undefined && !request.url.startsWith('/health') && (host === undefined || !hosts(host))
          ? 'host_forbidden'
          : origins !== undefined && origin !== undefined && !origins(origin)
            ? 'origin_forbidden'
            : undefined
      if (refused === undefined) return done()
      const { code, message, failure } = new GatewayError(refused)
      // The words are those of the proxy listener, whose settings have the same names.
      reply.code(failure.status).send({ error: code, message: message.replace('listen.', 'admin.') })
    })
  }
}

/** Whether a path fits a route with a parameter at its end: `/components/:name`. */
function isBelow(route: string, path: string): boolean {
  const [before, parameter] = route.split(':')
  if (parameter === undefined || before === undefined || !path.startsWith(before)) return false
  const rest = path.slice(before.length)
  return rest !== '' && !rest.includes('/')
}
