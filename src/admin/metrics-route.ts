/** `/metrics`: Prometheus text, OpenMetrics or JSON, written in slices, so that a scrape stalls no exchange. */
import { pipeline, Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { expose } from '../telemetry/exposition.ts'
import type { FamilySource } from '../telemetry/family.ts'
import { acceptsGzip, CONTENT_TYPES, negotiate } from '../telemetry/negotiate.ts'
import { isViewName, VIEW_NAMES } from '../telemetry/views/names.ts'
import type { Views } from '../telemetry/views/views.ts'

export interface MetricsPages {
  /** What users' interceptors record must be waited for. Never rejects. */
  main(): FamilySource | Promise<FamilySource>
  /** What `?view=` asks for. */
  readonly views: Views
}

export function metricsRoute(app: FastifyInstance, { main, views }: MetricsPages): void {
  app.route<{ Querystring: { view?: string | string[] } }>({
    method: ['GET', 'HEAD'],
    url: '/metrics',
    handler: async (request, reply) => {
      const asked = [request.query.view ?? []].flat()
      const known = asked.filter(isViewName)
      if (known.length < asked.length) {
        const message = `There is no such view; there are ${VIEW_NAMES.join(', ')}`
        return reply.code(400).send({ error: 'unknown_view', message, views: VIEW_NAMES })
      }
      const format = negotiate(request.headers.accept)
      reply.header('content-type', CONTENT_TYPES[format]).header('vary', 'accept, accept-encoding')
      const zipped = acceptsGzip(request.headers['accept-encoding']?.toString())
      if (zipped) reply.header('content-encoding', 'gzip')
      // Nobody would see the page.
      if (request.method === 'HEAD') return reply.send(Readable.from([]))
      const source = known.length > 0 ? views.only(known) : await main()
      const page = Readable.from(expose(source, format), { objectMode: false })
      return reply.send(zipped ? compressed(page) : page)
    },
  })
}

function compressed(page: Readable): Readable {
  // zlib works in the thread pool.
  const gzip = createGzip({ level: 1 })
  // A scraper that leaves ends the page as well, and an error in the page ends the answer.
  return pipeline(page, gzip, () => {})
}
