/** `POST /reload`: reads the configuration again, and answers what came of it. */
import type { AdminRoute } from '../admin/route.ts'
import type { Reloader } from './reloader.ts'

export function reloadRoutes(reloader: Pick<Reloader, 'reload'>): AdminRoute[] {
  return [
    {
      method: 'POST',
      path: '/reload',
      right: 'write',
      summary: 'read the configuration again, and apply what can be changed while running',
      serve: async (_request, reply) => {
        const report = await reloader.reload('request')
        return reply.code(report.result === 'refused' ? 422 : 200).send(report)
      },
    },
  ]
}
