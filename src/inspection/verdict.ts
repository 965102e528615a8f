/** What a response message says of the operation that it ends. Pure. */
import type { Outcome } from '../exchange/outcome.ts'
import type { Envelope } from '../mcp/message.ts'

export interface OperationVerdict {
  readonly outcome: Outcome
  readonly errorType: string
}

const OK: OperationVerdict = { outcome: 'ok', errorType: '' }
const TOOL_ERROR: OperationVerdict = { outcome: 'tool_error', errorType: 'tool_error' }

/**
 * The JSON-RPC codes that may be a label: those of JSON-RPC 2.0, of MCP's revisions (−32002 resource not found, −32020
 * header mismatch, −32021 missing capability, −32022 unsupported revision, −32042 URL elicitation required), and those
 * of the official SDKs (−32000 connection closed, −32001 request timed out). Any other is `_other`.
 */
const CODES = new Map<number, OperationVerdict>(
  [-32700, -32600, -32601, -32602, -32603, -32000, -32001, -32002, -32020, -32021, -32022, -32042].map((code) => [
    code,
    { outcome: 'jsonrpc_error', errorType: String(code) },
  ]),
)
const OTHER_CODE: OperationVerdict = { outcome: 'jsonrpc_error', errorType: '_other' }

export function verdictOf({ kind, isError, errorCode }: Envelope): OperationVerdict {
  if (kind === 'error') return CODES.get(errorCode ?? 0) ?? OTHER_CODE
  return isError ? TOOL_ERROR : OK
}
