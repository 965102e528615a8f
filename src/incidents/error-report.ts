/** Writes kinds of error as the JSON of `/errors` and of the MCP tool, by the names that log lines have, without secrets. */
import { redact } from '../telemetry/redact.ts'
import { scrub } from '../telemetry/scrub.ts'
import type { ErrorKind, ErrorSample } from './error-kind.ts'
import type { ErrorEntry, ErrorLedger, ErrorQuery } from './error-ledger.ts'

/** The answer to a query. `messages`: with the upstream's own words. */
export function errorReport(ledger: ErrorLedger, query: ErrorQuery, messages: boolean): Record<string, unknown> {
  const { total, errors } = ledger.list(query)
  return {
    errors: errors.map((entry) => ({
      fingerprint: entry.fingerprint,
      ...kindFields(entry.kind),
      fault: entry.fault,
      ...countFields(entry),
      samples: entry.samples.map((sample) => sampleFields(sample, messages)),
    })),
    total,
    evicted: ledger.evicted,
  }
}

/** What is empty is left out. */
export function kindFields(kind: ErrorKind): Record<string, string> {
  const { outcome, errorType, upstream, method, httpMethod, target } = kind
  return {
    outcome,
    ...(errorType !== '' && { 'error.type': errorType }),
    upstream,
    ...(method !== '' && { 'mcp.method.name': method }),
    ...(httpMethod !== '' && { 'http.request.method': httpMethod }),
    ...(target !== '' && { [method === 'prompts/get' ? 'gen_ai.prompt.name' : 'gen_ai.tool.name']: target }),
  }
}

function countFields({ count, firstAt, lastAt, perMinute }: ErrorEntry): Record<string, unknown> {
  const [one, five, sixty] = perMinute.map((rate) => Math.round(rate * 100) / 100)
  return { count, first_at: iso(firstAt), last_at: iso(lastAt), per_minute: { '1m': one, '5m': five, '60m': sixty } }
}

function sampleFields(sample: ErrorSample, messages: boolean): Record<string, unknown> {
  const { at, correlationId, traceId, requestId, session, clientName, status, cause, duration, message } = sample
  return redact({
    time: iso(at),
    ...(correlationId !== '' && { correlation_id: correlationId }),
    ...(traceId !== undefined && { trace_id: traceId }),
    ...(requestId !== undefined && { 'jsonrpc.request.id': requestId }),
    ...(session !== undefined && { 'mcp.session.id': session }),
    ...(clientName !== undefined && { 'mcp.client.name': clientName }),
    ...(status !== 0 && { 'http.response.status_code': status }),
    ...(cause !== '' && { 'error.cause': cause }),
    duration_ms: Math.round(duration * 1000) / 1000,
    ...(messages && message !== undefined && { message: scrub(message) }),
  })
}

const iso = (at: number): string => new Date(at).toISOString()
