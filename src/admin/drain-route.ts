/** `/drain`: ends the process as SIGTERM does. */
import type { AdminRoute } from './route.ts'

/** @param drain begins it */
export function drainRoute(drain: () => void): AdminRoute {
  return {
    method: 'POST',
    path: '/drain',
    right: 'write',
    summary: 'drains and ends the process, as SIGTERM does',
    serve: (_request, reply) => {
      // The answer goes out first, and its connection with it.
      reply.raw.once('finish', drain)
      return reply.code(202).header('connection', 'close').send({ status: 'draining' })
    },
  }
}
