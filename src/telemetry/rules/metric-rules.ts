/** Derives metrics from calls by the rules of the configuration. Calls that no rule matches are never parsed. */
import type { Exchange } from '../../exchange/exchange.ts'
import type { Operation } from '../../exchange/operation.ts'
import type { Envelope } from '../../mcp/message.ts'
import type { Counter, SeriesStore } from '../series.ts'
import { CompiledRule, type Findings, type NameLabel } from './compiled-rule.ts'
import { ResponseTap, type Unreadable } from './response-tap.ts'
import type { Rule } from './rule.ts'
import type { Message } from './values.ts'

/** Bytes of a message that are parsed: more would hold up every exchange for milliseconds. */
const MOST_PARSED = 262_144

type Reason = Unreadable | 'missing' | 'elsewhere'

/** A call that rules wait for. */
class Watched {
  readonly operation: Operation
  readonly matched: readonly { readonly rule: CompiledRule; readonly findings: Findings }[]
  readonly requestBytes: number
  /** Its exchange still goes on, and may show its response. */
  held = false
  ended = false
  /** Why something is missing, where that is known. */
  reason: Reason = 'missing'

  constructor(operation: Operation, rules: readonly CompiledRule[], requestBytes: number) {
    this.operation = operation
    this.matched = rules.map((rule) => ({ rule, findings: rule.findings() }))
    this.requestBytes = requestBytes
  }

  some(what: 'readsRequest' | 'readsResponse'): boolean {
    return this.matched.some(({ rule }) => rule[what])
  }

  read(message: Message, side: 'request' | 'response'): void {
    for (const { rule, findings } of this.matched) rule.read(findings, message, side)
  }
}

export interface MetricRulesOptions {
  readonly nameLabel: NameLabel
  /** A failure of our own; the exchange goes on. */
  readonly onFault: (error: unknown, x: Exchange) => void
}

export class MetricRules {
  readonly #rules: readonly CompiledRule[]
  readonly #unrecorded: Counter
  /** Goes with the operation, however that ends. */
  readonly #watched = new WeakMap<Operation, Watched>()

  readonly #onFault: MetricRulesOptions['onFault']

  /** Adds an instrument for each rule to the store. The rules are those that the configuration has found good. */
  constructor(rules: readonly Rule[], store: SeriesStore, { nameLabel, onFault }: MetricRulesOptions) {
    this.#onFault = onFault
    this.#rules = rules.map((rule) => new CompiledRule(rule, store, nameLabel))
    this.#unrecorded = store.counter({
      name: 'sidelight.rules.unrecorded',
      kind: 'counter',
      unit: '{call}',
      help: 'Calls that ended well and matched a metric rule, but did not show what it records: missing, too_large, encoded, invalid or elsewhere.',
      labels: ['rule', 'reason'],
      cap: 5 * rules.length + 1,
    })
  }

  /** The upstream is gone. */
  forget(upstream: string): void {
    for (const rule of this.#rules) rule.forget(upstream)
  }

  /** The request was read, and its operations have begun. */
  begin(x: Exchange): void {
    let parsed: { readonly document: Message } | Unreadable | undefined
    let at = -1
    for (const operation of x.operations) {
      at = nextOf(x.messages, operation, at + 1)
      const rules = this.#rules.filter((rule) => rule.matches(operation))
      if (rules.length === 0) continue
      const watched = new Watched(operation, rules, x.messages[at]?.bytes ?? 0)
      this.#watched.set(operation, watched)
      if (!watched.some('readsRequest')) continue
      parsed ??= parse(x.body, x.headers['content-encoding'])
      if (typeof parsed === 'string') watched.reason = parsed
      else watched.read(Array.isArray(parsed.document) ? parsed.document[at] : parsed.document, 'request')
    }
  }

  /** A response head came: what it is about is held back until it was read, if a rule wants that. */
  response(x: Exchange): void {
    const waiting: Watched[] = []
    for (const operation of x.operations) {
      const watched = this.#watched.get(operation)
      if (watched === undefined || watched.ended || !watched.some('readsResponse')) continue
      watched.held = true
      waiting.push(watched)
    }
    if (waiting.length === 0) return
    const reading = [...waiting]
    x.observer = new ResponseTap(x.observer, {
      most: MOST_PARSED,
      onText: (text) => {
        answer(reading, text)
        return reading.length > 0
      },
      onUnreadable: (why) => {
        for (const watched of reading) watched.reason = why
      },
      onEnd: () => {
        for (const watched of waiting) {
          watched.held = false
          if (watched.ended) this.#record(watched)
          else watched.reason = 'elsewhere'
        }
      },
      onFault: (error) => this.#onFault(error, x),
    })
  }

  /** An operation has ended, on whichever exchange. */
  ended(operation: Operation): void {
    const watched = this.#watched.get(operation)
    if (watched === undefined || watched.ended) return
    watched.ended = true
    if (!watched.held) this.#record(watched)
  }

  #record({ operation, matched, requestBytes, reason }: Watched): void {
    for (const { rule, findings } of matched) {
      if (rule.record(findings, operation, requestBytes) || operation.outcome !== 'ok') continue
      this.#unrecorded.bind([rule.name, reason]).add(1)
    }
  }
}

/** Where the operation's own message stands among those of the request. */
function nextOf(messages: readonly Envelope[], { id, method }: Operation, from: number): number {
  for (let i = from; i < messages.length; i++) {
    const message = messages[i]!
    if (message.method === method && message.id === id) return i
  }
  return from
}

function parse(text: Buffer, encoding?: string): { readonly document: Message } | Unreadable {
  if (encoding !== undefined && encoding !== 'identity') return 'encoded'
  if (text.length > MOST_PARSED) return 'too_large'
  try {
    return { document: JSON.parse(text.toString()) as Message }
  } catch {
    return 'invalid'
  }
}

/** Gives the calls what answers them, and takes them off the list. */
function answer(reading: Watched[], text: Buffer): void {
  const parsed = parse(text)
  if (typeof parsed === 'string') return
  for (const message of [parsed.document].flat()) {
    if (typeof message !== 'object' || message === null || !('id' in message) || 'method' in message) continue
    const at = reading.findIndex(({ operation }) => operation.id === message.id)
    if (at < 0) continue
    reading[at]!.read(message, 'response')
    reading.splice(at, 1)
  }
}
