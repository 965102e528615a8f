/** Passthrough: hands exchanges that are not MCP to @fastify/http-proxy, which is loaded when the first one comes. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyHttpProxyOptions } from '@fastify/http-proxy'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { type ErrorCode, GatewayError } from '../errors.ts'
import { METHODS } from '../node-http.ts'
import { headersOf, PoolDispatcher } from '../upstream/pool-dispatcher.ts'
import type { StreamForward } from '../upstream/stream-forward.ts'
import { FASTIFY_OPTIONS } from './server-options.ts'

/** What is known of a request on its way through http-proxy. */
interface Passage {
  readonly forward: StreamForward
  /** Scheme, host and port of the upstream. */
  readonly origin: string
}

export class Passthrough {
  readonly #passages = new WeakMap<IncomingMessage, Passage>()
  #app: FastifyInstance | undefined = undefined
  #loading: Promise<FastifyInstance> | undefined = undefined

  /** Starts `forward` unless http-proxy refuses the path; ends it otherwise. */
  serve(forward: StreamForward, origin: string, req: IncomingMessage, res: ServerResponse): void {
    this.#passages.set(req, { forward, origin })
    if (this.#app !== undefined) {
      route(this.#app, forward, req, res)
      return
    }
    this.#loading ??= this.#load()
    this.#loading.then(
      (app) => {
        // The downstream may have left meanwhile.
        if (!forward.over) route(app, forward, req, res)
      },
      (cause) => {
        this.#loading = undefined
        forward.stop(new GatewayError('internal', undefined, { cause }))
      },
    )
  }

  /** Costs 8 MB and 40 ms, which whoever needs no passthrough shall not pay. */
  async #load(): Promise<FastifyInstance> {
    const { default: httpProxy } = await import('@fastify/http-proxy')
    const refuse = (request: FastifyRequest, reply: FastifyReply, code: ErrorCode, cause?: unknown): void => {
      reply.hijack()
      this.#passage(request).forward.stop(new GatewayError(code, undefined, { cause }))
    }
    const app = fastify({
      ...FASTIFY_OPTIONS,
      frameworkErrors: (error, request, reply) => refuse(request, reply, 'bad_request', error),
    })
    // Listed as bodyless, no method has its body parsed, nor its Content-Type judged (trap 9): the exchange streams it.
    const methods = METHODS.filter((method) => method !== 'CONNECT')
    for (const method of methods) app.addHttpMethod(method, { hasBody: false, overrideExisting: true })
    app.setErrorHandler((error: { statusCode?: number }, request, reply) =>
      refuse(request, reply, error.statusCode === 400 ? 'bad_request' : 'internal', error),
    )
    app.setNotFoundHandler((request, reply) => refuse(request, reply, 'route_not_found'))
    app.register(httpProxy, {
      upstream: '',
      httpMethods: methods,
      proxyPayloads: false,
      // Ours, with verified TLS and bounded pools (traps 1, 10, 12).
      undici: new PoolDispatcher() as unknown as NonNullable<FastifyHttpProxyOptions['undici']>,
      disableRequestLogging: true,
      // Its cache of parsed URLs is keyed by what downstreams send.
      disableCache: true,
      // Nothing is sent twice (trap 3).
      retryMethods: [],
      handler: (_request, reply, _dest, options) => {
        // From here on the exchange answers, by its own rules.
        reply.hijack()
        // The path was checked, and the exchange knows it: reply-from would refuse one like `/a/...`.
        reply.from('/', options)
      },
      replyOptions: {
        getUpstream: (request) => this.#passage(request).origin,
        rewriteRequestHeaders: (request) => headersOf(this.#passage(request).forward),
        retryDelay: () => null,
      },
    })
    await app.ready()
    this.#app = app
    return app
  }

  #passage({ raw }: { readonly raw: unknown }): Passage {
    return this.#passages.get(raw as IncomingMessage) as Passage
  }
}

/** All of it is synchronous; an exchange that was not started by then would never end. */
function route(app: FastifyInstance, forward: StreamForward, req: IncomingMessage, res: ServerResponse): void {
  app.routing(req, res)
  if (!forward.started) forward.stop(new GatewayError('internal'))
}
