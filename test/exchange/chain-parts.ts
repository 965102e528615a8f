/** What the tests of the chain share: an exchange, a response head, and meters that note what they are told. */
import { Chain, type Link, type Phase } from '../../src/exchange/chain.ts'
import { Exchange } from '../../src/exchange/exchange.ts'
import type { Interceptor } from '../../src/exchange/interceptor.ts'
import { ResponseHead } from '../../src/exchange/response-head.ts'

export interface Noted {
  readonly chain: Chain
  /** `interceptor phase action`, in order. */
  readonly actions: readonly string[]
  /** `interceptor phase error-type`. */
  readonly errors: readonly string[]
  /** `interceptor phase`, once for each time that was recorded. */
  readonly timings: readonly string[]
  /** Every recorded time, in seconds. */
  readonly seconds: readonly number[]
  /** `interceptor phase message`, as the log gets it. */
  readonly faults: readonly string[]
}

export const link = (interceptor: Interceptor, more: Partial<Omit<Link, 'interceptor'>> = {}): Link => ({
  interceptor,
  failOpen: false,
  mutates: false,
  ...more,
})

export function noted(...links: readonly Link[]): Noted {
  const actions: string[] = []
  const errors: string[] = []
  const timings: string[] = []
  const seconds: number[] = []
  const faults: string[] = []
  const meter = (name: string, phase: Phase) => ({
    duration: (time: number) => {
      seconds.push(time)
      timings.push(`${name} ${phase}`)
    },
    action: (action: string) => actions.push(`${name} ${phase} ${action}`),
    error: (type: string) => errors.push(`${name} ${phase} ${type}`),
  })
  const chain = new Chain(links, meter, (name, phase, error) =>
    faults.push(`${name} ${phase} ${error instanceof Error ? error.message : String(error)}`),
  )
  return { chain, actions, errors, timings, seconds, faults }
}

export function exchange(body = ''): Exchange {
  const head = { method: 'POST', url: '/mcp', headers: {}, rawHeaders: [] }
  const x = new Exchange({ path: '/mcp', upstream: 'upstream', mcp: true }, head, '127.0.0.1', false, performance.now())
  x.body = Buffer.from(body)
  return x
}

export const responseHead = (): ResponseHead => new ResponseHead(200, 'OK', ['Content-Type', 'text/plain'], false)

/** An interceptor with every phase that writes each into the log; `later`: with promises. */
export function logging(name: string, log: string[], later = false): Interceptor {
  const note = (phase: Phase) => {
    log.push(`${phase} ${name}`)
    return undefined
  }
  return {
    name,
    onRequest: () => (later ? Promise.resolve().then(() => note('request')) : note('request')),
    onResponse: () => (later ? Promise.resolve().then(() => note('response')) : note('response')),
    onEnd: () => note('end'),
  }
}
