/** The upstream half of an exchange: permit, connection, dispatch, and bytes as they come. One object per exchange. */
import type { Dispatcher } from 'undici'
import { type ErrorCode, GatewayError } from '../errors.ts'
import type { Chain } from '../exchange/chain.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Sink, Source } from '../exchange/flow.ts'
import { ResponseHead } from '../exchange/response-head.ts'
import { responseHeaders } from '../mcp/headers.ts'
import type { Endpoint } from './endpoint.ts'
import { upstreamFailure } from './failure.ts'
import { Waiter } from './permits.ts'
import type { Connection } from './pool.ts'
import { type HeaderOptions, requestHeaders } from './request-headers.ts'

/** Milliseconds; 0: none. */
export interface Deadlines {
  readonly connect: number
  readonly responseHead: number
  /** Between two chunks of a body that is no event stream. */
  readonly bodyIdle: number
}

/** Where a route sends its exchanges. */
export interface Target extends HeaderOptions {
  readonly endpoint: Endpoint
  readonly deadlines: Deadlines
}

type Controller = Dispatcher.DispatchController

export class Forward implements Source, Dispatcher.DispatchHandler {
  readonly #x: Exchange
  readonly #sink: Sink
  readonly #chain: Chain
  readonly #target: Target
  #waiter: Waiter | undefined = undefined
  #connection: Connection | undefined = undefined
  #controller: Controller | undefined = undefined
  #permit: 'none' | 'call' | 'stream' = 'none'
  #retried = false
  /** The sink has heard the last word, or wants none. */
  #over = false
  /** An interceptor is still at the head; what follows waits. */
  #holding = false
  #endHeld = false
  #paused = false
  #idleTimer: NodeJS.Timeout | undefined = undefined

  constructor(x: Exchange, sink: Sink, chain: Chain, target: Target) {
    this.#x = x
    this.#sink = sink
    this.#chain = chain
    this.#target = target
  }

  /** Nothing more will be said to the sink. */
  get over(): boolean {
    return this.#over
  }

  start(): void {
    const { permits, meter } = this.#target.endpoint
    this.#x.decidedAt = performance.now()
    if (permits.tryCall()) {
      this.#granted(this.#x.decidedAt)
      return
    }
    const waiter = new Waiter(
      () => {
        meter.pending.add(-1)
        this.#granted(performance.now())
      },
      (code) => {
        meter.pending.add(-1)
        this.#refused(code)
      },
    )
    if (!permits.wait(waiter)) {
      this.#refused('queue_full')
      return
    }
    this.#waiter = waiter
    meter.pending.add(1)
  }

  resume(): void {
    this.#paused = false
    this.#idleTimer?.refresh()
    if (!this.#holding) this.#controller?.resume()
  }

  abort(): void {
    if (this.#over) return
    this.#over = true
    const { permits, meter } = this.#target.endpoint
    if (this.#waiter?.waiting) {
      permits.leave(this.#waiter)
      meter.pending.add(-1)
    }
    // Aborting a request closes its socket at once; before the request is on one, closing the connection does.
    this.#controller?.abort(ABORTED)
    this.free(false)
  }

  /** Ends the exchange with an error. */
  stop(error: GatewayError): void {
    if (this.#over) return
    this.#over = true
    this.#controller?.abort(ABORTED)
    this.free(false)
    this.#sink.fail(error)
  }

  /** What undici is to send; asked for anew for each attempt. */
  protected request(x: Exchange, target: Target): Dispatcher.DispatchOptions {
    const { endpoint, deadlines } = target
    const query = x.url.indexOf('?')
    return {
      path: query < 0 ? endpoint.path : endpoint.path + x.url.slice(query),
      method: x.method as Dispatcher.HttpMethod,
      headers: requestHeaders(x, target),
      body: x.body.length > 0 ? x.body : null,
      headersTimeout: deadlines.responseHead,
      bodyTimeout: 0,
      servername: endpoint.servername,
    } as Dispatcher.DispatchOptions
  }

  /** Gives back what the exchange holds. `reusable`: the connection carries nothing of it any more. */
  protected free(reusable: boolean): void {
    const { pool, permits, meter } = this.#target.endpoint
    clearTimeout(this.#idleTimer)
    if (this.#connection) pool.release(this.#connection, reusable)
    this.#connection = undefined
    if (this.#permit === 'call') permits.releaseCall()
    else if (this.#permit === 'stream') {
      permits.releaseStream()
      meter.streams.add(-1)
    }
    this.#permit = 'none'
  }

  // undici's side. Every call may come after abort().

  onRequestStart(controller: Controller): void {
    this.#controller = controller
    this.#x.sentAt = performance.now()
    if (this.#over) controller.abort(ABORTED)
  }

  onResponseStart(controller: Controller, status: number, _headers: unknown, statusText?: string): void {
    if (this.#over || status < 200) return
    const x = this.#x
    x.headAt = performance.now()
    this.#target.endpoint.answered(x.dispatchedAt)
    // undici declares rawHeaders loosely; for HTTP/1.1 it is the flat list of Buffers as received.
    const headers = responseHeaders((controller.rawHeaders ?? []) as Buffer[])
    const reason = this.#connection?.gate?.reason ?? statusText ?? ''
    const head = new ResponseHead(status, reason, headers, isEventStream(headers))
    x.stream = head.stream
    if (head.stream && !this.#becomeStream()) return
    try {
      const pending = this.#chain.response(x, head)
      if (pending === undefined) this.#sendHead(head)
      else this.#hold(pending, head, controller)
    } catch (error) {
      this.stop(upstreamFailure(error, true))
    }
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#over) return
    this.#idleTimer?.refresh()
    if (!this.#sink.data(chunk)) {
      this.#paused = true
      controller.pause()
    }
  }

  onResponseEnd(): void {
    if (this.#over) return
    if (!this.#endHeld && this.#connection?.reset) {
      // undici takes a reset for the end of a body that has no length; who reads it would take half for the whole.
      this.stop(new GatewayError('upstream_reset'))
      return
    }
    if (this.#holding) {
      this.#endHeld = true
      return
    }
    this.#over = true
    this.free(true)
    this.#sink.end()
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    if (this.#over) return
    const sent = this.#controller !== undefined
    const failure = upstreamFailure(error, sent)
    if (failure.failure.outcome === 'upstream_unreachable') this.#target.endpoint.unreachable()
    if (!sent && !this.#retried && failure.failure.retry === 'unsent') {
      this.#retry()
      return
    }
    this.stop(failure)
  }

  #granted(now: number): void {
    this.#permit = 'call'
    const x = this.#x
    x.dispatchedAt = now
    this.#target.endpoint.meter.wait.record((now - x.decidedAt) / 1000)
    this.#dispatch()
  }

  #refused(code: ErrorCode): void {
    if (code in this.#target.endpoint.meter.rejected) {
      this.#target.endpoint.meter.rejected[code as 'queue_full'].add(1)
    }
    this.stop(new GatewayError(code))
  }

  #dispatch(): void {
    const { endpoint, deadlines } = this.#target
    try {
      const request = this.request(this.#x, this.#target)
      this.#connection = endpoint.pool.take(deadlines.connect)
      this.#x.connected = !this.#connection.open
      this.#connection.client.dispatch(request, this)
    } catch (cause) {
      // Who called does not know what is held by now.
      this.stop(new GatewayError('internal', undefined, { cause }))
    }
  }

  /** Once, and only what never reached a socket. */
  #retry(): void {
    const { pool, meter } = this.#target.endpoint
    this.#retried = true
    meter.retries.add(1)
    if (this.#connection) pool.release(this.#connection, false)
    this.#connection = undefined
    // Not from inside undici's error path.
    setImmediate(() => {
      if (!this.#over) this.#dispatch()
    })
  }

  #becomeStream(): boolean {
    const { permits, meter } = this.#target.endpoint
    if (!permits.becomeStream()) {
      this.#refused('streams_full')
      return false
    }
    this.#permit = 'stream'
    meter.streams.add(1)
    return true
  }

  #sendHead(head: ResponseHead): void {
    this.#sink.head(head)
    this.#x.headSentAt = performance.now()
    // Most bodies come with their head, in one segment, and need neither of what follows.
    process.nextTick(Forward.afterHead, this, head.stream)
  }

  #hold(pending: Promise<undefined>, head: ResponseHead, controller: Controller): void {
    this.#holding = true
    controller.pause()
    pending.then(
      () => {
        this.#holding = false
        if (this.#over) return
        this.#sendHead(head)
        if (this.#endHeld) this.onResponseEnd()
        else if (!this.#paused) controller.resume()
      },
      (error) => this.stop(upstreamFailure(error, true)),
    )
  }

  /** Called by the idle timer: a body that a slow downstream holds up is not idle. */
  static idle(forward: Forward): void {
    if (forward.#paused) forward.#idleTimer?.refresh()
    else forward.stop(new GatewayError('upstream_timeout'))
  }

  static afterHead(forward: Forward, stream: boolean): void {
    if (forward.#over) return
    forward.#sink.flush()
    const { bodyIdle } = forward.#target.deadlines
    if (bodyIdle > 0 && !stream) forward.#idleTimer = setTimeout(Forward.idle, bodyIdle, forward)
  }
}

/** One for all: aborts are expected and nobody reads it. */
const ABORTED = new GatewayError('internal', 'aborted')

function isEventStream(headers: readonly string[]): boolean {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    if (name.length === 12 && name.toLowerCase() === 'content-type') {
      const type = headers[i + 1] as string
      // Most are this one, which needs no expression.
      return type !== 'application/json' && /^\s*text\/event-stream\b/i.test(type)
    }
  }
  return false
}
