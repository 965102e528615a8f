/** Writes one log line an exchange. */
import type { Exchange } from '../exchange/exchange.ts'
import type { Interceptor } from '../exchange/interceptor.ts'
import { type AccessLog, sessionTag } from '../telemetry/access-log.ts'

const NOWHERE = '_none'

/** Characters of what a downstream calls itself. */
const NAME_LENGTH = 64

/** What an exchange itself does not know. */
export interface AccessLogParts {
  /** Address of the endpoint behind an upstream, without credentials. */
  readonly endpointOf?: (upstream: string) => string | undefined
  /** The exchange's own span, if it is traced. */
  readonly traceOf?: (x: Exchange) => { readonly traceId: string; readonly spanId: string } | undefined
}

export function accessLog(log: AccessLog, { endpointOf, traceOf }: AccessLogParts = {}): Interceptor {
  return {
    name: 'access_log',
    onEnd(x, outcome) {
      const { startedAt, readAt, decidedAt, dispatchedAt, sentAt, headAt, firstEventAt, endedAt, session } = x
      const { path, upstream } = x.route
      const [first] = x.messages
      const [operation] = x.operations
      const trace = traceOf?.(x)
      const over = operation !== undefined && operation.endedAt > 0
      log.write({
        correlationId: x.correlationId,
        traceId: trace?.traceId,
        spanId: trace?.spanId,
        upstream: upstream === NOWHERE ? undefined : upstream,
        route: path === NOWHERE ? undefined : path,
        endpoint: dispatchedAt > 0 ? endpointOf?.(upstream) : undefined,
        method: x.method,
        path: x.url,
        status: x.status === 0 ? undefined : x.status,
        outcome,
        errorType: x.errorType === '' ? undefined : x.errorType,
        errorCause: x.errorCause === '' ? undefined : x.errorCause,
        durationMs: endedAt - startedAt,
        // What was not reached is left out.
        requestReadMs: readAt > 0 ? readAt - startedAt : undefined,
        interceptorsMs: decidedAt > 0 ? decidedAt - readAt : undefined,
        poolWaitMs: dispatchedAt > 0 ? dispatchedAt - decidedAt : undefined,
        connectMs: x.connected && sentAt > 0 ? sentAt - dispatchedAt : undefined,
        responseHeadMs: headAt > 0 ? headAt - sentAt : undefined,
        firstEventMs: firstEventAt > 0 ? firstEventAt - startedAt : undefined,
        streamMs: x.stream ? endedAt - headAt : undefined,
        requestBytes: x.requestBytes,
        responseBytes: x.responseBytes,
        clientAddress: x.remoteAddress === '' ? undefined : x.remoteAddress,
        clientName: cut(session?.clientName ?? first?.peerName),
        clientVersion: cut(session?.clientVersion ?? first?.peerVersion),
        rpcMethod: first?.method,
        target: first?.name,
        rpcId: first?.id,
        messages: x.messages.length,
        operationOutcome: over ? operation.outcome : undefined,
        operationMs: over && x.stream ? operation.endedAt - operation.startedAt : undefined,
        protocolVersion: x.revision === '' || x.revision === NOWHERE ? undefined : x.revision,
        session: tagOf(x),
        interrupted: x.interrupted,
      })
      return undefined
    },
  }
}

/** Of the session that the request names, or that its response began. */
function tagOf({ headers, session }: Exchange): string | undefined {
  const stated = headers['mcp-session-id']
  const id = typeof stated === 'string' ? stated : session?.id
  return id === undefined ? undefined : sessionTag(id)
}

function cut(text: string | undefined): string | undefined {
  return text !== undefined && text.length > NAME_LENGTH ? text.slice(0, NAME_LENGTH) : text
}
