/** `/metrics`: the series store as Prometheus text, OpenMetrics or JSON, in slices, so that a scrape stalls no exchange. */
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { expose } from '../telemetry/exposition.ts'
import { CONTENT_TYPES, negotiate } from '../telemetry/negotiate.ts'
import type { SeriesStore } from '../telemetry/series.ts'

export function metricsRoute(app: FastifyInstance, store: SeriesStore): void {
  app.get('/metrics', (request, reply) => {
    const format = negotiate(request.headers.accept)
    const page = Readable.from(expose(store, format), { objectMode: false })
    reply.header('content-type', CONTENT_TYPES[format]).header('vary', 'accept, accept-encoding')
    if (!acceptsGzip(request.headers['accept-encoding'])) return reply.send(page)
    // zlib works in the thread pool.
    return reply.header('content-encoding', 'gzip').send(page.pipe(createGzip({ level: 1 })))
  })
}

function acceptsGzip(accepted: string | string[] | undefined): boolean {
  return String(accepted ?? '')
    .split(',')
    .some((part) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$)[\d.]+\s*)?$/i.test(part))
}
