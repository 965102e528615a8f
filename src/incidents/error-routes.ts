/** `/errors` and `/alerts` of the admin listener. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AdminRoute } from '../admin/route.ts'
import { OUTCOMES, type Outcome } from '../exchange/outcome.ts'
import type { Alerts } from './alerts.ts'
import type { ErrorLedger } from './error-ledger.ts'
import { errorReport } from './error-report.ts'

export interface ErrorRoutesParts {
  readonly ledger: ErrorLedger
  readonly alerts: Alerts
  /** Show what upstreams said. */
  readonly messages: boolean
}

type Query = Readonly<Record<string, string | string[] | undefined>>

const DEFAULT_LIMIT = 50
export const MOST_ERRORS = 500

export function errorRoutes({ ledger, alerts, messages }: ErrorRoutesParts): AdminRoute[] {
  return [
    {
      method: 'GET',
      path: '/errors',
      right: 'read',
      summary: 'Errors by kind: how many, since when, how fast, and the last few. ?upstream=, ?outcome=, ?limit=',
      serve: (request: FastifyRequest, reply: FastifyReply) => {
        const query = request.query as Query
        const outcomes = new Set([query.outcome ?? []].flat())
        for (const outcome of outcomes)
          if (!isOutcome(outcome))
            return refuse(reply, `There is no outcome ${JSON.stringify(outcome)}; there are ${OUTCOMES.join(', ')}`)
        const limit = query.limit === undefined ? DEFAULT_LIMIT : Number(query.limit)
        if (!Number.isInteger(limit) || limit < 1 || limit > MOST_ERRORS)
          return refuse(reply, `limit must be a whole number from 1 to ${MOST_ERRORS}`)
        const [upstream] = [query.upstream ?? []].flat()
        reply.header('cache-control', 'no-store')
        return errorReport(ledger, { upstream, outcomes: outcomes as Set<Outcome>, limit }, messages)
      },
    },
    {
      method: 'GET',
      path: '/alerts',
      right: 'read',
      summary: 'Alerts that are firing',
      serve: (_request, reply) => {
        reply.header('cache-control', 'no-store')
        return {
          alerts: alerts.firing().map((alert) => ({ ...alert, startsAt: new Date(alert.startsAt).toISOString() })),
        }
      },
    },
  ]
}

const isOutcome = (word: string): word is Outcome => (OUTCOMES as readonly string[]).includes(word)

const refuse = (reply: FastifyReply, message: string) => reply.code(400).send({ error: 'invalid_query', message })
