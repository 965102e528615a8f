/** A response read as it comes, over node:http, which has no time-outs of its own; it tells a clean end from a broken one. */
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { settles } from '../../support/measure.ts'

export interface Sent {
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly agent?: Agent
}

/** What came of it in the end. */
export type End = 'clean' | 'broken'

export interface OpenResponse {
  readonly status: number
  readonly type: string | undefined
  /** All that came so far. */
  readonly text: string
  readonly ended: Promise<End>
  readonly end: End | undefined
  /** Waits until that text came. */
  has(text: string): Promise<unknown>
  close(): void
}

const ACCEPT = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' }

/** Resolves at the response head; rejects if there is none. */
export async function ask(url: string, { method = 'POST', headers, body, agent }: Sent): Promise<OpenResponse> {
  const options = { method, headers: { ...ACCEPT, ...headers }, agent: agent ?? new Agent() }
  const asked = request(url, options).end(body)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  let text = ''
  let end: End | undefined
  response.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  response.on('error', () => {})
  const ended = new Promise<End>((resolve) => {
    response.once('close', () => {
      end = response.complete ? 'clean' : 'broken'
      resolve(end)
    })
  })
  return {
    status: response.statusCode ?? 0,
    type: response.headers['content-type'],
    get text() {
      return text
    },
    ended,
    get end() {
      return end
    },
    has: (part) => settles(() => text.includes(part), { what: `the text ${part}` }),
    close: () => asked.destroy(),
  }
}
