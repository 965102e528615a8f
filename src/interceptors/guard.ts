/** Refuses requests that no well-meaning MCP client sends: foreign Host or Origin, doubled or stripped headers. */
import type { ErrorCode } from '../errors.ts'
import type { Interceptor, Refusal } from '../exchange/interceptor.ts'
import type { Allows } from '../mcp/allow-list.ts'
import { connectionTokens, duplicated, protectedToken, validSessionId } from '../mcp/headers.ts'

export interface GuardOptions {
  readonly hosts: Allows
  readonly origins: Allows
}

export function guard({ hosts, origins }: GuardOptions): Interceptor {
  return {
    name: 'guard',
    onRequest(x) {
      const { host, origin, connection } = x.headers
      const twice = duplicated(x.rawHeaders)
      if (twice !== undefined) return refuse('duplicate_header', `The header ${twice} occurs more than once`)
      if (hosts !== undefined && (host === undefined || !hosts(host))) return refuse('host_forbidden')
      if (origins !== undefined && origin !== undefined && !origins(origin)) return refuse('origin_forbidden')
      if (protectedToken(connectionTokens(connection)) !== undefined) return refuse('connection_header')
      const session = x.headers['mcp-session-id']
      if (session !== undefined && !validSessionId(session as string)) return refuse('session_id_invalid')
      return undefined
    },
  }
}

const refuse = (code: ErrorCode, message?: string): Refusal =>
  message === undefined ? { action: 'refuse', code } : { action: 'refuse', code, message }
