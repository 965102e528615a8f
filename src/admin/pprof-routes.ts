/** `/debug/pprof/`: profiles of this process, as `go tool pprof` and Grafana read them. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { AdminFault } from './fault.ts'
import { type Query, textOf } from './paging.ts'
import type { Profiler } from './profiler.ts'
import type { AdminRoute } from './route.ts'

export interface PprofOptions {
  readonly profiler: Profiler
  /** Milliseconds. */
  readonly longest: number
  /** Aborts when the gateway drains. */
  readonly draining: AbortSignal
}

const USUAL_SECONDS = 10

export function pprofRoutes({ profiler, longest, draining }: PprofOptions): AdminRoute[] {
  const most = Math.floor(longest / 1000)
  const take = async (
    request: FastifyRequest,
    reply: FastifyReply,
    name: string,
    { usual, least }: { usual: number; least: number },
    profile: (ms: number, gone: AbortSignal) => Promise<Buffer>,
  ) => {
    const seconds = secondsOf(request.query as Query, Math.min(usual, most), least, most)
    // Nobody would see it.
    if (request.method === 'HEAD') return reply.type('application/octet-stream').send()
    const gone = new AbortController()
    const leave = () => gone.abort()
    reply.raw.once('close', leave)
    try {
      const taken = await profile(seconds * 1000, gone.signal)
      reply.header('content-disposition', `attachment; filename="${name}.pb.gz"`)
      return reply.type('application/octet-stream').send(taken)
    } catch (error) {
      if (draining.aborted) throw new AdminFault(503, 'draining', 'The gateway is draining')
      if (!gone.signal.aborted) throw error
      return reply.hijack()
    } finally {
      reply.raw.removeListener('close', leave)
    }
  }
  const index: AdminRoute = {
    method: 'GET',
    path: '/debug/pprof/',
    right: 'profile',
    summary: 'profiles of this process',
    serve: () => ({
      profiles: [
        { path: '/debug/pprof/profile?seconds=N', summary: `CPU profile of N seconds, ${USUAL_SECONDS} unless told` },
        {
          path: '/debug/pprof/heap?seconds=N',
          summary: `objects allocated since sampling began and still in use; the first one begins it, and takes ${USUAL_SECONDS} seconds unless told`,
        },
      ],
      longest_seconds: most,
      heap_sampled: profiler.heapSampled,
    }),
  }
  return [
    index,
    // As Go's, with and without the slash.
    { ...index, path: '/debug/pprof' },
    {
      method: 'GET',
      path: '/debug/pprof/profile',
      right: 'profile',
      summary: 'a CPU profile as gzipped pprof; ?seconds=',
      serve: (request, reply) =>
        take(request, reply, 'profile', { usual: USUAL_SECONDS, least: 1 }, (ms, gone) => profiler.cpu(ms, gone)),
    },
    {
      method: 'GET',
      path: '/debug/pprof/heap',
      right: 'profile',
      summary: 'a heap profile as gzipped pprof; ?seconds=',
      serve: (request, reply) =>
        take(request, reply, 'heap', { usual: profiler.heapSampled ? 0 : USUAL_SECONDS, least: 0 }, (ms, gone) =>
          profiler.heap(ms, gone),
        ),
    },
    {
      method: 'DELETE',
      path: '/debug/pprof/heap',
      right: 'profile',
      summary: 'ends the sampling of allocations that the first heap profile began',
      serve: async (_request, reply) => {
        await profiler.stopHeap()
        return reply.code(204).send()
      },
    },
  ]
}

function secondsOf(query: Query, usual: number, least: number, most: number): number {
  const text = textOf(query, 'seconds')
  if (text === undefined) return usual
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
  if (seconds >= least && seconds <= most) return seconds
  throw new AdminFault(
    400,
    'bad_request',
    `"seconds" must be a number from ${least} to ${most} (admin.profiles.longest)`,
  )
}
