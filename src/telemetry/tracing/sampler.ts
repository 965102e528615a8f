/** Decides at the head which exchanges are sampled, and at the tail which are kept all the same. Pure. */
import type { Exchange } from '../../exchange/exchange.ts'
import type { Outcome } from '../../exchange/outcome.ts'
import type { KeepSettings, SamplingSettings } from './settings.ts'

/** Digits of a trace id that decide, from its right end, where ids are random: 52 bits, which a double holds. */
const DIGITS = 13
const SCALE = 2 ** (4 * DIGITS)

export class Sampler {
  readonly #parentBased: boolean
  readonly #rate: number
  readonly #operations: ReadonlyMap<string, number>
  readonly #tools: ReadonlyMap<string, number>

  constructor({ sampler, rate, operations, tools }: SamplingSettings) {
    const off = sampler.endsWith('always_off')
    this.#parentBased = sampler.startsWith('parentbased_')
    this.#rate = off ? 0 : sampler.endsWith('always_on') ? 1 : rate
    this.#operations = new Map(off ? [] : Object.entries(operations))
    this.#tools = new Map(off ? [] : Object.entries(tools))
  }

  /**
   * @param parentSampled what the parent decided; `undefined`: there is none
   * @param method of the exchange's operation; empty: it has none
   * @param tool that it calls, if it calls one
   */
  decide(traceId: string, parentSampled: boolean | undefined, method: string, tool: string | undefined): boolean {
    if (this.#parentBased && parentSampled !== undefined) return parentSampled
    const rate = this.#rateOf(method, tool)
    if (rate <= 0) return false
    // By the id, so that all who sample a trace at the same rate choose the same traces.
    return rate >= 1 || Number.parseInt(traceId.slice(-DIGITS), 16) >= (1 - rate) * SCALE
  }

  #rateOf(method: string, tool: string | undefined): number {
    const ofTool = tool === undefined ? undefined : this.#tools.get(tool)
    return ofTool ?? this.#operations.get(method) ?? this.#rate
  }
}

/** Why an exchange is kept that was not sampled. */
export type Kept = 'error' | 'slow'

/** Called at the exchange's end. `undefined`: it is not kept. */
export function keepReason(x: Exchange, { errors, refused, slow }: KeepSettings): Kept | undefined {
  if (errors && hasFailed(x, refused)) return 'error'
  return slow > 0 && isSlow(x, slow) ? 'slow' : undefined
}

function hasFailed(x: Exchange, refused: boolean): boolean {
  if (isFailure(x.outcome, x)) return refused || x.outcome !== 'refused'
  for (const { endedAt, outcome, method } of x.operations)
    if (endedAt > 0 && outcome !== 'refused' && isFailure(outcome, x, method)) return true
  return false
}

/** What is held open on purpose is not slow, however long it lasts. */
const HELD_OPEN = 'subscriptions/listen'

function isSlow(x: Exchange, slow: number): boolean {
  // Without operations a stream is what it is for; anything else is an HTTP request like any other.
  if (x.operations.length === 0) return !x.stream && x.endedAt - x.startedAt >= slow
  for (const { startedAt, endedAt, method } of x.operations)
    if (endedAt - startedAt >= slow && method !== HELD_OPEN) return true
  return false
}

interface Carrier {
  readonly method: string
  readonly stream: boolean
  readonly status: number
  readonly operations: readonly { readonly method: string }[]
}

/** Whether it did not end well: neither as it should, nor in a way that could not be judged. */
export function isFailure(
  outcome: Outcome,
  { method, stream, status, operations }: Carrier,
  rpcMethod = operations[0]?.method,
): boolean {
  if (outcome === 'ok' || outcome === 'unknown') return false
  // Closing is how a downstream ends a stream that it listens to.
  if (outcome === 'downstream_closed') return !(stream && (method === 'GET' || rpcMethod === HELD_OPEN))
  // So a server says that it has no such stream (2025-03-26 and later, Transports).
  return !(outcome === 'http_error' && method === 'GET' && status === 405)
}
