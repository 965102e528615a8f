/** Tells of operations that took longer than they may: one line each, and a count. */
import type { Operation } from '../exchange/operation.ts'
import { targetOf } from '../mcp/revision.ts'
import { remember } from '../remember.ts'

/** All in milliseconds; 0 is never. */
export interface SlowThresholds {
  /** For whatever a downstream asks. */
  readonly default: number
  readonly methods: Readonly<Record<string, number>>
  /** By name, or pattern with `*`; the first that fits. Over `methods`. */
  readonly tools: Readonly<Record<string, number>>
}

type EndedOperation = Pick<
  Operation,
  | 'direction'
  | 'upstream'
  | 'method'
  | 'target'
  | 'id'
  | 'revision'
  | 'startedAt'
  | 'endedAt'
  | 'outcome'
  | 'errorType'
  | 'correlationId'
>

/** What the log line of a slow operation says, by the names of its fields. */
export type SlowFacts = Readonly<Record<string, string | number>>

export interface SlowOperationsOptions {
  readonly thresholds: SlowThresholds
  readonly logger: { warn(fields: object, message: string): void }
  /** Counts it, and remembers it. */
  readonly onSlow: (operation: EndedOperation, facts: SlowFacts) => void
}

/** Held open for as long as the downstream wants. */
const LASTING: ReadonlySet<string> = new Set(['subscriptions/listen'])

export class SlowOperations {
  readonly #options: SlowOperationsOptions
  readonly #methods: ReadonlyMap<string, number>
  readonly #thresholdOfTool: (name: string) => number

  constructor(options: SlowOperationsOptions) {
    this.#options = options
    this.#methods = new Map(Object.entries(options.thresholds.methods))
    const tools = Object.entries(options.thresholds.tools).map(([name, limit]) => ({ fits: matcher(name), limit }))
    const otherwise = this.#thresholdOfMethod('tools/call', 'server')
    this.#thresholdOfTool = remember((name) => tools.find(({ fits }) => fits(name))?.limit ?? otherwise)
  }

  ended(operation: EndedOperation): void {
    const took = operation.endedAt - operation.startedAt
    const threshold = this.#thresholdOf(operation)
    if (threshold <= 0 || took < threshold) return
    const facts = factsOf(operation, took, threshold)
    this.#options.onSlow(operation, facts)
    this.#options.logger.warn(facts, 'slow operation')
  }

  #thresholdOf({ method, target, direction }: EndedOperation): number {
    if (method === 'tools/call' && target !== undefined && direction === 'server') return this.#thresholdOfTool(target)
    return this.#thresholdOfMethod(method, direction)
  }

  #thresholdOfMethod(method: string, direction: Operation['direction']): number {
    const stated = this.#methods.get(method)
    if (stated !== undefined) return stated
    return direction === 'client' || LASTING.has(method) ? 0 : this.#options.thresholds.default
  }
}

/** Never what it was about beyond a name: arguments and URIs may hold anything. */
function factsOf(operation: EndedOperation, took: number, threshold: number): SlowFacts {
  const { correlationId, upstream, direction, method, target, id, revision, outcome, errorType } = operation
  const kind = targetOf(method)
  return {
    ...(correlationId !== '' && { correlation_id: correlationId }),
    upstream,
    'mcp.method.name': method,
    ...(kind === 'tool' && target !== undefined && { 'gen_ai.tool.name': target }),
    ...(kind === 'prompt' && target !== undefined && { 'gen_ai.prompt.name': target }),
    ...(id !== undefined && id !== null && { 'jsonrpc.request.id': String(id) }),
    ...(revision !== '' && revision !== '_none' && { 'mcp.protocol.version': revision }),
    asked_by: direction === 'server' ? 'downstream' : 'upstream',
    outcome,
    ...(errorType !== '' && { 'error.type': errorType }),
    duration_ms: Math.round(took * 1000) / 1000,
    threshold_ms: threshold,
  }
}

/** Whether a name fits a pattern; in linear time, because downstreams choose the names. */
function matcher(pattern: string): (name: string) => boolean {
  const [head = '', ...rest] = pattern.split('*')
  const tail = rest.pop()
  if (tail === undefined) return (name) => name === pattern
  return (name) => {
    if (name.length < head.length + tail.length || !name.startsWith(head) || !name.endsWith(tail)) return false
    const end = name.length - tail.length
    let at = head.length
    for (const part of rest) {
      const found = name.indexOf(part, at)
      if (found < 0 || found + part.length > end) return false
      at = found + part.length
    }
    return true
  }
}
