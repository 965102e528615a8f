/** Answers MCP 2026-07-28, which has no sessions and which the SDK's 1.x line does not know: one request, one response. */
import { headerMismatch, type RequestHeaders } from '../../mcp/mcp-headers.ts'
import { MODERN } from '../../mcp/revision.ts'
import type { Caller } from '../route.ts'
import { type Answers, CAPABILITIES, INSTRUCTIONS, INVALID_PARAMS, METHOD_NOT_FOUND, RpcFault } from './answers.ts'
import type { Answer, McpRequest } from './endpoint.ts'

const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion'
const CAPABILITIES_KEY = 'io.modelcontextprotocol/clientCapabilities'

const INVALID_REQUEST = -32600
const HEADER_MISMATCH = -32020
const UNSUPPORTED_VERSION = -32022

interface Request {
  readonly id?: unknown
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  /** `params._meta` */
  readonly meta: Readonly<Record<string, unknown>>
}

/** Whether the request is of that revision or of one that came after it; then it carries its version itself. */
export function isModern({ headers, body }: McpRequest): boolean {
  const { meta, method } = read(body)
  const header = headers['mcp-protocol-version']
  return VERSION_KEY in meta || method === 'server/discover' || (typeof header === 'string' && header >= MODERN)
}

export async function answerModern(
  { headers, body, caller }: McpRequest,
  answers: Answers,
  version: string,
): Promise<Answer> {
  const { id, method, params, meta } = read(body)
  const refusal = refusalOf(headers, body)
  if (refusal !== undefined) return errorAnswer(400, id, refusal)
  // A notification has no answer.
  if (id === undefined) return { status: 202, body: '' }
  if (!(CAPABILITIES_KEY in meta))
    return errorAnswer(400, id, new RpcFault(INVALID_PARAMS, `params._meta lacks ${CAPABILITIES_KEY}`))
  try {
    const result = await resultOf(method, params, caller, answers)
    const serverInfo = { name: 'sidelight', version }
    const _meta = { 'io.modelcontextprotocol/serverInfo': serverInfo }
    return answer(200, { jsonrpc: '2.0', id, result: { ...result, resultType: 'complete', _meta } })
  } catch (error) {
    if (!(error instanceof RpcFault)) throw error
    return errorAnswer(error.code === METHOD_NOT_FOUND ? 404 : 200, id, error)
  }
}

/** What is wrong whatever is asked. */
function refusalOf(headers: RequestHeaders, body: unknown): RpcFault | undefined {
  const { id, method, params, meta } = read(body)
  if ((method === '' && !Array.isArray(body)) || (id !== undefined && !isId(id)))
    return new RpcFault(INVALID_REQUEST, 'This is no JSON-RPC request')
  const stated = meta[VERSION_KEY] ?? headers['mcp-protocol-version']
  if (stated !== MODERN) {
    const data = { supported: [MODERN], requested: String(stated).slice(0, 64) }
    return new RpcFault(UNSUPPORTED_VERSION, 'This revision of MCP is not spoken here', data)
  }
  const mismatch = headerMismatch(
    headers,
    {
      kind: id === undefined ? 'notification' : 'request',
      method,
      name: textOf(params.name),
      uri: textOf(params.uri),
      metaVersion: textOf(meta[VERSION_KEY]),
    },
    Array.isArray(body),
  )
  return mismatch === undefined ? undefined : new RpcFault(HEADER_MISMATCH, mismatch)
}

async function resultOf(method: string, params: Request['params'], caller: Caller, answers: Answers): Promise<object> {
  // All of it may change at any time.
  const volatile = { ttlMs: 0, cacheScope: 'private' }
  switch (method) {
    case 'server/discover':
      return { supportedVersions: [MODERN], capabilities: CAPABILITIES, instructions: INSTRUCTIONS, ...volatile }
    case 'tools/list':
      return { ...answers.listTools(), ...volatile }
    case 'tools/call':
      return answers.callTool(params, caller)
    case 'resources/list':
      return { ...answers.listResources(), ...volatile }
    case 'resources/templates/list':
      return { resourceTemplates: [], ...volatile }
    case 'resources/read':
      return { ...answers.readResource(params), ...volatile }
    default:
      throw new RpcFault(METHOD_NOT_FOUND, 'There is no such method here')
  }
}

/** The method is empty where it is no request. */
function read(body: unknown): Request {
  const { jsonrpc, id, method, params } = objectOf(body)
  const given = objectOf(params)
  const isRequest = jsonrpc === '2.0' && typeof method === 'string'
  return { id, method: isRequest ? method : '', params: given, meta: objectOf(given._meta) }
}

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

const isId = (id: unknown): boolean => typeof id === 'string' || typeof id === 'number'

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

function errorAnswer(status: number, id: unknown, { code, message, data }: RpcFault): Answer {
  const error = { code, message, ...(data !== undefined && { data }) }
  return answer(status, { jsonrpc: '2.0', id: isId(id) ? id : null, error })
}

const answer = (status: number, message: object): Answer => ({ status, body: JSON.stringify(message) })
