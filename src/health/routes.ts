/** Serves the health reports on a listener. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Health, HealthReport } from './health.ts'

/** HEAD too: `wget --spider`, the health check of many images, asks so. */
const method = ['GET', 'HEAD']

export function healthRoutes(app: FastifyInstance, health: Health): void {
  const answer = (reply: FastifyReply, code: number, report: HealthReport) =>
    reply.code(code).header('cache-control', 'no-store').send(report)
  app.route({ method, url: '/health', handler: (_request, reply) => answer(reply, 200, health.live()) })
  app.route({
    method,
    url: '/health/ready',
    handler: (_request, reply) => {
      const { code, report } = health.ready()
      return answer(reply, code, report)
    },
  })
}
