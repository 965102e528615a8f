/** The table of the access log's fields, in the order of the line, for documentation; a test holds it to the line. */

export interface AccessField {
  readonly name: string
  /** `ms`: milliseconds with at most three decimals. */
  readonly kind: 'text' | 'time' | 'number' | 'ms' | 'bytes' | 'true'
  /** Empty: always. */
  readonly when: string
  readonly meaning: string
}

const field = (name: string, kind: AccessField['kind'], when: string, meaning: string): AccessField => ({
  name,
  kind,
  when,
  meaning,
})

export const ACCESS_FIELDS: readonly AccessField[] = [
  field(
    'level',
    'text',
    '',
    '`warn` for faults of the gateway or the upstream and for statuses from 500 on, else `info`',
  ),
  field('time', 'time', '', 'when the exchange ended, UTC'),
  field('module', 'text', '', '`access`'),
  field('correlation_id', 'text', '', 'the `X-Correlation-ID` or `X-Request-ID` of the request, or a new one'),
  field('trace_id', 'text', 'it is traced', 'the trace'),
  field('span_id', 'text', 'it is traced', 'the span of the exchange'),
  field('upstream', 'text', 'a route took it', 'name of the upstream'),
  field('route', 'text', 'a route took it', 'path of the route, as configured'),
  field('endpoint', 'text', 'it was sent on', 'address of the endpoint'),
  field('http.request.method', 'text', '', 'HTTP method'),
  field('url.path', 'text', '', 'path that was asked for, without the query'),
  field('http.response.status_code', 'number', 'a response head was sent', 'HTTP status'),
  field('outcome', 'text', '', 'how it ended: the word that stands in metrics and spans too'),
  field(
    'error.type',
    'text',
    'there is more to say',
    'detail of the outcome: a code of errors.md, a JSON-RPC code or an HTTP status',
  ),
  field(
    'error.cause',
    'text',
    'an error of the system or of TLS lies behind it',
    'its code, for example `ECONNREFUSED`',
  ),
  field('duration_ms', 'ms', '', 'from the request head to the last byte'),
  field('request_read_ms', 'ms', 'the request was read', 'from the request head until the request was read whole'),
  field('interceptors_ms', 'ms', 'the interceptors let it pass', 'in the request phase of the interceptors'),
  field('pool_wait_ms', 'ms', 'it was sent on', 'waiting for a permit'),
  field('connect_ms', 'ms', 'a connection was made for it', 'making the connection'),
  field(
    'response_head_ms',
    'ms',
    'the upstream answered',
    "from the request's writing until the upstream's response head",
  ),
  field('first_event_ms', 'ms', 'an event came', 'from the request head until the first event with data'),
  field('stream_ms', 'ms', 'the response is an event stream', 'from the response head to the last byte'),
  field('request_bytes', 'bytes', '', 'size of the request body'),
  field('response_bytes', 'bytes', '', 'size of the response body'),
  field('client.address', 'text', 'it is known', "address of the connection's other end"),
  field('mcp.client.name', 'text', 'it is known', 'what the downstream calls itself, at most 64 characters'),
  field('mcp.client.version', 'text', 'it is known', 'its version'),
  field('mcp.method.name', 'text', 'the request has a message with one', 'JSON-RPC method of the first message'),
  field('gen_ai.tool.name', 'text', 'the method is `tools/call`', 'name of the tool'),
  field('gen_ai.prompt.name', 'text', 'the method is `prompts/get`', 'name of the prompt'),
  field('jsonrpc.request.id', 'text', 'the first message has one', 'JSON-RPC id, as text'),
  field('messages', 'number', 'there are several', 'JSON-RPC messages in the request'),
  field('operation.outcome', 'text', 'it is not `outcome`', 'how the first operation ended'),
  field(
    'operation.duration_ms',
    'ms',
    'the response is an event stream',
    'from the request until the response message of the first operation',
  ),
  field('mcp.protocol.version', 'text', 'it is known', 'MCP revision'),
  field(
    'mcp.session.id',
    'text',
    'there is a session',
    'twelve hexadecimal digits that stand for the session, in logs and spans alike; never the id itself',
  ),
  field('interrupted', 'true', 'it was', 'the response was cut before its end'),
  field('msg', 'text', '', '`exchange`'),
]
