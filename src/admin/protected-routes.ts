/** Serves the paths that need a token, and the list of all paths at `/`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { answerFault } from './fault.ts'
import type { Gate, Refusal, Visitor } from './gate.ts'
import type { AdminRoute, Caller } from './route.ts'

export interface ProtectedRoutes {
  readonly routes: readonly AdminRoute[]
  readonly gate: Gate
  readonly refused?: ((reason: Refusal['error']) => void) | undefined
  readonly logger: Logger
}

const CALLER = Symbol('caller')
type Tagged = FastifyRequest & { [CALLER]?: Caller }

export function protectedRoutes(app: FastifyInstance, { routes, gate, refused, logger }: ProtectedRoutes): void {
  for (const { method, path, right, serve, faultBody } of routes) {
    app.route({
      // HEAD where GET is, as HTTP has it.
      method: method === 'GET' ? ['GET', 'HEAD'] : method,
      url: path,
      // Before a body is read.
      onRequest: (request, reply, done) => {
        const passage = gate.check(visitorOf(request), right)
        if ('rights' in passage) {
          ;(request as Tagged)[CALLER] = passage
          return done()
        }
        const { status, error, message, headers } = passage.refusal
        refused?.(error)
        if (error === 'token_wrong') logger.warn({ address: request.ip, path }, 'wrong token')
        reply.code(status).headers({ ...headers, 'cache-control': 'no-store' })
        reply.send({ error, message })
      },
      errorHandler: (error, _request, reply) => answerFault(error, reply, logger, faultBody),
      handler: (request, reply) => {
        const caller = (request as Tagged)[CALLER] as Caller
        // Who changed what runs.
        if (right === 'write')
          logger.info({ caller: caller.name, address: request.ip, method, path: request.url }, 'admin request')
        reply.header('cache-control', 'no-store')
        return serve(request, reply, caller)
      },
    })
  }
}

function visitorOf({ ip, headers }: FastifyRequest): Visitor {
  const { authorization, origin } = headers
  const site = headers['sec-fetch-site']
  return { address: ip, authorization, crossSite: origin === undefined && site === 'cross-site' }
}

/** Paths that need no token. */
const OPEN_PATHS = [
  { method: 'GET', path: '/', summary: 'this list' },
  { method: 'GET', path: '/metrics', summary: 'metrics: Prometheus text, OpenMetrics or JSON; ?view= for other names' },
  { method: 'GET', path: '/health', summary: 'whether the process can serve' },
  { method: 'GET', path: '/health/ready', summary: 'whether it should get traffic' },
]

export function indexRoute(app: FastifyInstance, routes: readonly AdminRoute[]): void {
  const paths = [...OPEN_PATHS, ...routes.map(({ method, path, right, summary }) => ({ method, path, right, summary }))]
  const handler = (_request: FastifyRequest, reply: FastifyReply) => reply.send({ paths })
  app.route({ method: ['GET', 'HEAD'], url: '/', handler })
}
