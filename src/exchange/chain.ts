/** Runs the phases of the interceptors in order, timing each with one clock read between neighbours. */
import { GatewayError } from '../errors.ts'
import type { Envelope } from '../mcp/message.ts'
import type { Exchange } from './exchange.ts'
import type { Interceptor, Verdict } from './interceptor.ts'
import type { ResponseHead } from './response-head.ts'
import { checkVerdict } from './verdict.ts'

export type Phase = 'request' | 'response' | 'message' | 'end'
export type Action = 'continue' | 'answer' | 'refuse' | 'modify' | 'error'

/** Where one phase of one interceptor leaves its figures; bound once at start. */
export interface PhaseMeter {
  /** Seconds. */
  duration(seconds: number): void
  action(action: Action): void
  /** `errorType`: the error's `code` or class name. */
  error(errorType: string): void
}

/** One interceptor as the chain runs it. */
export interface Link {
  readonly interceptor: Interceptor
  /** In place of the interceptor's own name, so that one module may serve twice. */
  readonly name?: string | undefined
  /** Let the exchange pass when this interceptor throws. */
  readonly failOpen: boolean
  /** May replace bodies. */
  readonly mutates: boolean
}

/** Makes the meter of one phase of one interceptor. */
export type MeterFactory = (interceptor: string, phase: Phase) => PhaseMeter

/** Is told of every throw, for the log. */
export type FaultListener = (interceptor: string, phase: Phase, error: unknown, x: Exchange) => void

interface Step<F> {
  readonly name: string
  readonly run: F
  readonly meter: PhaseMeter
  readonly failOpen: boolean
  readonly mutates: boolean
}

type RequestStep = Step<NonNullable<Interceptor['onRequest']>>
type ResponseStep = Step<NonNullable<Interceptor['onResponse']>>
type MessageStep = Step<NonNullable<Interceptor['onMessage']>>
type EndStep = Step<NonNullable<Interceptor['onEnd']>>

export class Chain {
  readonly #request: RequestStep[] = []
  readonly #response: ResponseStep[] = []
  readonly #message: MessageStep[] = []
  readonly #end: EndStep[] = []
  readonly #onFault: FaultListener

  /** Phases are resolved here, once: an exchange loops only over interceptors that have the phase. */
  constructor(links: readonly Link[], meter: MeterFactory, onFault: FaultListener) {
    this.#onFault = onFault
    for (const { interceptor, name = interceptor.name, failOpen, mutates } of links) {
      const step = <F>(phase: Phase, run: F): Step<F> => ({ name, run, meter: meter(name, phase), failOpen, mutates })
      if (interceptor.onRequest) this.#request.push(step('request', interceptor.onRequest.bind(interceptor)))
      if (interceptor.onResponse) this.#response.unshift(step('response', interceptor.onResponse.bind(interceptor)))
      if (interceptor.onMessage) this.#message.push(step('message', interceptor.onMessage.bind(interceptor)))
      if (interceptor.onEnd) this.#end.unshift(step('end', interceptor.onEnd.bind(interceptor)))
    }
  }

  /**
   * First listed, first called. Returns the verdict that ends the exchange early, `undefined` to go on, or a promise
   * of either as soon as one interceptor returned a promise. Throws `interceptor_failed`.
   */
  request(x: Exchange, from = 0, since = performance.now()): undefined | Verdict | Promise<undefined | Verdict> {
    let before = since
    for (let i = from; i < this.#request.length; i++) {
      const step = this.#request[i] as RequestStep
      const { body } = x
      x.modified = false
      try {
        const result = step.run(x)
        if (result !== undefined && isPromise(result)) return this.#requestLater(x, i, before, result, body)
        checkRequest(step, x, result, body)
        const after = performance.now()
        step.meter.duration((after - before) / 1000)
        step.meter.action(result?.action ?? (x.modified ? 'modify' : 'continue'))
        if (result !== undefined) return result
        before = after
      } catch (error) {
        this.#failed(step, 'request', x, error, before)
        before = performance.now()
      }
    }
    return undefined
  }

  async #requestLater(
    x: Exchange,
    at: number,
    before: number,
    pending: Promise<undefined | Verdict>,
    body: Buffer,
  ): Promise<undefined | Verdict> {
    const step = this.#request[at] as RequestStep
    try {
      const result = await pending
      checkRequest(step, x, result, body)
      step.meter.duration((performance.now() - before) / 1000)
      step.meter.action(result?.action ?? (x.modified ? 'modify' : 'continue'))
      if (result !== undefined) return result
    } catch (error) {
      this.#failed(step, 'request', x, error, before)
    }
    // Over meanwhile: the end phase has run, and nothing may follow it.
    return x.endedAt > 0 ? undefined : this.request(x, at + 1)
  }

  /** Last listed, first called. A promise only if an interceptor returned one. Throws `interceptor_failed`. */
  response(x: Exchange, head: ResponseHead, from = 0): undefined | Promise<undefined> {
    if (from >= this.#response.length) return undefined
    let before = performance.now()
    for (let i = from; i < this.#response.length; i++) {
      const step = this.#response[i] as ResponseStep
      const { status } = head
      head.modified = false
      try {
        const result = step.run(x, head)
        if (result !== undefined) return this.#responseLater(x, head, i, before, result, status)
        const after = performance.now()
        step.meter.duration((after - before) / 1000)
        step.meter.action(head.modified || head.status !== status ? 'modify' : 'continue')
        before = after
      } catch (error) {
        this.#failed(step, 'response', x, error, before)
        before = performance.now()
      }
    }
    return undefined
  }

  async #responseLater(
    x: Exchange,
    head: ResponseHead,
    at: number,
    before: number,
    pending: Promise<undefined>,
    status: number,
  ): Promise<undefined> {
    const step = this.#response[at] as ResponseStep
    try {
      await pending
      step.meter.duration((performance.now() - before) / 1000)
      step.meter.action(head.modified || head.status !== status ? 'modify' : 'continue')
    } catch (error) {
      this.#failed(step, 'response', x, error, before)
    }
    return x.endedAt > 0 ? undefined : this.response(x, head, at + 1)
  }

  /** First listed, first called, whichever side sent it. What it throws harms no exchange: the bytes are on their way. */
  message(x: Exchange, message: Envelope, from: 'downstream' | 'upstream'): void {
    if (this.#message.length === 0) return
    let before = performance.now()
    for (let i = 0; i < this.#message.length; i++) {
      const step = this.#message[i] as MessageStep
      try {
        const result: unknown = step.run(x, message, from)
        if (result instanceof Promise) result.catch((error: unknown) => this.#fault(step, 'message', x, error))
      } catch (error) {
        this.#fault(step, 'message', x, error)
      }
      const after = performance.now()
      step.meter.duration((after - before) / 1000)
      before = after
    }
  }

  /** Last listed, first called; every one, whatever the others throw: the exchange is over. */
  end(x: Exchange): void {
    let before = performance.now()
    for (let i = 0; i < this.#end.length; i++) {
      const step = this.#end[i] as EndStep
      try {
        const result: unknown = step.run(x, x.outcome)
        // Nothing waits for it, but what it throws is its own fault and nobody else's.
        if (result instanceof Promise) result.catch((error: unknown) => this.#fault(step, 'end', x, error))
      } catch (error) {
        this.#fault(step, 'end', x, error)
      }
      const after = performance.now()
      step.meter.duration((after - before) / 1000)
      before = after
    }
  }

  #failed(step: RequestStep | ResponseStep, phase: Phase, x: Exchange, error: unknown, before: number): void {
    step.meter.duration((performance.now() - before) / 1000)
    this.#fault(step, phase, x, error)
    if (!step.failOpen)
      throw error instanceof GatewayError ? error : new GatewayError('interceptor_failed', undefined, { cause: error })
  }

  #fault(step: Step<unknown>, phase: Phase, x: Exchange, error: unknown): void {
    step.meter.action('error')
    step.meter.error(errorType(error))
    this.#onFault(step.name, phase, error, x)
  }
}

function isPromise(result: Verdict | Promise<undefined | Verdict>): result is Promise<undefined | Verdict> {
  return typeof result === 'object' && result !== null && 'then' in result
}

/** Throws for what an interceptor must not do or return. */
function checkRequest({ name, mutates }: RequestStep, x: Exchange, verdict: undefined | Verdict, body: Buffer): void {
  if (x.body !== body && !mutates) {
    x.body = body
    throw new TypeError(`interceptor ${name} replaced a body without "mutates: true"`)
  }
  if (verdict !== undefined) checkVerdict(verdict)
}

/** A low-cardinality name for an error: its `code`, else its class. */
function errorType(error: unknown): string {
  if (!(error instanceof Error)) return 'thrown_value'
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : error.name
}
