/** Writes one log line an exchange. */
import type { Interceptor } from '../exchange/interceptor.ts'
import { type AccessLog, sessionTag } from '../telemetry/access-log.ts'

const NOWHERE = '_none'

export function accessLog(log: AccessLog): Interceptor {
  return {
    name: 'access_log',
    onEnd(x, outcome) {
      const session = x.headers['mcp-session-id']
      const [first] = x.messages
      const [operation] = x.operations
      const { path, upstream } = x.route
      log.write({
        correlationId: x.correlationId,
        upstream: upstream === NOWHERE ? undefined : upstream,
        route: path === NOWHERE ? undefined : path,
        method: x.method,
        path: x.url,
        status: x.status === 0 ? undefined : x.status,
        outcome,
        errorType: x.errorType === '' ? undefined : x.errorType,
        durationMs: x.endedAt - x.startedAt,
        requestBytes: x.requestBytes,
        responseBytes: x.responseBytes,
        clientAddress: x.remoteAddress === '' ? undefined : x.remoteAddress,
        rpcMethod: first?.method,
        target: first?.name,
        rpcId: first?.id,
        messages: x.messages.length,
        operationOutcome: operation !== undefined && operation.endedAt > 0 ? operation.outcome : undefined,
        protocolVersion: x.revision === '' || x.revision === '_none' ? undefined : x.revision,
        session: typeof session === 'string' ? sessionTag(session) : undefined,
        interrupted: x.interrupted,
      })
      return undefined
    },
  }
}
