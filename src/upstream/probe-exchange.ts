/** One request of a probe, and as much of its answer as says something. */
import type { Dispatcher } from 'undici'
import { type ProbeAnswer, probeAnswer } from '../mcp/probe-message.ts'
import type { Client } from './undici.ts'

export interface ProbeReply {
  readonly kind: ProbeAnswer
  /** HTTP status. */
  readonly status: number
  /** `Mcp-Session-Id` of the answer. */
  readonly session: string | undefined
}

/** More of an answer than this says nothing more. */
const ANSWER_BYTES = 64 * 1024

/** Rejects when there is no answer within `timeout` milliseconds. */
export function ask(client: Client, options: Dispatcher.DispatchOptions, timeout: number): Promise<ProbeReply> {
  return new Promise((resolve, reject) => {
    const reading = new Reading(
      (reply) => settle(() => resolve(reply)),
      (error) => settle(() => reject(error)),
    )
    const settle = (how: () => void): void => {
      clearTimeout(timer)
      how()
    }
    const late = Object.assign(new Error('no answer in time'), { code: 'timeout' })
    const timer = setTimeout(() => reading.onResponseError(null, late), timeout)
    client.dispatch(options, reading)
  })
}

class Reading implements Dispatcher.DispatchHandler {
  readonly #done: (reply: ProbeReply) => void
  readonly #failed: (error: Error) => void
  #reply: ProbeReply = { kind: 'none', status: 0, session: undefined }
  #type = ''
  #text = ''

  constructor(done: (reply: ProbeReply) => void, failed: (error: Error) => void) {
    this.#done = done
    this.#failed = failed
  }

  onRequestStart(): void {}

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return
    const session = headers['mcp-session-id']
    this.#type = String(headers['content-type'] ?? '')
    this.#reply = { kind: 'none', status, session: typeof session === 'string' ? session : undefined }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#text += chunk.toString()
    const kind = probeAnswer(this.#reply.status, this.#type, this.#text)
    // An event stream may stay open after its answer: stop as soon as there is one.
    if (kind !== 'result' && kind !== 'error' && this.#text.length <= ANSWER_BYTES) return
    this.#done({ ...this.#reply, kind })
    controller.abort(new Error('enough'))
  }

  onResponseEnd(): void {
    this.#done({ ...this.#reply, kind: probeAnswer(this.#reply.status, this.#type, this.#text) })
  }

  /** Also called by abort, when nobody listens any more. */
  onResponseError(_controller: unknown, error: Error): void {
    this.#failed(error)
  }
}
