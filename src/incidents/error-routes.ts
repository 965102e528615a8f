/** `/errors` and `/alerts` of the admin listener. */
import type { FastifyRequest } from 'fastify'
import { AdminFault } from '../admin/fault.ts'
import { PAGE_LIMIT, type Query, textOf, upstreamOf } from '../admin/paging.ts'
import type { AdminRoute } from '../admin/route.ts'
import { OUTCOMES, type Outcome } from '../exchange/outcome.ts'
import { type Alerts, alertFields } from './alerts.ts'
import type { ErrorLedger, ErrorQuery } from './error-ledger.ts'
import { errorReport } from './error-report.ts'

export interface ErrorRoutesParts {
  readonly ledger: ErrorLedger
  readonly alerts: Pick<Alerts, 'firing'>
  /** Show what upstreams said. */
  readonly messages: boolean
  /** The names of those there are now. */
  readonly upstreams: () => readonly string[]
}

const USUAL_LIMIT = 50

export function errorRoutes({ ledger, alerts, messages, upstreams }: ErrorRoutesParts): AdminRoute[] {
  return [
    {
      method: 'GET',
      path: '/errors',
      right: 'read',
      summary: `errors by kind: how many, since when, how fast, the last few; ?upstream=, ?outcome=, ?limit= (at most ${PAGE_LIMIT})`,
      serve: (request: FastifyRequest) => {
        const query = queryOf(request.query as Query, ledger.upstreamsBeside(upstreams()))
        return errorReport(ledger, query, messages)
      },
    },
    {
      method: 'GET',
      path: '/alerts',
      right: 'read',
      summary: 'alerts that are firing',
      serve: () => ({ alerts: alerts.firing().map(alertFields) }),
    },
  ]
}

/** `outcome` may stand there more than once. */
function queryOf(query: Query, upstreams: readonly string[]): ErrorQuery {
  const outcomes = new Set<Outcome>()
  for (const word of [query.outcome ?? []].flat()) {
    const outcome = OUTCOMES.find((each) => each === word)
    if (outcome === undefined)
      throw new AdminFault(400, 'unknown_outcome', `There is no such outcome; there are ${OUTCOMES.join(', ')}`)
    outcomes.add(outcome)
  }
  const limit = Number(textOf(query, 'limit') ?? USUAL_LIMIT)
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_LIMIT)
    throw new AdminFault(400, 'bad_request', `"limit" must be a number from 1 to ${PAGE_LIMIT}`)
  return { upstream: upstreamOf(query, upstreams), outcomes, limit }
}
