/** Whether the headers of a 2026-07-28 request say what its body says (Streamable HTTP, Server Validation). Pure. */
import { isUtf8 } from 'node:buffer'
import { MODERN } from './revision.ts'

/** JSON-RPC code that MCP gives a disagreement of headers and body; the HTTP status is 400. */
export const HEADER_MISMATCH = -32020

/** As Node gives them: names in lower case, white space around values gone, several of a name joined. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** Of a message, what its headers mirror. */
export interface Mirrored {
  readonly kind: string
  readonly method: string | undefined
  readonly name: string | undefined
  readonly uri: string | undefined
  /** `params._meta["io.modelcontextprotocol/protocolVersion"]` */
  readonly metaVersion: string | undefined
}

/**
 * What disagrees, as a sentence that names headers and never values; `undefined` when all agree, and for every revision
 * but 2026-07-28: older ones mirror nothing, and what later ones mirror is not known. Of a batch, each message is to be
 * asked about. `Mcp-Param-*` is for those who know the tool's schema, the tasks extension's `Mcp-Name` for its servers.
 */
export function headerMismatch(headers: RequestHeaders, message: Mirrored, batch: boolean): string | undefined {
  if (headers['mcp-protocol-version'] !== MODERN && message.metaVersion !== MODERN) return undefined
  if (batch) return 'MCP-Protocol-Version names a revision that has no batches'
  switch (message.kind) {
    case 'request':
      // Without a version of its own this is the handshake of older revisions: a server serves it as such.
      if (message.method === 'initialize' && message.metaVersion === undefined) return contradiction(headers, message)
      return missing(headers, message) ?? contradiction(headers, message)
    case 'notification':
      // Which headers a notification needs is not defined; clients send `notifications/cancelled` without them.
      return contradiction(headers, message)
    default:
      return undefined
  }
}

function missing(headers: RequestHeaders, message: Mirrored): string | undefined {
  if (headers['mcp-protocol-version'] === undefined) return 'MCP-Protocol-Version is missing'
  if (headers['mcp-method'] === undefined) return 'Mcp-Method is missing'
  // A request without the name itself is the server's to refuse, as invalid params.
  if (headers['mcp-name'] === undefined && nameOf(message) !== undefined) return 'Mcp-Name is missing'
  return undefined
}

function contradiction(headers: RequestHeaders, message: Mirrored): string | undefined {
  const version = headers['mcp-protocol-version']
  if (version !== undefined && message.metaVersion !== undefined && version !== message.metaVersion) {
    return 'MCP-Protocol-Version does not match the body'
  }
  const method = headers['mcp-method']
  if (method !== undefined) {
    if (method !== message.method) return 'Mcp-Method does not match the body'
    if (UNSAFE.test(method)) return 'Mcp-Method contains invalid characters'
  }
  const name = headers['mcp-name']
  return name === undefined || !mirrorsName(message) ? undefined : nameContradiction(name, nameOf(message))
}

function nameContradiction(header: string | readonly string[], value: string | undefined): string | undefined {
  if (typeof header !== 'string' || UNSAFE.test(header)) return 'Mcp-Name contains invalid characters'
  const decoded = decode(header)
  if (decoded === undefined) return 'Mcp-Name is not valid Base64 of UTF-8'
  return value === undefined || decoded === value ? undefined : 'Mcp-Name does not match the body'
}

const mirrorsName = ({ kind, method }: Mirrored): boolean =>
  kind === 'request' && (method === 'tools/call' || method === 'prompts/get' || method === 'resources/read')

function nameOf(message: Mirrored): string | undefined {
  if (!mirrorsName(message)) return undefined
  return message.method === 'resources/read' ? message.uri : message.name
}

/** Node lets bytes above 0x7E pass as Latin-1, in which another peer may read something else. */
const UNSAFE = /[^\t -~]/

const PREFIX = '=?base64?'
const SUFFIX = '?='
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The value that a header stands for; `undefined` when it claims to be encoded and is not. The markers are case-sensitive. */
function decode(header: string): string | undefined {
  if (!header.startsWith(PREFIX) || !header.endsWith(SUFFIX)) return header
  const encoded = header.slice(PREFIX.length, -SUFFIX.length)
  if (!BASE64.test(encoded)) return undefined
  const bytes = Buffer.from(encoded, 'base64')
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}
