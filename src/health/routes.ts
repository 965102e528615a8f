/** Serves the health reports on a listener. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Health, HealthReport } from './health.ts'

/** HEAD too: `wget --spider`, the health check of many images, asks so. */
const method = ['GET', 'HEAD']

/** With `?verbose=false` the answer is the status alone. */
interface Asked {
  Querystring: { readonly verbose?: string | string[] }
}

export function healthRoutes(app: FastifyInstance, health: Health): void {
  const answer = (reply: FastifyReply, code: number, report: HealthReport, { verbose }: Asked['Querystring']) => {
    reply.code(code).header('cache-control', 'no-store')
    return reply.send(verbose === 'false' ? { status: report.status } : report)
  }
  app.route<Asked>({ method, url: '/health', handler: ({ query }, reply) => answer(reply, 200, health.live(), query) })
  app.route<Asked>({
    method,
    url: '/health/ready',
    handler: ({ query }, reply) => {
      const { code, report } = health.ready()
      return answer(reply, code, report, query)
    },
  })
}
