/** What @fastify/http-proxy dispatches to: the pools, permits and rules of MCP routes, in place of a pool of its own. */
import type { Dispatcher } from 'undici'
import { GatewayError } from '../errors.ts'
import type { StreamForward } from './stream-forward.ts'
import { Dispatcher as BaseDispatcher } from './undici.ts'

const FORWARD = Symbol('the exchange that a dispatch serves')
type Tagged = Record<string, string> & { [FORWARD]?: StreamForward }

/** Request headers that name their exchange and nothing else: the real ones are built by its own rules. */
export function headersOf(forward: StreamForward): Record<string, string> {
  const headers: Tagged = {}
  headers[FORWARD] = forward
  return headers
}

/**
 * The response does not come back through `handler`: the exchange writes it to the downstream by itself, by the same
 * code as on MCP routes, because what reply-from makes of a response loses spelling, order and duplicates of headers,
 * and may end the process (traps 2, 4, 7).
 */
export class PoolDispatcher extends BaseDispatcher {
  /** How reply-from asks. It waits for an answer in vain. */
  override request(options: Dispatcher.RequestOptions): Promise<never> {
    this.dispatch(options, {})
    return new Promise(() => {})
  }

  override dispatch({ headers }: Dispatcher.DispatchOptions, _handler: Dispatcher.DispatchHandler): boolean {
    const forward = (headers as Tagged | undefined)?.[FORWARD]
    if (forward === undefined) throw new GatewayError('internal', 'a dispatch without an exchange')
    try {
      forward.start()
    } catch (cause) {
      forward.stop(new GatewayError('internal', undefined, { cause }))
    }
    return true
  }
}
