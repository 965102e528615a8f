/** One rule, made ready: what it matches, what it needs to see, and the instrument that it records on. */
import type { Operation } from '../../exchange/operation.ts'
import { methodLabel, targetOf } from '../../mcp/revision.ts'
import type { Counter, Histogram, SeriesStore } from '../series.ts'
import { compilePattern } from './pattern.ts'
import { type BuiltInLabel, isBodyPart, isOfResponse, type Rule } from './rule.ts'
import { ruleDefinition } from './rule-definition.ts'
import { amountOf, finder, labelOf, type Message } from './values.ts'

/** The name of a tool or prompt as a label: from a learned set, else `_other`. */
export type NameLabel = (upstream: string, kind: 'tool' | 'prompt', name: string | undefined) => string

/** What one call has shown of what a rule asks for. */
export interface Findings {
  value: number | undefined
  /** By the place of the label; `undefined`: known only at the end. */
  readonly labels: (string | undefined)[]
}

interface Slot {
  readonly side: 'request' | 'response' | 'end'
  /** `undefined` where `side` is `end`. */
  readonly read: ((message: Message) => string) | undefined
  readonly builtIn: BuiltInLabel | undefined
}

export class CompiledRule {
  readonly name: string
  /** Whether it reads the text of that message. */
  readonly readsRequest: boolean
  readonly readsResponse: boolean
  readonly #rule: Rule
  readonly #instrument: Counter | Histogram
  readonly #tool: ((name: string) => boolean) | undefined
  readonly #find: ((message: Message) => unknown) | undefined
  readonly #slots: readonly Slot[]
  readonly #nameLabel: NameLabel

  constructor(rule: Rule, store: SeriesStore, nameLabel: NameLabel) {
    const def = ruleDefinition(rule)
    const { value, match, labels } = rule
    this.name = rule.name
    this.#rule = rule
    this.#instrument = def.kind === 'counter' ? store.counter(def) : store.histogram(def)
    this.#tool = match.tool === undefined ? undefined : compilePattern(match.tool)
    this.#find = typeof value === 'object' ? finder(value) : undefined
    this.#slots = Object.values(labels).map(slotOf)
    this.#nameLabel = nameLabel
    const parts = [...Object.values(labels), ...(typeof value === 'object' ? [value] : [])].map(({ from }) => from)
    this.readsRequest = parts.some((from) => isBodyPart(from) && !isOfResponse(from))
    this.readsResponse = parts.some(isOfResponse)
  }

  /** Ends the series of an upstream, where a label names it. */
  forget(upstream: string): void {
    if (this.#slots.every(({ builtIn }) => builtIn !== 'upstream')) return
    this.#instrument.unbindWhere(this.#slots.map(({ builtIn }) => (builtIn === 'upstream' ? upstream : undefined)))
  }

  /** Whatever its outcome will be. */
  matches({ direction, upstream, method, target }: Operation): boolean {
    const { match } = this.#rule
    if (direction !== 'server') return false
    if (match.upstream !== undefined && match.upstream !== upstream) return false
    if (match.method !== undefined && match.method !== method) return false
    return this.#tool === undefined || (targetOf(method) === 'tool' && target !== undefined && this.#tool(target))
  }

  findings(): Findings {
    return { value: undefined, labels: this.#slots.map(() => undefined) }
  }

  read(findings: Findings, message: Message, side: 'request' | 'response'): void {
    const { value } = this.#rule
    if (typeof value === 'object' && isOfResponse(value.from) === (side === 'response'))
      findings.value = amountOf(this.#find?.(message))
    this.#slots.forEach((slot, i) => {
      if (slot.side === side) findings.labels[i] = slot.read?.(message)
    })
  }

  /** Records the call, which is over. `false`: what should have been recorded was not found. */
  record(findings: Findings, operation: Operation, requestBytes: number): boolean {
    const { match } = this.#rule
    // Not over: it is asked again, under another id, with what the upstream wants to know.
    if (operation.resultType === 'input_required') return true
    if (match.outcome !== undefined && !match.outcome.includes(operation.outcome)) return true
    const value = this.#value(findings, operation, requestBytes)
    if (value === undefined) return false
    const labels = this.#slots.map(({ builtIn }, i) =>
      builtIn === undefined ? (findings.labels[i] ?? '') : this.#builtIn(builtIn, operation),
    )
    const series = this.#instrument.bind(labels)
    if ('record' in series) series.record(value)
    else series.add(value)
    return true
  }

  #value(findings: Findings, operation: Operation, requestBytes: number) {
    const { value } = this.#rule
    if (value === 'duration') return (operation.endedAt - operation.startedAt) / 1000
    if (value === 'requestBytes') return requestBytes
    // None where the operation ended without its response message.
    if (value === 'responseBytes') return operation.responseBytes || undefined
    return value === 1 ? value : findings.value
  }

  #builtIn(label: BuiltInLabel, { upstream, method, target, outcome, errorType, revision }: Operation): string {
    switch (label) {
      case 'tool':
      case 'prompt':
        return targetOf(method) === label ? this.#nameLabel(upstream, label, target) : ''
      case 'method':
        return methodLabel(method)
      case 'upstream':
        return upstream
      case 'outcome':
        return outcome
      case 'errorType':
        return errorType
      case 'revision':
        return revision
    }
  }
}

function slotOf({ from, pointer = '', values = [] }: Rule['labels'][string]): Slot {
  if (!isBodyPart(from)) return { side: 'end', read: undefined, builtIn: from }
  const find = finder({ from, pointer })
  const known = new Set(values)
  const read = (message: Message): string => labelOf(find(message), known)
  return { side: isOfResponse(from) ? 'response' : 'request', read, builtIn: undefined }
}
