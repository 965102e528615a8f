/** What spans say: the attributes and events of the MCP semantic conventions, and those of our own. Pure. */
import type { Attributes } from '@opentelemetry/api'
import type { Outcome } from '../../exchange/outcome.ts'
import { methodLabel, targetOf } from '../../mcp/revision.ts'
import type { OperationRecord, SpanRecord } from './record.ts'

/** Where an upstream is; on the spans of calls to it. */
export interface Address {
  readonly host: string
  readonly port: number
}

export interface SpanOptions {
  readonly addressOf: (upstream: string) => Address | undefined
  readonly resourceUris: boolean
}

const NOWHERE = '_none'

/** `{method} {target}` where the target is a tool or a prompt; a URI is not, there are too many. */
export function spanName({ method, route, operations }: SpanRecord): string {
  const [operation] = operations
  if (operation !== undefined && operations.length === 1) return operationName(operation)
  return route === NOWHERE ? method : `${method} ${route}`
}

export function operationName({ method, target }: OperationRecord): string {
  const name = methodLabel(method)
  const kind = targetOf(method)
  return target !== undefined && (kind === 'tool' || kind === 'prompt') ? `${name} ${target}` : name
}

/** Of the span around the whole exchange. */
export function exchangeAttributes(record: SpanRecord, failed: boolean, options: SpanOptions): Attributes {
  const { operations, kept, messages } = record
  const attributes: Attributes = networkAttributes(record)
  attributes.correlation_id = record.correlationId
  if (record.status > 0) attributes['http.response.status_code'] = record.status
  const [operation] = operations
  if (operation !== undefined && operations.length === 1) ofOperation(operation, record, attributes, options)
  else if (messages > 1) attributes['mcp.batch.size'] = messages
  ofSession(record, attributes)
  if (record.remoteAddress !== '') attributes['client.address'] = record.remoteAddress
  if (record.route !== NOWHERE) attributes['http.route'] = record.route
  attributes['http.request.body.size'] = record.requestBytes
  attributes['http.response.body.size'] = record.responseBytes
  if (record.stream) attributes['mcp.stream.events'] = record.events
  if (record.interrupted) attributes.interrupted = true
  if (kept !== undefined) attributes['sidelight.kept'] = kept
  return ofOutcome(record.outcome, record.errorType, failed, attributes)
}

/** Of the span around the call of the upstream. */
export function upstreamAttributes(record: SpanRecord, failed: boolean, options: SpanOptions): Attributes {
  const attributes = networkAttributes(record)
  attributes['network.protocol.version'] = '1.1'
  // Without a head of the upstream's, the status is the gateway's own.
  if (record.headAt > 0 && record.outcome !== 'gateway_error') attributes['http.response.status_code'] = record.status
  const [operation] = record.operations
  if (operation !== undefined && record.operations.length === 1) {
    ofMethod(operation, attributes, options)
    if (record.outcome === 'jsonrpc_error') attributes['rpc.response.status_code'] = record.errorType
  }
  const address = options.addressOf(record.upstream)
  if (address !== undefined) {
    attributes['server.address'] = address.host
    attributes['server.port'] = address.port
  }
  ofRevision(record, attributes)
  if (record.session !== '') attributes['mcp.session.id'] = record.session
  return ofOutcome(record.outcome, record.errorType, failed, attributes)
}

/** Of one operation of a batch. */
export function operationAttributes(
  operation: OperationRecord,
  record: SpanRecord,
  failed: boolean,
  options: SpanOptions,
): Attributes {
  const attributes: Attributes = { upstream: record.upstream }
  ofOperation(operation, record, attributes, options)
  ofSession(record, attributes)
  return ofOutcome(operation.outcome, operation.errorType, failed, attributes)
}

function networkAttributes({ upstream, method }: SpanRecord): Attributes {
  const attributes: Attributes = {
    'network.transport': 'tcp',
    'network.protocol.name': 'http',
    'http.request.method': method,
  }
  if (upstream !== NOWHERE) attributes.upstream = upstream
  return attributes
}

function ofMethod({ method, target, id }: OperationRecord, attributes: Attributes, options: SpanOptions): void {
  attributes['mcp.method.name'] = method
  if (id !== undefined) attributes['jsonrpc.request.id'] = id
  if (target === undefined) return
  switch (targetOf(method)) {
    case 'tool':
      attributes['gen_ai.tool.name'] = target
      attributes['gen_ai.operation.name'] = 'execute_tool'
      break
    case 'prompt':
      attributes['gen_ai.prompt.name'] = target
      break
    case 'uri':
      if (options.resourceUris) attributes['mcp.resource.uri'] = target
      break
  }
}

function ofOperation(
  operation: OperationRecord,
  { responseBytes, operations }: SpanRecord,
  attributes: Attributes,
  options: SpanOptions,
): void {
  ofMethod(operation, attributes, options)
  const { method, outcome, errorType, endedAt, bytes, resultType } = operation
  if (outcome === 'jsonrpc_error' && errorType !== '') attributes['rpc.response.status_code'] = errorType
  if (resultType !== '') attributes['mcp.result.type'] = resultType
  if (targetOf(method) !== 'tool' || operations.length > 1) return
  attributes['mcp.tool.input.size'] = bytes
  attributes['mcp.tool.result.size'] = responseBytes
  if (endedAt > 0) attributes['mcp.tool.result.success'] = outcome === 'ok'
}

function ofSession(record: SpanRecord, attributes: Attributes): void {
  const { session, clientName, clientVersion } = record
  ofRevision(record, attributes)
  if (session !== '') attributes['mcp.session.id'] = session
  if (clientName !== undefined) attributes['mcp.client.name'] = clientName
  if (clientVersion !== undefined) attributes['mcp.client.version'] = clientVersion
}

function ofRevision({ revision }: SpanRecord, attributes: Attributes): void {
  if (revision !== '' && !revision.startsWith('_')) attributes['mcp.protocol.version'] = revision
}

function ofOutcome(outcome: Outcome, errorType: string, failed: boolean, attributes: Attributes): Attributes {
  attributes.outcome = outcome
  if (failed) attributes['error.type'] = errorType === '' ? outcome : errorType
  return attributes
}
