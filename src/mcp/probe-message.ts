/** The messages of a readiness probe, and what an answer to them says. MCP 2026-07-28 `server/discover`, else `initialize`. Pure. */

export const MODERN = '2026-07-28'
export const LEGACY = '2025-11-25'

const clientInfo = (version: string) => ({ name: 'sidelight-probe', version })

export interface ProbeRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export function discoverRequest(version: string): ProbeRequest {
  return {
    headers: { ...POST, 'mcp-protocol-version': MODERN, 'mcp-method': 'server/discover' },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 'sidelight-probe',
      method: 'server/discover',
      params: {
        _meta: {
          'io.modelcontextprotocol/protocolVersion': MODERN,
          'io.modelcontextprotocol/clientInfo': clientInfo(version),
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    }),
  }
}

export function initializeRequest(version: string): ProbeRequest {
  return {
    headers: POST,
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 'sidelight-probe',
      method: 'initialize',
      params: { protocolVersion: LEGACY, capabilities: {}, clientInfo: clientInfo(version) },
    }),
  }
}

const POST = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

/** `result` and `error`: a well-formed JSON-RPC response was read. `refused`: 401 or 403. `none`: neither. */
export type ProbeAnswer = 'result' | 'error' | 'refused' | 'none'

/** @param text the body as far as it came; of an event stream the first message is enough */
export function probeAnswer(status: number, contentType: string, text: string): ProbeAnswer {
  const payloads = contentType.toLowerCase().startsWith('text/event-stream') ? dataOf(text) : [text]
  for (const payload of payloads) {
    const kind = responseKind(payload)
    if (kind !== undefined) return kind
  }
  return status === 401 || status === 403 ? 'refused' : 'none'
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
  try {
    const message: unknown = JSON.parse(payload)
    if (typeof message !== 'object' || message === null) return undefined
    const { jsonrpc, result, error } = message as { jsonrpc?: unknown; result?: unknown; error?: unknown }
    if (jsonrpc !== '2.0') return undefined
    if (typeof result === 'object' && result !== null) return 'result'
    return typeof (error as { code?: unknown } | null | undefined)?.code === 'number' ? 'error' : undefined
  } catch {
    return undefined
  }
}
