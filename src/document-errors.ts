/** Turns the table of errors into docs/errors.md. */
import { type ErrorCode, FAILURES } from './errors.ts'

const INTRODUCTION = `# Errors

Generated from \`src/errors.ts\` by \`node .ci/generate-docs.ts\`; do not edit.

What Sidelight answers when it cannot pass an upstream's answer: a JSON-RPC error with the id of the request, where one was
read. Clients tell errors by \`error.code\` or \`error.data.type\`; the same word is \`error.type\` in the log.

\`\`\`json
{ "jsonrpc": "2.0", "id": 7, "error": { "code": -31043, "message": "…", "data": { "type": "upstream_timeout", "source": "upstream" } } }
\`\`\`

Source says on whose side it lies. Retry \`unsent\`: Sidelight has tried once more by itself, because nothing had been sent;
whatever an upstream may have seen is never repeated. The outcome stands in metrics and in the log. An error after the
response head was sent cannot be answered: the downstream sees a broken end, and the log has the code.
`

/** What to do about it. Here and not in the table, because no exchange needs it. */
const HINTS: Readonly<Record<ErrorCode, string>> = {
  bad_request: 'Send well-formed HTTP/1.1; a URL in the request line must name the same host as Host.',
  parse_error: 'Send one JSON-RPC message, or an array of them, as UTF-8; nest no deeper than 512 levels.',
  duplicate_key: 'Send each key of the message once. Two readers of the same text could understand it differently.',
  header_mismatch: 'Send the Mcp-* headers that revision 2026-07-28 asks for, as the message says it.',
  duplicate_header:
    'Send Host, Origin, Authorization, Mcp-Session-Id, MCP-Protocol-Version, Mcp-Method and Mcp-Name once; look for a proxy in front that adds one.',
  connection_header: 'Remove Authorization and Mcp-* from Connection.',
  session_id_invalid: 'Send the session id as the server gave it.',
  route_not_found_session: 'Compare the URL with `routes[].path`. Not 404, which would end the session.',
  refused: 'Ask whoever wrote the interceptor; the log line has its correlation id.',
  host_forbidden: 'Add the name by which the gateway is asked to `listen.hosts`.',
  origin_forbidden: 'Add the origin of the web page to `listen.origins`.',
  route_not_found:
    'Compare the URL with `routes[].path` and `routes[].hostnames`; list what is not MCP in `routes[].passthrough`.',
  method_not_allowed: 'MCP uses POST, GET, DELETE and OPTIONS.',
  request_timeout: 'Send faster, or raise `limits.headTimeout` or `limits.bodyTimeout`.',
  request_too_large: 'Send less, or raise `limits.requestBytes`.',
  expectation_failed: 'Leave the Expect header out.',
  head_too_large: 'Send fewer or shorter headers, or raise `limits.headBytes`.',
  queue_full: 'Try again; add replicas, or raise `upstreams.*.limits.calls` or `queue`.',
  queue_timeout: 'Try again; look for slow calls, or raise `upstreams.*.limits.calls` or `queueTimeout`.',
  streams_full: 'Look for clients that open streams and forget them, or raise `upstreams.*.limits.streams`.',
  upstream_unreachable: 'Start the upstream; check `upstreams.*.url` and the network. The log has the cause.',
  upstream_connect_timeout: 'Check the network and the load of the upstream, or raise `routes[].deadlines.connect`.',
  upstream_tls: 'Check the certificate of the upstream against `upstreams.*.tls`. The log has the cause.',
  upstream_timeout: 'Look for a slow tool, or raise `routes[].deadlines.responseHead`.',
  upstream_reset: 'Look into the log of the upstream: it closed the connection, or crashed.',
  upstream_invalid: 'Check that `upstreams.*.url` names an HTTP/1.1 server; its answer broke the protocol.',
  interceptor_failed: 'Look into the log for `interceptor failed`; `failOpen: true` lets exchanges pass.',
  internal: 'Look into the log, and report it with its correlation id.',
}

/** The whole page as Markdown. */
export function documentErrors(): string {
  const codes = Object.keys(FAILURES) as ErrorCode[]
  return [
    INTRODUCTION,
    '| type | HTTP | JSON-RPC | source | retry | outcome | message | what to do |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...codes.map(row),
    '',
  ].join('\n')
}

function row(code: ErrorCode): string {
  const { status, rpc, source, retry, outcome, message } = FAILURES[code]
  const cells = [`\`${code}\``, status, rpc, source, retry, `\`${outcome}\``, message, HINTS[code]]
  return `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`
}
