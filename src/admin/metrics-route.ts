/** `/metrics`: the series store as Prometheus text, OpenMetrics or JSON, in slices, so that a scrape stalls no exchange. */
import { pipeline, Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { expose } from '../telemetry/exposition.ts'
import { acceptsGzip, CONTENT_TYPES, negotiate } from '../telemetry/negotiate.ts'
import type { SeriesStore } from '../telemetry/series.ts'

export function metricsRoute(app: FastifyInstance, store: SeriesStore): void {
  app.get('/metrics', (request, reply) => {
    const format = negotiate(request.headers.accept)
    const page = Readable.from(expose(store, format), { objectMode: false })
    reply.header('content-type', CONTENT_TYPES[format]).header('vary', 'accept, accept-encoding')
    if (!acceptsGzip(request.headers['accept-encoding']?.toString())) return reply.send(page)
    // zlib works in the thread pool.
    const gzip = createGzip({ level: 1 })
    // A scraper that leaves ends the page as well, and an error in the page ends the answer.
    pipeline(page, gzip, () => {})
    return reply.header('content-encoding', 'gzip').send(gzip)
  })
}
