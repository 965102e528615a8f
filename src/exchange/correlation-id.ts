/** The correlation id of a request: the downstream's `X-Correlation-ID` or `X-Request-ID` if well-formed, else a new one. */
import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

const WELL_FORMED = /^[\w.:+/=@-]{1,128}$/

export function correlationId(headers: IncomingHttpHeaders): string {
  return wellFormed(headers['x-correlation-id']) ?? wellFormed(headers['x-request-id']) ?? randomUUID()
}

function wellFormed(given: string | string[] | undefined): string | undefined {
  return typeof given === 'string' && WELL_FORMED.test(given) ? given : undefined
}
