/** What an upstream's tools cost of an agent's context, and whether their definitions change under it. */
import type { Envelope, ListedItem } from '../mcp/message.ts'
import type { Names } from './names.ts'
import type { OperationInstruments } from './operation-instruments.ts'

/** Definitions remembered of an upstream; as many as names may be learned. */
const MOST = 500

export class ContextCost {
  readonly #instruments: OperationInstruments
  readonly #names: Names
  /** By upstream and tool: the hash of its definition. */
  readonly #definitions = new Map<string, Map<string, number>>()

  constructor(instruments: OperationInstruments, names: Names) {
    this.#instruments = instruments
    this.#names = names
  }

  /** A page of `tools/list` passed, and its names were learned. */
  listed(upstream: string, { tools, bytes }: Envelope): void {
    if (tools === undefined) return
    this.#instruments.listSize.bind([upstream]).record(bytes)
    for (const tool of tools) this.#compare(upstream, tool)
  }

  forget(upstream: string): void {
    this.#definitions.delete(upstream)
  }

  /** Before a collection. */
  observe(): void {
    for (const upstream of this.#definitions.keys())
      this.#instruments.listed.bind([upstream]).set(this.#names.listedTools(upstream))
  }

  #compare(upstream: string, { name, hash }: ListedItem): void {
    const known = this.#definitions.get(upstream) ?? new Map<string, number>()
    this.#definitions.set(upstream, known)
    const before = known.get(name)
    if (before === hash) return
    if (before !== undefined) {
      const label = this.#names.label(upstream, 'tool', name)
      this.#instruments.definitionChanges.bind([upstream, label]).add(1)
    } else if (known.size >= MOST) {
      // The one that was first listed longest ago.
      known.delete(known.keys().next().value as string)
    }
    // A copy: a slice of a body would keep the whole body alive.
    known.set(before === undefined ? Buffer.from(name).toString() : name, hash)
  }
}
