/** Whether the headers of a 2026-07-28 request say what its body says (Streamable HTTP, Server Validation). Pure. */

/** JSON-RPC code that MCP gives a disagreement of headers and body; the HTTP status is 400. */
export const HEADER_MISMATCH = -32020

/** As Node gives them: names in lower case. */
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

export function headerMismatch(_headers: RequestHeaders, _message: Mirrored, _batch: boolean): string | undefined {
  return undefined
}
