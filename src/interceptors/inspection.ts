/** Reads the messages of every exchange beside its bytes, and refuses requests that no upstream could read the same way. */
import type { ErrorCode } from '../errors.ts'
import type { Exchange, RouteFacts } from '../exchange/exchange.ts'
import type { Interceptor, Refusal } from '../exchange/interceptor.ts'
import { Inspection } from '../inspection/inspection.ts'
import type { InspectionParts } from '../inspection/parts.ts'
import { requestMessages } from '../inspection/request-messages.ts'
import { headerMismatch, type RequestHeaders } from '../mcp/mcp-headers.ts'
import type { Envelope } from '../mcp/message.ts'

export interface InspectionOptions {
  readonly parts: InspectionParts
  /** Routes whose invalid requests pass and are only counted. */
  readonly lenient: ReadonlySet<RouteFacts>
  /** A request that is invalid, and why. */
  readonly onInvalid: (upstream: string, reason: ErrorCode) => void
}

export function inspection({ parts, lenient, onInvalid }: InspectionOptions): Interceptor {
  const refusal = (x: Exchange, invalid: Invalid | undefined): Refusal | undefined => {
    if (invalid === undefined) return undefined
    onInvalid(x.route.upstream, invalid.code)
    return lenient.has(x.route) ? undefined : { action: 'refuse', ...invalid }
  }
  return {
    name: 'inspection',
    onRequest(x) {
      const { method, route, headers, body } = x
      if (method === 'HEAD' || method === 'OPTIONS') return undefined
      const seen = new Inspection(x, parts)
      x.observer = seen
      if (method !== 'POST' || !route.mcp) return undefined
      const read = requestMessages(body, headers['content-encoding'], parts.requestBytes)
      if (typeof read === 'string') {
        parts.onUnread(route.upstream, 'request', read)
        return undefined
      }
      const { messages, batch, valid, wellFormed } = read
      if (!wellFormed) return refusal(x, { code: 'parse_error' })
      // JSON, but no JSON-RPC: the upstream's to refuse.
      if (!valid) parts.onUnread(route.upstream, 'request', 'no_message')
      const refused = refusal(x, invalidity(messages, headers, batch))
      seen.request(messages, refused !== undefined)
      return refused
    },
    onResponse(x, head) {
      x.observer?.head(head)
      return undefined
    },
  }
}

interface Invalid {
  readonly code: ErrorCode
  readonly message?: string
}

/** What two readers of the same request could read differently. */
function invalidity(messages: readonly Envelope[], headers: RequestHeaders, batch: boolean): Invalid | undefined {
  for (const { duplicate } of messages)
    if (duplicate !== undefined) return { code: 'duplicate_key', message: `The key ${duplicate} occurs more than once` }
  for (const each of messages) {
    const message = headerMismatch(headers, each, batch)
    if (message !== undefined) return { code: 'header_mismatch', message }
  }
  return undefined
}
