/** What the bench sends and what the origin answers: every body is known in advance, down to its length. */

/** JSON-RPC ids have this many digits, so that bodies keep their length while ids change. */
export const ID_DIGITS = 10
export const FIRST_ID = 1_000_000_000

export const EVENT_GAP_MS = 2

export interface Workload {
  readonly name: string
  readonly title: string
  /** Parts of the answer's body before the message that carries the id; each is one SSE event. Empty for JSON. */
  readonly events: readonly string[]
  /** The text on both sides of the id. */
  readonly before: string
  readonly after: string
}

const RESPONSE_HEAD = '{"jsonrpc":"2.0","id":'

function toolResult(text: string): string {
  return `,"result":{"content":[{"type":"text","text":${JSON.stringify(text)}}],"isError":false}}`
}

function json(name: string, title: string, text: string): Workload {
  return { name, title, events: [], before: RESPONSE_HEAD, after: toolResult(text) }
}

function sse(name: string, title: string, count: number): Workload {
  const events = Array.from({ length: count - 1 }, (_, i) => {
    const params = { progressToken: 'bench', progress: i + 1, total: count, message: `step ${i + 1} of ${count}` }
    return `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params })}\n\n`
  })
  return { name, title, events, before: `event: message\ndata: ${RESPONSE_HEAD}`, after: `${toolResult('done')}\n\n` }
}

const LINE = 'src/listener/routes.ts:42: const route = routes.get("/mcp") // one of many lines\n'

export const WORKLOADS: readonly Workload[] = [
  json('small', 'small JSON (300 bytes)', 'word '.repeat(42)),
  json('json-100k', '100 kB JSON', LINE.repeat(Math.ceil(100_000 / (LINE.length + 3)))),
  sse('sse-10', `SSE, 10 events ${EVENT_GAP_MS} ms apart`, 10),
]

export function workloadNamed(name: string): Workload | undefined {
  return WORKLOADS.find((workload) => workload.name === name)
}

export function answerBytes({ events, before, after }: Workload): number {
  return Buffer.byteLength(events.join('') + before + after) + ID_DIGITS
}

/** The body of one call; the origin chooses its answer by the tool's name. */
export function callBody(workload: Workload, id: number): string {
  const params = { name: workload.name, arguments: { message: 'hello' } }
  return JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params })
}
