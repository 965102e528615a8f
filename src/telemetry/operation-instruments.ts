/** The part of the catalogue that tells of messages and operations. */
import { Catalogue, OPERATION_SECONDS, PHASE_SECONDS, SIZE_BYTES, STEP_SECONDS, UPSTREAMS } from './catalogue.ts'

/** Seven rows each. */
const PHASED_UPSTREAMS = 32

export class OperationInstruments extends Catalogue {
  readonly serverDuration = this.store.histogram({
    name: 'mcp.server.operation.duration',
    kind: 'histogram',
    unit: 's',
    help: 'Time from a request (or notification) of the downstream until its response message (or acknowledgement) passed, on whichever stream.',
    labels: [
      'upstream',
      'mcp.method.name',
      'gen_ai.tool.name',
      'gen_ai.prompt.name',
      'mcp.protocol.version',
      'outcome',
      'error.type',
      'mcp.result.type',
    ],
    buckets: OPERATION_SECONDS,
    cap: 1900,
  })
  readonly clientDuration = this.store.histogram({
    name: 'mcp.client.operation.duration',
    kind: 'histogram',
    unit: 's',
    help: "Time from a request of the upstream (sampling, elicitation, roots, ping) until the downstream's response message passed.",
    labels: ['upstream', 'mcp.method.name', 'mcp.protocol.version', 'outcome', 'error.type'],
    buckets: OPERATION_SECONDS,
    cap: 300,
  })
  readonly resultSize = this.store.histogram({
    name: 'mcp.tool.result.size',
    kind: 'histogram',
    unit: 'By',
    help: "Size of the response messages of tool calls: what they cost of an agent's context.",
    labels: ['upstream', 'gen_ai.tool.name'],
    buckets: SIZE_BYTES,
    cap: 600,
  })
  readonly messages = this.store.counter({
    name: 'mcp.messages',
    kind: 'counter',
    unit: '{message}',
    help: 'JSON-RPC messages read, by the side that sent them (downstream or upstream), kind and method.',
    labels: ['upstream', 'direction', 'kind', 'mcp.method.name'],
    cap: 800,
  })
  readonly byRevision = this.store.counter({
    name: 'mcp.protocol.requests',
    kind: 'counter',
    unit: '{request}',
    help: 'Exchanges that ended, by MCP revision.',
    labels: ['upstream', 'mcp.protocol.version'],
    cap: 200,
  })
  readonly fallbackProbes = this.store.counter({
    name: 'mcp.fallback.probes',
    kind: 'counter',
    unit: '{probe}',
    help: 'Downstreams that asked a legacy upstream in revision 2026-07-28, were told so, and began anew with initialize.',
    labels: ['upstream'],
    cap: UPSTREAMS,
  })
  readonly invalidRequests = this.store.counter({
    name: 'mcp.requests.invalid',
    kind: 'counter',
    unit: '{request}',
    help: 'Requests that are no valid JSON, carry a protocol key twice or whose Mcp-* headers contradict the message.',
    labels: ['upstream', 'reason'],
    cap: 200,
  })
  readonly listed = this.store.gauge({
    name: 'mcp.tools.listed',
    kind: 'gauge',
    unit: '{tool}',
    help: 'Tools that the upstream has listed, over all pages and downstreams, and that are not forgotten.',
    labels: ['upstream'],
    cap: UPSTREAMS,
  })
  readonly listSize = this.store.histogram({
    name: 'mcp.tools.list.size',
    kind: 'histogram',
    unit: 'By',
    help: "Size of tools/list responses, page by page: what every conversation pays of its agent's context.",
    labels: ['upstream'],
    buckets: SIZE_BYTES,
    cap: UPSTREAMS,
  })
  readonly definitionChanges = this.store.counter({
    name: 'mcp.tool.definition.changes',
    kind: 'counter',
    unit: '{change}',
    help: 'Times that a tool was listed with another definition than before.',
    labels: ['upstream', 'gen_ai.tool.name'],
    cap: 200,
  })
  readonly streamsActive = this.store.gauge({
    name: 'mcp.streams.active',
    kind: 'upDownCounter',
    unit: '{stream}',
    help: 'Event streams open downstream, by kind: get, call, subscription (subscriptions/listen) or passthrough.',
    labels: ['upstream', 'kind'],
    cap: 2 * UPSTREAMS,
  })
  readonly streamEvents = this.store.counter({
    name: 'mcp.stream.events',
    kind: 'counter',
    unit: '{event}',
    help: 'Events with data that ended streams carried.',
    labels: ['upstream'],
    cap: UPSTREAMS,
  })
  readonly streamKeepAlives = this.store.counter({
    name: 'mcp.stream.keep_alives',
    kind: 'counter',
    unit: '{comment}',
    help: 'Comments by which upstreams kept streams alive that have ended.',
    labels: ['upstream'],
    cap: UPSTREAMS,
  })
  readonly unread = this.store.counter({
    name: 'mcp.bodies.uninspected',
    kind: 'counter',
    unit: '{body}',
    help: 'Bodies that passed without being read, or not to their end: an unknown coding, a limit, or no valid JSON-RPC.',
    labels: ['upstream', 'direction', 'reason'],
    cap: 300,
  })
  readonly phases = this.store.histogram({
    name: 'mcp.exchange.phase.duration',
    kind: 'histogram',
    unit: 's',
    help: 'Where the time of exchanges went: request_read, interceptors (until the request phase let it pass), pool_wait (for a permit), connect (of connections made for it), response_head (until the upstream began to answer), first_event (from the request until the first event with data), stream (from the head until the end of an event stream).',
    labels: ['upstream', 'phase'],
    buckets: PHASE_SECONDS,
    cap: 7 * PHASED_UPSTREAMS + 1,
  })
  readonly overhead = this.store.histogram({
    name: 'sidelight.overhead.duration',
    kind: 'histogram',
    unit: 's',
    help: "Time of an exchange that is the gateway's alone: from the last byte of the request until it was written on, waits for permit and connection left out, and from the response head until that was written on.",
    labels: ['upstream'],
    buckets: STEP_SECONDS,
    cap: UPSTREAMS,
  })
}
