/** An origin that does what each exchange tells it to, a downstream beside it, and the ledger of what they did. */
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { gateway, type TestGateway } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { Ledger, type Verdict } from './oracle-ledger.ts'

/** The origin's side of one exchange. */
export interface Served {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** A whole JSON response. */
  json(text: string | Buffer, status?: number, headers?: Readonly<Record<string, string>>): void
  /** The head of an event stream. */
  stream(headers?: Readonly<Record<string, string>>): void
  reset(): void
}

export interface Asking {
  /** For the correlation id: which episode this was. */
  readonly what: string
  readonly verdict: Verdict
  readonly path?: string
  readonly upstream?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** What the origin does; absent where it must never hear of the exchange. */
  readonly origin?: (served: Served) => void | Promise<void>
}

/** The downstream's side of one exchange. */
export interface Asked {
  /** Resolves when the response holds the text. */
  seen(text: string): Promise<void>
  /** Resolves when the origin has the whole request. */
  readonly served: Promise<void>
  /** Resolves at the origin's end of the exchange. */
  readonly left: Promise<void>
  /** Resolves when the response is over, whole or broken. */
  readonly over: Promise<'whole' | 'broken'>
  /** Closes the connection. */
  leave(): void
}

interface Plan {
  readonly run: (served: Served) => void | Promise<void>
  readonly served: () => void
  readonly left: () => void
  times: number
}

export interface Stage {
  readonly gateway: TestGateway
  readonly ledger: Ledger
  /** Exchanges so far. */
  readonly count: number
  ask(asking: Asking): Asked
  /** What the origin did more or less often than it was told to. */
  strays(): string[]
}

const HASTY = { connect: '30s', responseHead: '150ms', bodyIdle: '150ms' }

export async function stage(t: TestContext): Promise<Stage> {
  const ledger = new Ledger()
  const plans = new Map<string, Plan>()
  const origin = createServer((req, res) => void serve(plans, req, res))
  origin.keepAliveTimeout = 120_000
  const port = await listen(origin)
  // At once: a server that nobody closes would keep a test alive that failed before its first exchange.
  t.after(() => {
    origin.closeAllConnections()
    origin.close()
  })
  const gone = createServer()
  const closed = await listen(gone)
  await new Promise((resolve) => gone.close(resolve))
  const running = await gateway({
    upstreams: {
      origin: { url: `http://127.0.0.1:${port}/mcp`, required: false, probe: { interval: '1h' } },
      gone: { url: `http://127.0.0.1:${closed}/mcp`, required: false, probe: { interval: '1h' } },
    },
    routes: [
      { path: '/mcp', upstream: 'origin' },
      { path: '/hasty', upstream: 'origin', deadlines: HASTY },
      { path: '/gone', upstream: 'gone' },
    ],
    sessions: { abandonAfter: '8s' },
  })
  t.after(() => running.close())
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  let count = 0

  function ask(asking: Asking): Asked {
    const { what, verdict, path = '/mcp', upstream = 'origin', method = 'POST', headers = {}, body } = asking
    const id = `oracle-${++count}-${what}`
    ledger.exchange(id, upstream, method, verdict)
    const served = Promise.withResolvers<void>()
    const left = Promise.withResolvers<void>()
    const over = Promise.withResolvers<'whole' | 'broken'>()
    if (asking.origin !== undefined)
      plans.set(id, { run: asking.origin, served: served.resolve, left: left.resolve, times: 0 })
    let text = ''
    const waiting = new Map<string, () => void>()
    const call = request(running.url + path, {
      agent,
      method,
      headers: {
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        accept: 'application/json, text/event-stream',
        'x-correlation-id': id,
        ...headers,
      },
    })
    call.on('response', (response) => {
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1')
        for (const [wanted, resolve] of waiting) if (text.includes(wanted)) resolve()
      })
      response.on('error', () => {})
      response.on('close', () => over.resolve(response.complete ? 'whole' : 'broken'))
    })
    call.on('error', () => over.resolve('broken'))
    call.end(body)
    return {
      served: served.promise,
      left: left.promise,
      over: over.promise,
      seen: (words) => {
        const wanted = Buffer.from(words).toString('latin1')
        if (text.includes(wanted)) return Promise.resolve()
        const found = new Promise<void>((resolve) => waiting.set(wanted, resolve))
        const lost = over.promise.then(() => {
          if (!text.includes(wanted)) throw new Error(`${id} ended without ${wanted}: ${text.slice(0, 300)}`)
        })
        return Promise.race([found, lost])
      },
      leave: () => call.destroy(),
    }
  }

  await settles(async () => (await fetch(`${running.url}/health`)).status === 200)
  return {
    gateway: running,
    ledger,
    get count() {
      return count
    },
    ask,
    strays: () =>
      [...plans]
        .filter(([, { times }]) => times !== 1)
        .map(([id, { times }]) => `${id} reached the origin ${times} times`),
  }
}

async function serve(plans: ReadonlyMap<string, Plan>, req: IncomingMessage, res: ServerResponse): Promise<void> {
  req.on('error', () => {})
  res.on('error', () => {})
  req.resume()
  if (!req.complete) await new Promise((resolve) => req.once('end', resolve).once('close', resolve))
  const plan = plans.get(String(req.headers['x-correlation-id']))
  const json: Served['json'] = (text, status = 200, headers = {}) => {
    res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers })
    res.end(text)
  }
  if (plan === undefined) {
    json('{"jsonrpc":"2.0","id":1,"result":{}}')
    return
  }
  plan.times++
  res.once('close', plan.left)
  plan.served()
  await plan.run({
    req,
    res,
    json,
    stream: (headers = {}) => {
      res.writeHead(200, { 'content-type': 'text/event-stream', ...headers })
      res.flushHeaders()
    },
    reset: () => res.socket?.resetAndDestroy(),
  })
}

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
