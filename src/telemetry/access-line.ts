/** The line of an exchange, written by hand because a pino line of this size costs ten times as much. */
import type { AccessRecord } from './access-record.ts'
import type { LineBytes } from './line-bytes.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)
const key = (name: string): Uint8Array => bytes(`,"${name}":`)

const START = { info: bytes('{"level":"info","time":"'), warn: bytes('{"level":"warn","time":"') }
const MODULE = bytes('","module":"access","correlation_id":')
const END = bytes(',"msg":"exchange"}\n')
const INTERRUPTED = bytes(',"interrupted":true')

const TRACE = key('trace_id')
const SPAN = key('span_id')
const UPSTREAM = key('upstream')
const ROUTE = key('route')
const ENDPOINT = key('endpoint')
const METHOD = key('http.request.method')
const PATH = key('url.path')
const STATUS = key('http.response.status_code')
const OUTCOME = key('outcome')
const ERROR_TYPE = key('error.type')
const ERROR_CAUSE = key('error.cause')
const DURATION = key('duration_ms')
const REQUEST_READ = key('request_read_ms')
const INTERCEPTORS = key('interceptors_ms')
const POOL_WAIT = key('pool_wait_ms')
const CONNECT = key('connect_ms')
const RESPONSE_HEAD = key('response_head_ms')
const FIRST_EVENT = key('first_event_ms')
const STREAM = key('stream_ms')
const REQUEST_BYTES = key('request_bytes')
const RESPONSE_BYTES = key('response_bytes')
const CLIENT_ADDRESS = key('client.address')
const CLIENT_NAME = key('mcp.client.name')
const CLIENT_VERSION = key('mcp.client.version')
const RPC_METHOD = key('mcp.method.name')
const TOOL = key('gen_ai.tool.name')
const PROMPT = key('gen_ai.prompt.name')
const RPC_ID = key('jsonrpc.request.id')
const MESSAGES = key('messages')
const OPERATION_OUTCOME = key('operation.outcome')
const OPERATION_DURATION = key('operation.duration_ms')
const REVISION = key('mcp.protocol.version')
const SESSION = key('mcp.session.id')

/**
 * Shaped as pino shapes the other lines: level, time and module first, `msg` last. Its fields are told in access-fields.ts.
 */
export function writeAccessLine(line: LineBytes, record: AccessRecord, level: 'info' | 'warn', time: string): void {
  line.raw(START[level])
  line.ascii(time)
  line.raw(MODULE)
  line.quoted(record.correlationId)
  text(line, TRACE, record.traceId)
  text(line, SPAN, record.spanId)
  common(line, record)
  text(line, ERROR_TYPE, record.errorType)
  text(line, ERROR_CAUSE, record.errorCause)
  milliseconds(line, DURATION, record.durationMs)
  milliseconds(line, REQUEST_READ, record.requestReadMs)
  milliseconds(line, INTERCEPTORS, record.interceptorsMs)
  milliseconds(line, POOL_WAIT, record.poolWaitMs)
  milliseconds(line, CONNECT, record.connectMs)
  milliseconds(line, RESPONSE_HEAD, record.responseHeadMs)
  milliseconds(line, FIRST_EVENT, record.firstEventMs)
  milliseconds(line, STREAM, record.streamMs)
  whole(line, REQUEST_BYTES, record.requestBytes)
  whole(line, RESPONSE_BYTES, record.responseBytes)
  text(line, CLIENT_ADDRESS, record.clientAddress)
  text(line, CLIENT_NAME, record.clientName)
  text(line, CLIENT_VERSION, record.clientVersion)
  if (record.rpcMethod !== undefined) operation(line, record, record.rpcMethod)
  text(line, REVISION, record.protocolVersion)
  text(line, SESSION, record.session)
  if (record.interrupted) line.raw(INTERRUPTED)
  line.raw(END)
}

interface Common {
  readonly record: AccessRecord
  readonly bytes: Uint8Array
}

/** Reloads may bring ever new routes. */
const MOST_ROUTES = 1_000

/** By route: what its last line had in common with most. */
const commons = new Map<string | undefined, Common>()

/** What nearly every line of a route says, copied from the one before: a third of the line's cost. */
function common(line: LineBytes, record: AccessRecord): void {
  const last = commons.get(record.route)
  if (last !== undefined && isAlike(last.record, record)) {
    line.raw(last.bytes)
    return
  }
  const from = line.length
  text(line, UPSTREAM, record.upstream)
  text(line, ROUTE, record.route)
  text(line, ENDPOINT, record.endpoint)
  text(line, METHOD, record.method)
  text(line, PATH, pathOnly(record.path))
  whole(line, STATUS, record.status)
  text(line, OUTCOME, record.outcome)
  if (commons.size >= MOST_ROUTES) commons.clear()
  commons.set(record.route, { record, bytes: Uint8Array.from(line.bytes.subarray(from, line.length)) })
}

const isAlike = (a: AccessRecord, b: AccessRecord): boolean =>
  a.upstream === b.upstream &&
  a.endpoint === b.endpoint &&
  a.method === b.method &&
  a.path === b.path &&
  a.status === b.status &&
  a.outcome === b.outcome

function operation(line: LineBytes, record: AccessRecord, method: string): void {
  const { target, rpcId, messages, operationOutcome, outcome } = record
  text(line, RPC_METHOD, method)
  // Names only: the URI of a resource may hold anything.
  if (method === 'tools/call') text(line, TOOL, target)
  else if (method === 'prompts/get') text(line, PROMPT, target)
  if (rpcId !== undefined && rpcId !== null) text(line, RPC_ID, typeof rpcId === 'string' ? rpcId : String(rpcId))
  if (messages > 1) whole(line, MESSAGES, messages)
  if (operationOutcome !== outcome) text(line, OPERATION_OUTCOME, operationOutcome)
  milliseconds(line, OPERATION_DURATION, record.operationMs)
}

function text(line: LineBytes, name: Uint8Array, value: string | undefined): void {
  if (value === undefined) return
  line.raw(name)
  line.quoted(value)
}

function whole(line: LineBytes, name: Uint8Array, value: number | undefined): void {
  if (value === undefined) return
  line.raw(name)
  line.whole(value)
}

function milliseconds(line: LineBytes, name: Uint8Array, value: number | undefined): void {
  if (value === undefined) return
  line.raw(name)
  line.decimal(value)
}

/** A query or a fragment may carry secrets, so what follows the path is cut here whatever the caller passed. */
function pathOnly(target: string): string {
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i)
    if (code === 0x3f || code === 0x23) return target.slice(0, i)
  }
  return target
}
