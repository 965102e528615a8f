/** The line of an exchange, written by hand because a pino line of this size costs three times as much. */
import type { AccessRecord } from './access-record.ts'
import { decimal, quote } from './json.ts'

/**
 * Shaped as pino shapes the other lines: level, time and module first, `msg` last. Its fields are told in access-fields.ts.
 * What is of our own making (outcomes, trace ids) needs no escaping.
 */
export function accessLine(record: AccessRecord, level: 'info' | 'warn', time: string): string {
  let line = `{"level":"${level}","time":"${time}","module":"access","correlation_id":${quote(record.correlationId)}`
  if (record.traceId !== undefined) line += `,"trace_id":"${record.traceId}"`
  if (record.spanId !== undefined) line += `,"span_id":"${record.spanId}"`
  if (record.upstream !== undefined) line += `,"upstream":${quote(record.upstream)}`
  if (record.route !== undefined) line += `,"route":${quote(record.route)}`
  if (record.endpoint !== undefined) line += `,"endpoint":${quote(record.endpoint)}`
  line += `,"http.request.method":${quote(record.method)},"url.path":${quote(pathOnly(record.path))}`
  if (record.status !== undefined) line += `,"http.response.status_code":${whole(record.status)}`
  line += `,"outcome":"${record.outcome}"`
  if (record.errorType !== undefined) line += `,"error.type":${quote(record.errorType)}`
  if (record.errorCause !== undefined) line += `,"error.cause":${quote(record.errorCause)}`
  line += durations(record)
  line += `,"request_bytes":${whole(record.requestBytes)},"response_bytes":${whole(record.responseBytes)}`
  if (record.clientAddress !== undefined) line += `,"client.address":${quote(record.clientAddress)}`
  if (record.clientName !== undefined) line += `,"mcp.client.name":${quote(record.clientName)}`
  if (record.clientVersion !== undefined) line += `,"mcp.client.version":${quote(record.clientVersion)}`
  if (record.rpcMethod !== undefined) line += operation(record, record.rpcMethod)
  if (record.protocolVersion !== undefined) line += `,"mcp.protocol.version":${quote(record.protocolVersion)}`
  if (record.session !== undefined) line += `,"mcp.session.id":${quote(record.session)}`
  if (record.interrupted) line += ',"interrupted":true'
  return `${line},"msg":"exchange"}\n`
}

function durations(record: AccessRecord): string {
  const { requestReadMs, interceptorsMs, poolWaitMs, connectMs, responseHeadMs, firstEventMs, streamMs } = record
  let fields = `,"duration_ms":${decimal(record.durationMs)}`
  if (requestReadMs !== undefined) fields += `,"request_read_ms":${decimal(requestReadMs)}`
  if (interceptorsMs !== undefined) fields += `,"interceptors_ms":${decimal(interceptorsMs)}`
  if (poolWaitMs !== undefined) fields += `,"pool_wait_ms":${decimal(poolWaitMs)}`
  if (connectMs !== undefined) fields += `,"connect_ms":${decimal(connectMs)}`
  if (responseHeadMs !== undefined) fields += `,"response_head_ms":${decimal(responseHeadMs)}`
  if (firstEventMs !== undefined) fields += `,"first_event_ms":${decimal(firstEventMs)}`
  if (streamMs !== undefined) fields += `,"stream_ms":${decimal(streamMs)}`
  return fields
}

function operation(record: AccessRecord, method: string): string {
  const { target, rpcId, messages, operationOutcome, operationMs, outcome } = record
  let fields = `,"mcp.method.name":${quote(method)}`
  // Names only: the URI of a resource may hold anything.
  if (target !== undefined) {
    if (method === 'tools/call') fields += `,"gen_ai.tool.name":${quote(target)}`
    else if (method === 'prompts/get') fields += `,"gen_ai.prompt.name":${quote(target)}`
  }
  if (rpcId !== undefined && rpcId !== null)
    fields += `,"jsonrpc.request.id":${typeof rpcId === 'string' ? quote(rpcId) : `"${rpcId}"`}`
  if (messages > 1) fields += `,"messages":${messages}`
  if (operationOutcome !== undefined && operationOutcome !== outcome)
    fields += `,"operation.outcome":"${operationOutcome}"`
  if (operationMs !== undefined) fields += `,"operation.duration_ms":${decimal(operationMs)}`
  return fields
}

/** A query or a fragment may carry secrets, so what follows the path is cut here whatever the caller passed. */
function pathOnly(target: string): string {
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i)
    if (code === 0x3f || code === 0x23) return target.slice(0, i)
  }
  return target
}

/** NaN and infinities are no JSON. */
const whole = (n: number): number => (Number.isFinite(n) ? Math.round(n) : 0)
