/** What every Fastify listener of ours switches on and off, and why. */
import type { FastifyServerOptions } from 'fastify'

/** Milliseconds and bytes. */
export interface ServerLimits {
  readonly headBytes: number
  readonly headTimeout: number
  /** For a whole request. */
  readonly bodyTimeout: number
  readonly keepAlive: number
}

/** Options of Node's HTTP server. */
export function serverOptions({ headBytes, headTimeout, bodyTimeout, keepAlive }: ServerLimits) {
  return {
    maxHeaderSize: headBytes,
    headersTimeout: Math.min(headTimeout, bodyTimeout),
    requestTimeout: bodyTimeout,
    // Deadlines are only as exact as this sweep.
    connectionsCheckingInterval: Math.max(20, Math.min(1_000, headTimeout / 2, bodyTimeout / 2)),
    keepAliveTimeout: keepAlive,
  }
}

/** Fastify compiles no schemas here; without this it loads its JSON Schema compiler at start (10 MB, 40 ms). */
const NO_COMPILERS = {
  compilersFactory: {
    buildValidator: () => () => () => true,
    buildSerializer: () => () => JSON.stringify,
  },
} as unknown as NonNullable<FastifyServerOptions['schemaController']>

export const FASTIFY_OPTIONS = {
  logger: false,
  exposeHeadRoutes: false,
  // A drain keeps answering until its own deadline.
  return503OnClosing: false,
  forceCloseConnections: false,
  requestIdHeader: false,
  genReqId: () => '',
  schemaController: NO_COMPILERS,
} as const satisfies FastifyServerOptions
