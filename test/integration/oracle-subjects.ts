/** What the generated exchanges are about: methods, names and revisions, and how each must be counted. */
import type { Random } from '../support/random.ts'
import type { OperationKey } from './oracle-ledger.ts'

export interface Subject extends OperationKey {
  readonly headers: Readonly<Record<string, string>>
  /** The request message with this id. */
  message(id: number | string): string
}

const TOOLS = ['search', 'fetch', 'résumé', 'write_file', 'query', 'plan'] as const
const PROMPTS = ['greet', 'summarise'] as const
const MODERN = '2026-07-28'
/** What the header says, and what is counted. */
const REVISIONS: readonly (readonly [string | undefined, string])[] = [
  [undefined, '2025-03-26'],
  ['2025-03-26', '2025-03-26'],
  ['2025-06-18', '2025-06-18'],
  ['2025-11-25', '2025-11-25'],
  ['2031-01-01', '_other'],
  [MODERN, MODERN],
]

interface About {
  readonly method: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly tool?: string
  readonly prompt?: string
}

function about(random: Random): About {
  const tool = random.pick(TOOLS)
  const prompt = random.pick(PROMPTS)
  return random.pick<About>([
    { method: 'tools/call', params: { name: tool, arguments: { q: 'x' } }, tool },
    { method: 'tools/call', params: { arguments: {}, name: tool }, tool },
    { method: 'prompts/get', params: { name: prompt }, prompt },
    { method: 'resources/read', params: { uri: 'file:///a' } },
    { method: 'ping' },
    { method: 'completion/complete', params: {} },
    { method: 'vendor/own', params: {} },
  ])
}

export interface SubjectOptions {
  /** Only tool calls: what a tool alone can say. */
  readonly isTool?: boolean
  /** Only this revision. */
  readonly revision?: string
  readonly session?: string
}

export function subject(random: Random, { isTool = false, revision, session }: SubjectOptions = {}): Subject {
  let what = about(random)
  while (isTool && what.tool === undefined) what = about(random)
  const { method, params = {}, tool, prompt } = what
  const [stated, label] = revision === undefined ? random.pick(REVISIONS) : ([revision, revision] as const)
  const isModern = stated === MODERN
  const target = params.name ?? params.uri
  const headers: Record<string, string> = {}
  if (stated !== undefined) headers['mcp-protocol-version'] = stated
  if (session !== undefined) headers['mcp-session-id'] = session
  if (isModern) headers['mcp-method'] = method
  if (isModern && typeof target === 'string') headers['mcp-name'] = encoded(target)
  const _meta = isModern ? { 'io.modelcontextprotocol/protocolVersion': MODERN } : undefined
  return {
    upstream: 'origin',
    method: method === 'vendor/own' ? '_other' : method,
    ...(tool === undefined ? {} : { tool }),
    ...(prompt === undefined ? {} : { prompt }),
    revision: label,
    headers,
    message: (id) => JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta } }),
  }
}

/** As 2026-07-28 writes names that are not ASCII. */
const encoded = (name: string): string =>
  /^[ -~]*$/.test(name) ? name : `=?base64?${Buffer.from(name).toString('base64')}?=`

export const result = (id: number | string, more: object = {}): string =>
  JSON.stringify({ jsonrpc: '2.0', result: { content: [{ type: 'text', text: 'wörds "id":9' }], ...more }, id })
export const failure = (id: number | string | null, code: number): string =>
  JSON.stringify({ jsonrpc: '2.0', id, error: { code, message: 'on purpose' } })
export const event = (data: string, id?: string): string => `${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`
export const PROGRESS = '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}'
