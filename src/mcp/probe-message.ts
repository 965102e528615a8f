/** The messages of a readiness probe, and what an answer to them says. MCP 2026-07-28 `server/discover`, else `initialize`. Pure. */

export const MODERN = '2026-07-28'
export const LEGACY = '2025-11-25'

const clientInfo = (version: string) => ({ name: 'sidelight-probe', version })

export interface ProbeRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export function discoverRequest(version: string): ProbeRequest {
  return modernRequest(version, 'server/discover', {})
}

export function initializeRequest(version: string): ProbeRequest {
  return {
    headers: POST,
    body: message('initialize', { protocolVersion: LEGACY, capabilities: {}, clientInfo: clientInfo(version) }),
  }
}

export function initializedNotification(session: ProbeSession): ProbeRequest {
  return {
    headers: sessionHeaders(session),
    body: JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
  }
}

/** @param session of a revision that has sessions; else 2026-07-28 */
export function listRequest(
  version: string,
  session: ProbeSession | undefined,
  cursor: string | undefined,
): ProbeRequest {
  const params = cursor === undefined ? {} : { cursor }
  if (session === undefined) return modernRequest(version, 'tools/list', params)
  return { headers: sessionHeaders(session), body: message('tools/list', params) }
}

/** What `initialize` agreed on. */
export interface ProbeSession {
  /** Servers may have none. */
  readonly id: string | undefined
  readonly protocolVersion: string
}

/** @param text the answer to `initialize` */
export function agreedVersion(contentType: string, text: string): string {
  for (const payload of payloadsOf(contentType, text)) {
    const { result } = (parsed(payload) ?? {}) as { result?: { protocolVersion?: unknown } }
    if (typeof result?.protocolVersion === 'string') return result.protocolVersion
  }
  return LEGACY
}

function modernRequest(version: string, method: string, params: object): ProbeRequest {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientInfo': clientInfo(version),
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  return {
    headers: { ...POST, 'mcp-protocol-version': MODERN, 'mcp-method': method },
    body: message(method, { ...params, _meta }),
  }
}

export function sessionHeaders({ id, protocolVersion }: ProbeSession): Readonly<Record<string, string>> {
  return { ...POST, 'mcp-protocol-version': protocolVersion, ...(id !== undefined && { 'mcp-session-id': id }) }
}

const message = (method: string, params: object): string =>
  JSON.stringify({ jsonrpc: '2.0', id: 'sidelight-probe', method, params })

const POST = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

/** `result` and `error`: a well-formed JSON-RPC response was read. `refused`: 401 or 403. `none`: neither. */
export type ProbeAnswer = 'result' | 'error' | 'refused' | 'none'

/** @param text the body as far as it came; of an event stream the first message is enough */
export function probeAnswer(status: number, contentType: string, text: string): ProbeAnswer {
  for (const payload of payloadsOf(contentType, text)) {
    const kind = responseKind(payload)
    if (kind !== undefined) return kind
  }
  return status === 401 || status === 403 ? 'refused' : 'none'
}

function payloadsOf(contentType: string, text: string): readonly string[] {
  return contentType.toLowerCase().startsWith('text/event-stream') ? dataOf(text) : [text]
}

/** The data of each event, of the last one also if it is not complete yet (HTML standard §9.2.6). */
function dataOf(text: string): string[] {
  const events: string[] = ['']
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line === '') events.push('')
    else if (line.startsWith('data:')) events.push(`${events.pop()}${line.slice(5)}\n`)
  }
  return events
}

function responseKind(payload: string): 'result' | 'error' | undefined {
  const message = parsed(payload)
  if (typeof message !== 'object' || message === null) return undefined
  const { jsonrpc, result, error } = message as { jsonrpc?: unknown; result?: unknown; error?: unknown }
  if (jsonrpc !== '2.0') return undefined
  if (typeof result === 'object' && result !== null) return 'result'
  return typeof (error as { code?: unknown } | null | undefined)?.code === 'number' ? 'error' : undefined
}

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload)
  } catch {
    return undefined
  }
}
