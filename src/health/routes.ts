/** Serves the health reports on a listener. */
import type { FastifyInstance } from 'fastify'
import type { Health } from './health.ts'

export function healthRoutes(app: FastifyInstance, health: Health): void {
  app.get('/health', (_request, reply) => {
    reply.header('cache-control', 'no-store').send(health.live())
  })
  app.get('/health/ready', (_request, reply) => {
    const { code, report } = health.ready()
    reply.code(code).header('cache-control', 'no-store').send(report)
  })
}
