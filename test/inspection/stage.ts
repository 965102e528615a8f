/** One inspection with everything behind it real, on a clock that only the test moves: what was asked, answered, and told. */
import { Exchange } from '../../src/exchange/exchange.ts'
import type { Answer, Refusal } from '../../src/exchange/interceptor.ts'
import type { Operation } from '../../src/exchange/operation.ts'
import type { Outcome } from '../../src/exchange/outcome.ts'
import { ResponseHead } from '../../src/exchange/response-head.ts'
import { createInflater } from '../../src/inspection/inflate.ts'
import { Operations } from '../../src/inspection/operations.ts'
import { Readers } from '../../src/inspection/readers.ts'
import { inspection } from '../../src/interceptors/inspection.ts'
import { SessionRegistry } from '../../src/session/registry.ts'
import type { Session } from '../../src/session/session.ts'

export interface Asked {
  readonly x: Exchange
  readonly verdict: undefined | Refusal | Answer
  head(status: number, headers?: Readonly<Record<string, string>>): void
  send(...chunks: readonly (string | Buffer)[]): void
  /** Resolves when the inspection has its verdict. */
  end(outcome?: Outcome, errorType?: string): Promise<void>
  /** Head, body and end of a JSON response. */
  answer(body: string, status?: number): Promise<void>
}

export interface AskOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly mcp?: boolean
}

export interface Stage {
  ask(body: unknown, options?: AskOptions): Asked
  readonly registry: SessionRegistry
  readonly operations: Operations
  /** Of every operation that ended: `method id outcome error.type`. */
  readonly ended: string[]
  readonly whole: Operation[]
  readonly unread: string[]
  readonly invalid: string[]
  /** `from kind method|id` of every message. */
  readonly messages: string[]
  readonly lists: string[]
  readonly modern: string[]
  readonly faults: unknown[]
  session(id: string): Session
  pass(ms: number): void
}

const quiet = {
  created() {},
  active() {},
  evicted() {},
  untracked() {},
  ended() {},
  heartbeat() {},
  dead() {},
}

export interface StageOptions {
  readonly lenient?: boolean
  readonly onMessage?: () => void
}

export function stage({ lenient = false, onMessage = () => {} }: StageOptions = {}): Stage {
  let at = 1_000_000
  const now = () => at
  const whole: Operation[] = []
  const ended: string[] = []
  const [unread, invalid, messages, lists, modern]: string[][] = [[], [], [], [], []]
  const faults: unknown[] = []
  const registry = new SessionRegistry({ max: 100, idleMs: 1_800_000, resumeMs: 60_000, now, meter: quiet })
  const operations = new Operations({
    abandonAfter: 600_000,
    now,
    ended: (operation) => {
      const { method, id, outcome, errorType, resultType } = operation
      whole.push(operation)
      ended.push([method, String(id), outcome, errorType, resultType].filter((word) => word !== '').join(' '))
    },
  })
  const route = { path: '/mcp', upstream: 'u', mcp: true }
  const beside = { path: '/.well-known/*', upstream: 'u', mcp: false }
  const { onRequest, onResponse } = inspection({
    lenient: new Set(lenient ? [route] : []),
    onInvalid: (upstream, reason) => invalid?.push(`${upstream} ${reason}`),
    parts: {
      sessions: registry,
      operations,
      readers: new Readers(),
      inflater: (coding, onData, onEnd) => createInflater(coding, { bytes: 65_536, ratio: 100 }, onData, onEnd),
      requestBytes: 65_536,
      endpointOf: () => 'e',
      onMessage: (_x, { kind, method, id }, from) => {
        messages?.push(`${from} ${kind} ${method ?? String(id)}`)
        onMessage()
      },
      onList: (x, { tools, nextCursor }, cursor) =>
        lists?.push(`${x.session?.id} ${cursor} ${tools?.map(({ name }) => name)} ${nextCursor}`),
      onInitialize: () => modern?.push('initialize'),
      onModernAnswer: (_x, { method, status, errorCode }) => modern?.push(`${method} ${status} ${errorCode}`),
      onUnread: (upstream, body, reason) => unread?.push(`${upstream} ${body} ${reason}`),
      onFault: (error) => faults.push(error),
    },
  })
  const ask = (body: unknown, { method = 'POST', headers = {}, mcp = true }: AskOptions = {}): Asked => {
    const x = new Exchange(
      mcp ? route : beside,
      { method, url: '/mcp', headers, rawHeaders: [] },
      '127.0.0.1',
      false,
      now(),
    )
    x.body = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? ''))
    x.readAt = now()
    const verdict = onRequest?.(x) as undefined | Refusal | Answer
    const head = (status: number, given: Readonly<Record<string, string>> = {}) => {
      x.headAt = now()
      const stream = given['content-type']?.startsWith('text/event-stream') ?? false
      x.status = status
      x.stream = stream
      onResponse?.(x, new ResponseHead(status, '', Object.entries(given).flat(), stream))
    }
    const send = (...chunks: readonly (string | Buffer)[]) => {
      for (const chunk of chunks) x.observer?.data(Buffer.from(chunk))
    }
    const end = (outcome: Outcome = x.status >= 400 ? 'http_error' : 'ok', errorType?: string) => {
      x.outcome = outcome
      x.errorType = errorType ?? (outcome === 'ok' ? '' : outcome === 'http_error' ? String(x.status) : outcome)
      return new Promise<void>((resolve) => x.observer?.end(resolve))
    }
    return {
      x,
      verdict,
      head,
      send,
      end,
      answer: (text, status = 200) => {
        head(status, { 'content-type': 'application/json' })
        send(text)
        return end()
      },
    }
  }
  const session = (id: string): Session => {
    const seen = registry.seen('u', 'e', id)
    if (seen === undefined) throw new Error(`no room for ${id}`)
    return seen
  }
  return {
    ask,
    registry,
    operations,
    ended,
    whole,
    unread: unread ?? [],
    invalid: invalid ?? [],
    messages: messages ?? [],
    lists: lists ?? [],
    modern: modern ?? [],
    faults,
    session,
    pass: (ms) => {
      at += ms
    },
  }
}

export const SSE = { 'content-type': 'text/event-stream' }
export const call = (id: number | string, name = 'echo') => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name },
})
export const result = (id: number | string | null, more: object = {}): string =>
  JSON.stringify({ jsonrpc: '2.0', id, result: { content: [], ...more } })
export const failure = (id: number | string | null, code: number): string =>
  JSON.stringify({ jsonrpc: '2.0', id, error: { code, message: 'no' } })
export const event = (data: string, id = ''): string => `${id === '' ? '' : `id: ${id}\n`}data: ${data}\n\n`
/** In session `s`. */
export const IN_S = { headers: { 'mcp-session-id': 's' } }
