/** Reads the messages of every exchange beside its bytes, and refuses requests that no upstream could read the same way. */
import type { ErrorCode } from '../errors.ts'
import type { Exchange, RouteFacts } from '../exchange/exchange.ts'
import type { Interceptor, Refusal } from '../exchange/interceptor.ts'
import { Inspection } from '../inspection/inspection.ts'
import type { InspectionParts } from '../inspection/parts.ts'
import { scanRequest } from '../mcp/envelope.ts'
import { headerMismatch } from '../mcp/mcp-headers.ts'

export interface InspectionOptions {
  readonly parts: InspectionParts
  /** Routes whose invalid requests pass and are only counted. */
  readonly lenient: ReadonlySet<RouteFacts>
  /** A request that is invalid, and why. */
  readonly onInvalid: (upstream: string, reason: ErrorCode) => void
}

export function inspection({ parts, lenient, onInvalid }: InspectionOptions): Interceptor {
  const invalid = (x: Exchange, code: ErrorCode, message?: string): Refusal | undefined => {
    onInvalid(x.route.upstream, code)
    if (lenient.has(x.route)) return undefined
    return message === undefined ? { action: 'refuse', code } : { action: 'refuse', code, message }
  }
  return {
    name: 'inspection',
    onRequest(x) {
      const { method, route, headers, body } = x
      if (method === 'HEAD' || method === 'OPTIONS') return undefined
      const seen = new Inspection(x, parts)
      x.observer = seen
      if (method !== 'POST' || !route.mcp) return undefined
      const encoding = headers['content-encoding']
      if (encoding !== undefined && encoding !== 'identity') {
        parts.onUnread(route.upstream, 'request', 'encoding')
        return undefined
      }
      const { messages, batch, valid, wellFormed } = scanRequest(body)
      if (!wellFormed) return invalid(x, 'parse_error')
      // JSON, but no JSON-RPC: the upstream's to refuse.
      if (!valid) parts.onUnread(route.upstream, 'request', 'no_message')
      seen.request(messages)
      for (const { duplicate } of messages)
        if (duplicate !== undefined) return invalid(x, 'duplicate_key', `The key ${duplicate} occurs more than once`)
      const [first] = messages
      const mismatch = first === undefined ? undefined : headerMismatch(headers, first, batch)
      return mismatch === undefined ? undefined : invalid(x, 'header_mismatch', mismatch)
    },
    onResponse(x, head) {
      x.observer?.head(head)
      return undefined
    },
  }
}
