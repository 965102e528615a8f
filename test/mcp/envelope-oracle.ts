/** What `JSON.parse` says about a document of JSON-RPC messages: the oracle for the envelope scanner. */
import { Envelope, type RequestId } from '../../src/mcp/message.ts'

type Json = Record<string, unknown>

/** What ES2026 adds to JSON, and TypeScript does not know yet. */
interface SourceJson {
  parse(text: string, reviver: (key: string, value: unknown, at: { source?: string }) => unknown): unknown
}

/** Parsed, with unsafe integers as bigints; `undefined` when it is no JSON. */
export function parse(text: string): { readonly value: unknown } | undefined {
  try {
    const value = (JSON as unknown as SourceJson).parse(text, (_key, inner, { source }) =>
      typeof inner === 'number' && !Number.isSafeInteger(inner) && /^-?\d+$/.test(source ?? '')
        ? BigInt(source ?? '')
        : inner,
    )
    return { value }
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function object(value: unknown): Json {
  return isObject(value) ? value : {}
}

function own(from: Json, key: string): unknown {
  return Object.hasOwn(from, key) ? from[key] : undefined
}

function text(from: Json, key: string): string | undefined {
  const value = own(from, key)
  return typeof value === 'string' ? value.toWellFormed() : undefined
}

function id(from: Json, key: string): RequestId | undefined {
  const value = own(from, key)
  if (typeof value === 'string') return value.toWellFormed()
  return typeof value === 'number' || typeof value === 'bigint' || value === null ? value : undefined
}

function kindOf(message: Json): Envelope['kind'] {
  const wrongId = Object.hasOwn(message, 'id') && id(message, 'id') === undefined
  const hasMethod = Object.hasOwn(message, 'method')
  if (wrongId || (hasMethod && typeof message.method !== 'string')) return 'invalid'
  if (hasMethod) return Object.hasOwn(message, 'id') ? 'request' : 'notification'
  if (isObject(own(message, 'error'))) return 'error'
  return Object.hasOwn(message, 'result') ? 'response' : 'invalid'
}

function peer(params: Json, result: Json): Json {
  const candidates = [
    own(params, 'clientInfo'),
    own(result, 'serverInfo'),
    own(object(own(params, '_meta')), 'io.modelcontextprotocol/clientInfo'),
    own(object(own(result, '_meta')), 'io.modelcontextprotocol/serverInfo'),
  ]
  return object(candidates.find(isObject))
}

/** The envelope of a parsed message, but for its length, listed items and duplicates. */
export function envelopeOf(value: unknown): Envelope {
  const envelope = new Envelope()
  if (!isObject(value)) return envelope
  const params = object(own(value, 'params'))
  const meta = object(own(params, '_meta'))
  const result = object(own(value, 'result'))
  const error = object(own(value, 'error'))
  const { name, version } = peer(params, result)
  const code = own(error, 'code')
  return Object.assign(envelope, {
    kind: kindOf(value),
    id: id(value, 'id'),
    method: text(value, 'method'),
    name: text(params, 'name'),
    uri: text(params, 'uri'),
    cursor: text(params, 'cursor'),
    requestedVersion: text(params, 'protocolVersion'),
    metaVersion: text(meta, 'io.modelcontextprotocol/protocolVersion'),
    resultVersion: text(result, 'protocolVersion'),
    peerName: text({ name }, 'name'),
    peerVersion: text({ version }, 'version'),
    traceparent: text(meta, 'traceparent'),
    tracestate: text(meta, 'tracestate'),
    baggage: text(meta, 'baggage'),
    cancelledId: id(params, 'requestId'),
    errorCode: typeof code === 'bigint' ? Number(code) : typeof code === 'number' ? code : undefined,
    errorMessage: text(error, 'message'),
    isError: own(result, 'isError') === true,
    resultType: text(result, 'resultType'),
    hasResult: Object.hasOwn(value, 'result'),
    hasError: isObject(own(value, 'error')),
    nextCursor: text(result, 'nextCursor'),
  })
}

export function envelopesOf(value: unknown): Envelope[] {
  return Array.isArray(value) ? value.map(envelopeOf) : [envelopeOf(value)]
}

/** Objects, or an array of nothing but objects. */
export function isDocument(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isObject) : isObject(value)
}
