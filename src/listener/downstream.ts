/** The downstream half of an exchange: reads the request, writes the response, and ends the exchange exactly once. */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { GatewayError } from '../errors.ts'
import type { Chain } from '../exchange/chain.ts'
import { correlationId } from '../exchange/correlation-id.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Observer, Sink, Source } from '../exchange/flow.ts'
import type { Answer, Verdict } from '../exchange/interceptor.ts'
import { ResponseHead } from '../exchange/response-head.ts'
import { SseBoundary } from '../mcp/sse-boundary.ts'
import { writeAnswer, writeError } from './answer.ts'
import { readBody } from './body.ts'
import { breakEnd } from './broken-end.ts'
import { closeBehind } from './client-error.ts'
import { endResponse, isUnread } from './linger.ts'
import type { Linked } from './open-exchanges.ts'
import type { Request } from './request.ts'

/** Bytes; beyond, copying costs more than gathering. */
const SMALL_BODY = 16 * 1024

/** What every exchange of a listener shares. */
export interface DownstreamOptions {
  readonly chain: Chain
  /** Bytes of a request body. */
  readonly requestBytes: number
  /** Whether connections are to be closed after their current response. */
  readonly closing: () => boolean
  /** The exchange is over. */
  readonly ended: (downstream: Downstream) => void
}

export class Downstream implements Sink, Linked<Downstream> {
  previous: Downstream | undefined = undefined
  next: Downstream | undefined = undefined
  readonly x: Exchange
  readonly #req: Request
  readonly #res: ServerResponse
  readonly #options: DownstreamOptions
  #source: Source | undefined = undefined
  /** The upstream side has said its last word, or we have said it instead. */
  #complete = false
  #over = false
  #head: ResponseHead | undefined = undefined
  #flushed = false
  #boundary: SseBoundary | undefined = undefined
  #cutting = false

  constructor(x: Exchange, req: Request, res: ServerResponse, options: DownstreamOptions) {
    this.x = x
    this.#req = req
    this.#res = res
    this.#options = options
    // The upstream's Date passes; where it sent none, there is none.
    res.sendDate = false
    res.on('close', () => this.#closed())
    res.on('error', ignore)
  }

  get socket(): Socket {
    return this.#req.socket
  }

  /** Reads the request, runs the request phases, and hands over to what `forward` starts. */
  receive(forward: () => Source): void {
    readBody(this.#req, this.#options.requestBytes, (error, body) => {
      if (this.#over) return
      const { x } = this
      x.readAt = performance.now()
      x.body = body
      x.requestBytes = body.length
      if (error !== undefined) this.fail(error)
      else this.#decide(forward)
    })
  }

  /** Leaves the body unread, to what `forward` starts. */
  pass(forward: () => Source): void {
    this.x.readAt = performance.now()
    this.#decide(forward)
  }

  /** Without reading a body: for requests that no route takes. */
  refuse(error: GatewayError): void {
    this.#decide(() => {
      throw error
    })
  }

  #decide(forward: () => Source): void {
    try {
      const { x } = this
      const verdict = this.#options.chain.request(x, 0, x.readAt || x.startedAt)
      if (verdict === undefined) this.#go(forward)
      else if ('then' in verdict) {
        verdict.then(
          (later) => this.#obey(later, forward),
          (error) => this.fail(asGatewayError(error)),
        )
      } else this.#obey(verdict, forward)
    } catch (error) {
      this.fail(asGatewayError(error))
    }
  }

  #obey(verdict: undefined | Verdict, forward: () => Source): void {
    if (this.#over) return
    if (verdict === undefined) this.#go(forward)
    else if (verdict.action === 'answer') {
      this.#answer(() => writeAnswer(this.#res, this.x, verdict), verdict.status)
      observeAnswer(this.x.observer, verdict)
    } else this.fail(new GatewayError(verdict.code ?? 'refused', verdict.message), verdict.status)
  }

  #go(forward: () => Source): void {
    try {
      this.#source = forward()
    } catch (error) {
      this.fail(asGatewayError(error))
    }
  }

  head(head: ResponseHead): void {
    if (this.#over || this.#complete) return
    const { x } = this
    const res = this.#res
    x.status = head.status
    // An answer may come before the request is whole, and the rest of it may never be wanted.
    if (isUnread(this.#req) || this.#options.closing()) closeBehind(this.socket, res)
    try {
      // Also an empty reason phrase: without one Node would write its own.
      res.writeHead(head.status, head.statusText, head.headers)
    } catch (cause) {
      // A status or header that Node will not write: nothing has been sent yet.
      this.#source?.abort()
      this.fail(new GatewayError('upstream_invalid', undefined, { cause }))
      return
    }
    this.#head = head
    if (head.stream) this.#boundary = new SseBoundary()
  }

  data(chunk: Buffer): boolean {
    if (this.#over || this.#complete) return true
    if (this.#cutting) return this.#cut(chunk)
    this.x.responseBytes += chunk.length
    if (this.#isWhole(chunk)) {
      this.#finish(chunk)
      return true
    }
    this.#boundary?.push(chunk)
    this.#flushed = true
    const taken = this.#res.write(chunk)
    this.x.observer?.data(chunk)
    if (taken) return true
    this.#res.once('drain', () => this.#source?.resume())
    return false
  }

  end(): void {
    if (this.#over || this.#complete) return
    this.#finish()
  }

  fail(error: GatewayError, status: number = error.failure.status): void {
    if (this.#over || this.#complete) return
    const { x } = this
    x.outcome = error.failure.outcome
    x.errorType = error.code
    x.errorCause = causeOf(error)
    x.correlationId ||= correlationId(x.headers)
    if (this.#res.headersSent) {
      this.#complete = true
      x.interrupted = true
      this.flush()
      breakEnd(this.#res, { hasLength: this.#head?.get('content-length') !== undefined, encrypted: x.encrypted })
      return
    }
    this.#answer(() => writeError(this.#res, x, error, status), status)
  }

  /** Ends an event stream at the next event boundary; `false` if this exchange is no event stream. */
  endStream(): boolean {
    if (this.#boundary === undefined || this.#over) return false
    if (this.#boundary.atBoundary) this.#endEarly()
    else this.#cutting = true
    return true
  }

  /** Ends whatever is going on, visibly broken for the downstream. */
  breakOff(): void {
    if (this.#over) return
    this.#complete = true
    this.x.outcome = 'gateway_error'
    this.x.errorType = 'drain_deadline'
    this.x.interrupted = this.#res.headersSent
    this.#source?.abort()
    this.#res.destroy()
  }

  #finish(last?: Buffer): void {
    this.#complete = true
    this.#flushed = true
    if (last === undefined) endResponse(this.#req, this.#res)
    // As a string it leaves together with the head in one plain write; as a Buffer it would be a gathered one, with the
    // end behind it.
    else {
      this.#res.end(last.toString('latin1'), 'latin1')
      this.x.observer?.data(last)
    }
  }

  /** Whether this small chunk is the whole body, and its head still waits for it. */
  #isWhole(chunk: Buffer): boolean {
    if (this.#flushed || chunk.length > SMALL_BODY || !this.#req.complete || this.x.method === 'HEAD') return false
    return this.#head?.get('content-length') === String(chunk.length)
  }

  /** Sends the head if nothing has sent it yet. */
  flush(): void {
    if (this.#flushed || this.#over) return
    this.#flushed = true
    // Not flushHeaders(): that writes latin-1 header values as UTF-8. Where no body may follow, the end comes at once.
    this.#res.write('', 'latin1')
  }

  #cut(chunk: Buffer): boolean {
    const at = this.#boundary?.cut(chunk) ?? -1
    const kept = at < 0 ? chunk : chunk.subarray(0, at)
    this.x.responseBytes += kept.length
    this.#boundary?.push(kept)
    this.#res.write(kept)
    this.x.observer?.data(kept)
    if (at >= 0) this.#endEarly()
    return true
  }

  #endEarly(): void {
    this.#complete = true
    this.x.interrupted = true
    this.#source?.abort()
    this.#res.end()
  }

  #answer(write: () => number, status: number): void {
    const res = this.#res
    this.#complete = true
    this.x.status = status
    if (isUnread(this.#req) || this.#options.closing()) closeBehind(this.socket, res)
    try {
      this.x.responseBytes = write()
    } catch {
      // An interceptor's answer that Node will not write.
      this.x.outcome = 'gateway_error'
      res.destroy()
      return
    }
    endResponse(this.#req, this.#res)
  }

  #closed(): void {
    if (this.#over) return
    this.#over = true
    const { x } = this
    if (!this.#complete || (x.outcome === 'ok' && !this.#res.writableFinished)) {
      x.outcome = 'downstream_closed'
      x.errorType = 'downstream_closed'
      x.interrupted = true
    } else if (x.outcome === 'ok' && isHttpError(x)) {
      x.outcome = 'http_error'
      x.errorType = String(x.status)
    }
    // Who left before the request was read is logged under an id too.
    x.correlationId ||= correlationId(x.headers)
    this.#source?.abort()
    x.endedAt = performance.now()
    const { chain, ended } = this.#options
    if (x.observer === undefined) chain.end(x)
    else x.observer.end(() => chain.end(x))
    ended(this)
  }
}

/** Whatever fails on a response, its `close` ends the exchange. */
function ignore(): void {}

/** What an interceptor answers says how the call went as much as what an upstream does. */
function observeAnswer(observer: Observer | undefined, { status, headers, body }: Answer): void {
  observer?.head(new ResponseHead(status, '', Object.entries(headers ?? {}).flat(), false))
  if (body !== undefined) observer?.data(Buffer.from(body))
}

function causeOf({ cause }: GatewayError): string {
  const { code } = (cause ?? {}) as { code?: unknown }
  return typeof code === 'string' ? code : ''
}

/** MCP knows no redirects; what is passed through beside it may well have them. */
function isHttpError({ status, route }: Exchange): boolean {
  return status >= 400 || (status >= 300 && route.mcp)
}

function asGatewayError(error: unknown): GatewayError {
  return error instanceof GatewayError ? error : new GatewayError('internal', undefined, { cause: error })
}
