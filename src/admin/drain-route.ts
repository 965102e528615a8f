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
      // The answer goes out first; where whoever asked has left already, it begins all the same.
      reply.raw.once('close', drain)
      return reply.code(202).header('connection', 'close').send({ status: 'draining' })
    },
  }
}
