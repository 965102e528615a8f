/** The revisions and methods of MCP as closed sets, so that what peers send becomes a label only when MCP knows it. Pure. */

/** Every revision that was ever negotiated; 2024-10-07 was never published as a specification, but SDKs speak it. */
export const REVISIONS = ['2024-10-07', '2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'] as const

export type Revision = (typeof REVISIONS)[number]

/** The first revision without sessions, whose requests each carry their own version. */
export const MODERN: Revision = '2026-07-28'

/**
 * What a server should take a request for that nothing says a revision of: neither the message, nor its header, nor
 * what the session agreed on (2025-11-25, Transports, Protocol Version Header).
 */
export const ASSUMED: Revision = '2025-03-26'

const OTHER = '_other'
const NONE = '_none'

/** Requests and notifications, either direction, of all revisions and of the tasks extension (SEP-2663). */
export const METHODS = [
  'completion/complete',
  'elicitation/create',
  'initialize',
  'logging/setLevel',
  'notifications/cancelled',
  'notifications/elicitation/complete',
  'notifications/initialized',
  'notifications/message',
  'notifications/progress',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
  'notifications/roots/list_changed',
  'notifications/subscriptions/acknowledged',
  'notifications/tasks',
  'notifications/tasks/status',
  'notifications/tools/list_changed',
  'ping',
  'prompts/get',
  'prompts/list',
  'resources/list',
  'resources/read',
  'resources/subscribe',
  'resources/templates/list',
  'resources/unsubscribe',
  'roots/list',
  'sampling/createMessage',
  'server/discover',
  'subscriptions/listen',
  'tasks/cancel',
  'tasks/get',
  'tasks/list',
  'tasks/result',
  'tasks/update',
  'tools/call',
  'tools/list',
] as const

const revisions: ReadonlySet<string> = new Set(REVISIONS)
const methods: ReadonlySet<string> = new Set(METHODS)

/** The label of a revision: itself, `_other` when MCP has no such revision, `_none` when nothing said one. */
export function revisionLabel(version: string | undefined): string {
  if (version === undefined) return NONE
  return revisions.has(version) ? version : OTHER
}

/**
 * The revision that a downstream's message is of. Its own word counts first (`params._meta`; for `initialize` the
 * requested version), as SDK servers do it; then the header's; then what its session agreed on.
 */
export function revisionOf(
  own: string | undefined,
  header: string | undefined,
  negotiated: string | undefined,
): string {
  return own ?? header ?? negotiated ?? ASSUMED
}

/** The label of a method: itself, or `_other` when no revision of MCP has it. */
export function methodLabel(method: string): string {
  return methods.has(method) ? method : OTHER
}

/** What a request of this method aims at: the tool or prompt that `params.name` names, or what `params.uri` does. */
export function targetOf(method: string): 'tool' | 'prompt' | 'uri' | undefined {
  switch (method) {
    case 'tools/call':
      return 'tool'
    case 'prompts/get':
      return 'prompt'
    case 'resources/read':
    case 'resources/subscribe':
    case 'resources/unsubscribe':
      return 'uri'
    default:
      return undefined
  }
}
