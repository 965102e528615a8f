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
  readonly contentType: string
  /** The body, as far as it was needed. */
  readonly text: string
}

/** More of an answer than this says nothing more. */
const ANSWER_BYTES = 64 * 1024

/** Takes a response, and says when it has what it wants. */
export interface Reading<T> {
  head(status: number, headers: Record<string, string | string[] | undefined>): void
  /** `undefined`: more is wanted. */
  data(chunk: Buffer): T | undefined
  end(): T
}

export function ask(client: Client, options: Dispatcher.DispatchOptions, timeout: number): Promise<ProbeReply> {
  return converse(client, options, timeout, new ReplyReading())
}

/** Rejects when there is no answer within `timeout` milliseconds. */
export function converse<T>(
  client: Client,
  options: Dispatcher.DispatchOptions,
  timeout: number,
  reading: Reading<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (how: () => void): void => {
      clearTimeout(timer)
      how()
    }
    const failed = (error: Error): void => settle(() => reject(error))
    const late = Object.assign(new Error('no answer in time'), { code: 'timeout' })
    const timer = setTimeout(() => failed(late), timeout)
    client.dispatch(options, new Answer(reading, (value) => settle(() => resolve(value)), failed))
  })
}

class Answer<T> implements Dispatcher.DispatchHandler {
  readonly #reading: Reading<T>
  readonly #done: (value: T) => void
  readonly #failed: (error: Error) => void

  constructor(reading: Reading<T>, done: (value: T) => void, failed: (error: Error) => void) {
    this.#reading = reading
    this.#done = done
    this.#failed = failed
  }

  onRequestStart(): void {}

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status >= 200) this.#reading.head(status, headers)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const value = this.#reading.data(chunk)
    if (value === undefined) return
    this.#done(value)
    controller.abort(new Error('enough'))
  }

  onResponseEnd(): void {
    this.#done(this.#reading.end())
  }

  /** Also called by abort, when nobody listens any more. */
  onResponseError(_controller: unknown, error: Error): void {
    this.#failed(error)
  }
}

class ReplyReading implements Reading<ProbeReply> {
  #status = 0
  #session: string | undefined
  #contentType = ''
  #text = ''

  head(status: number, headers: Record<string, string | string[] | undefined>): void {
    const session = headers['mcp-session-id']
    this.#status = status
    this.#session = typeof session === 'string' ? session : undefined
    this.#contentType = String(headers['content-type'] ?? '')
  }

  /** An event stream may stay open after its answer: enough as soon as there is one. */
  data(chunk: Buffer): ProbeReply | undefined {
    this.#text += chunk.toString()
    const reply = this.end()
    const enough = reply.kind === 'result' || reply.kind === 'error' || this.#text.length > ANSWER_BYTES
    return enough ? reply : undefined
  }

  end(): ProbeReply {
    const kind = probeAnswer(this.#status, this.#contentType, this.#text)
    const [status, session, contentType, text] = [this.#status, this.#session, this.#contentType, this.#text]
    return { kind, status, session, contentType, text }
  }
}
