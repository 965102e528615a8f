/** `/components`: every component of the health report, and those that are told from outside. */
import { AdminFault } from '../admin/fault.ts'
import type { AdminRoute } from '../admin/route.ts'
import { parseDuration } from '../config/units.ts'
import { type Health, STATUSES, type Status } from './health.ts'
import {
  LONGEST_MESSAGE,
  type Reported,
  type ReportedComponent,
  type ReportedComponents,
  ReportRefusedError,
} from './reported-components.ts'

/** A month. */
const LONGEST_MS = 31 * 24 * 3_600_000

interface Named {
  readonly name: string
}

export function componentRoutes(health: Health, reported: ReportedComponents): AdminRoute[] {
  return [
    {
      method: 'GET',
      path: '/components',
      right: 'read',
      summary: 'components of the health report, and which were told from outside, until when',
      serve: () => {
        const told = new Map(reported.list().map((component) => [component.name, component]))
        const components = Object.entries(health.look()).map(([name, report]) => {
          const outside = told.get(name)
          return { name, ...report, ...(outside !== undefined && outsideOf(outside)) }
        })
        return { components }
      },
    },
    {
      method: 'PUT',
      path: '/components/:name',
      right: 'write',
      summary:
        'tells of a component: {"status": "degraded", "message": "…", "for": "10m", "required": false}; the last two may be left out',
      serve: ({ params, body }) => {
        const { name } = params as Named
        try {
          const { required, state, ...rest } = reported.set(name, read(body))
          return { name, ...state, required, ...outsideOf(rest) }
        } catch (error) {
          if (!(error instanceof ReportRefusedError)) throw error
          const status = { name: 400, taken: 409, full: 507 }[error.code]
          throw new AdminFault(status, `component_${error.code}`, error.message)
        }
      },
    },
    {
      method: 'DELETE',
      path: '/components/:name',
      right: 'write',
      summary: 'forgets a component that was told from outside',
      serve: ({ params }, reply) => {
        const { name } = params as Named
        if (reported.delete(name)) return reply.code(204).send()
        throw new AdminFault(404, 'component_unknown', 'No such component was told from outside')
      },
    },
  ]
}

const outsideOf = ({ expiresAt }: Pick<ReportedComponent, 'expiresAt'>) => ({
  reported: true,
  ...(expiresAt !== undefined && { expires_at: new Date(expiresAt).toISOString() }),
})

function read(body: unknown): Reported {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw bad('The body must be an object')
  const { status, message = '', for: time, required, ...rest } = body as Record<string, unknown>
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined)
    throw bad(`"${unknown.slice(0, 40)}" is not known here: there are status, message, for and required`)
  if (!STATUSES.includes(status as Status)) throw bad(`"status" must be one of ${STATUSES.join(', ')}`)
  if (typeof message !== 'string' || message.length > LONGEST_MESSAGE)
    throw bad(`"message" must be a text of at most ${LONGEST_MESSAGE} characters`)
  if (required !== undefined && typeof required !== 'boolean') throw bad('"required" must be true or false')
  const ttlMs = time === undefined ? undefined : parseDuration(time)
  if (ttlMs !== undefined && !(ttlMs > 0 && ttlMs <= LONGEST_MS))
    throw bad('"for" must be a duration like 30s, 10m or 2h, at most 744h')
  return { status: status as Status, message, ttlMs, required }
}

const bad = (message: string): AdminFault => new AdminFault(400, 'bad_request', message)
