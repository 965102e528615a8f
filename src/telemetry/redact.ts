/** Makes a copy of what is about to be logged without secrets, whatever the depth and case of their names. */
import { REDACTED, scrub } from './scrub.ts'

/** Credentials, and what agents say to tools. */
const SECRETS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'api_key',
  'apikey',
  'token',
  'access_token',
  'refresh_token',
  'id_token',
  'password',
  'secret',
  'client_secret',
  'mcp-session-id',
  'session_id',
  'sessionid',
  'arguments',
])

export const isSecretName = (name: string): boolean => SECRETS.has(name.toLowerCase())

/** Request targets and references, whose queries are not logged. */
const TARGETS: ReadonlySet<string> = new Set(['path', 'url', 'uri', 'target', 'location', 'referer'])

/** Deeper values are not worth a log line, and cycles end here. */
const DEEPEST = 6

export const redact = (fields: Record<string, unknown>): Record<string, unknown> => redactEntries(fields, 0)

function redactEntries(fields: object, depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(fields)) copy[key] = redactEntry(key.toLowerCase(), value, depth)
  return copy
}

function redactEntry(key: string, value: unknown, depth: number): unknown {
  if (SECRETS.has(key)) return REDACTED
  if (typeof value === 'string' && TARGETS.has(key)) return scrub(value.replace(/[?#].*$/s, ''))
  return redactValue(value, depth + 1)
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return scrub(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return value
  // User, password and query of a URL are where credentials hide.
  if (value instanceof URL) return value.origin + value.pathname
  if (depth > DEEPEST) return '[deep]'
  if (value instanceof Error) return describeError(value, depth)
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1))
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return redactEntries(value, depth)
  // Sockets, requests, buffers: large, and full of what nobody meant to log.
  return `[${prototype.constructor?.name ?? 'object'}]`
}

/** Only these: errors of libraries carry whole requests and responses as further properties. */
function describeError(error: Error, depth: number): Record<string, unknown> {
  const code = 'code' in error ? error.code : undefined
  return {
    type: error.name,
    message: scrub(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    stack: error.stack === undefined ? undefined : scrub(error.stack),
    ...(error.cause === undefined ? {} : { cause: redactValue(error.cause, depth + 1) }),
  }
}
