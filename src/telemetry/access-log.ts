/** The access log: one JSON line an exchange, written by hand because a pino line of this size costs three times as much. */
import { hash } from 'node:crypto'
import type { Outcome } from '../exchange/outcome.ts'
import type { RequestId } from '../mcp/message.ts'
import { remember } from '../remember.ts'
import { quote } from './json.ts'

export interface AccessRecord {
  readonly correlationId: string
  readonly upstream: string | undefined
  /** The route's own path, not the request's. */
  readonly route: string | undefined
  readonly method: string
  /** The request target; its query is never written. */
  readonly path: string
  /** Undefined when no response head was sent. */
  readonly status: number | undefined
  readonly outcome: Outcome
  readonly errorType: string | undefined
  readonly durationMs: number
  readonly requestBytes: number
  readonly responseBytes: number
  readonly clientAddress: string | undefined
  /** Of the first message. */
  readonly rpcMethod: string | undefined
  /** Name of the tool or prompt that it is about. */
  readonly target: string | undefined
  readonly rpcId: RequestId | undefined
  /** JSON-RPC messages in the request. */
  readonly messages: number
  /** Of the first operation, if it has ended; written where it is not the exchange's. */
  readonly operationOutcome: Outcome | undefined
  readonly protocolVersion: string | undefined
  /** What `sessionTag` makes of the session id, never the id. */
  readonly session: string | undefined
  /** The response was cut before its end. */
  readonly interrupted: boolean
}

/** Takes whole lines, each with its line end. */
export interface LineSink {
  write(line: string): void
}

/** Stands for a session in logs: the same id gives the same tag, and no tag gives the id back. */
export const sessionTag = remember((sessionId) => hash('sha256', sessionId, 'hex').slice(0, 12))

const FAULTS: ReadonlySet<Outcome> = new Set<Outcome>([
  'timeout',
  'upstream_reset',
  'upstream_unreachable',
  'gateway_error',
])

/** Whether an exchange is written at level `warn`: the gateway or the upstream failed. */
export const isFault = (record: AccessRecord): boolean =>
  FAULTS.has(record.outcome) || (record.status !== undefined && record.status >= 500)

export class AccessLog {
  readonly #sink: LineSink
  readonly #faultsOnly: boolean

  #lastAt = 0
  #lastText = ''

  constructor(sink: LineSink, faultsOnly = false) {
    this.#sink = sink
    this.#faultsOnly = faultsOnly
  }

  write(record: AccessRecord): void {
    const fault = isFault(record)
    if (this.#faultsOnly && !fault) return
    this.#sink.write(accessLine(record, fault ? 'warn' : 'info', this.#now()))
  }

  /** Most lines fall into the millisecond of the one before: 20 ns in place of 300. */
  #now(): string {
    const at = Date.now()
    if (at !== this.#lastAt) {
      this.#lastAt = at
      this.#lastText = new Date(at).toISOString()
    }
    return this.#lastText
  }
}

/** The line, shaped as pino shapes the other lines: level and time first, `msg` last. */
export function accessLine(record: AccessRecord, level: 'info' | 'warn', time: string): string {
  let line = `{"level":"${level}","time":"${time}","correlation_id":${quote(record.correlationId)}`
  if (record.upstream !== undefined) line += `,"upstream":${quote(record.upstream)}`
  if (record.route !== undefined) line += `,"route":${quote(record.route)}`
  line += `,"http.request.method":${quote(record.method)},"url.path":${quote(pathOnly(record.path))}`
  if (record.status !== undefined) line += `,"http.response.status_code":${whole(record.status)}`
  line += `,"outcome":${quote(record.outcome)}`
  if (record.errorType !== undefined) line += `,"error.type":${quote(record.errorType)}`
  line += `,"duration_ms":${whole(record.durationMs * 1000) / 1000}`
  line += `,"request_bytes":${whole(record.requestBytes)},"response_bytes":${whole(record.responseBytes)}`
  if (record.clientAddress !== undefined) line += `,"client.address":${quote(record.clientAddress)}`
  if (record.rpcMethod !== undefined) line += rpcFields(record, record.rpcMethod)
  if (record.protocolVersion !== undefined) line += `,"mcp.protocol.version":${quote(record.protocolVersion)}`
  if (record.session !== undefined) line += `,"mcp.session":${quote(record.session)}`
  if (record.interrupted) line += ',"interrupted":true'
  return `${line},"msg":"exchange"}\n`
}

function rpcFields({ target, rpcId, messages, operationOutcome, outcome }: AccessRecord, method: string): string {
  let fields = `,"mcp.method.name":${quote(method)}`
  if (target !== undefined) {
    if (method === 'tools/call') fields += `,"gen_ai.tool.name":${quote(target)}`
    else if (method === 'prompts/get') fields += `,"gen_ai.prompt.name":${quote(target)}`
  }
  if (rpcId !== undefined && rpcId !== null)
    fields += `,"jsonrpc.request.id":${typeof rpcId === 'string' ? quote(rpcId) : `"${rpcId}"`}`
  if (messages > 1) fields += `,"messages":${messages}`
  if (operationOutcome !== undefined && operationOutcome !== outcome)
    fields += `,"operation.outcome":${quote(operationOutcome)}`
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
