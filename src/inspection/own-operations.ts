/** The operations that one request began, as its response answers them. */
import type { Operation } from '../exchange/operation.ts'
import type { RequestId } from '../mcp/message.ts'

/** A notification is acknowledged, not answered. */
export const isCall = ({ id }: Operation): boolean => id !== undefined

export class OwnOperations {
  readonly #operations: readonly Operation[]
  /** Where the next answer is looked for first: a batch may hold a hundred thousand, mostly answered in their order. */
  #next = 0

  constructor(operations: readonly Operation[]) {
    this.#operations = operations
  }

  /** The one with this id that is not answered yet. */
  find(id: RequestId): Operation | undefined {
    const { length } = this.#operations
    for (let i = 0; i < length; i++) {
      const at = (this.#next + i) % length
      const operation = this.#operations[at] as Operation
      if (operation.id !== id || operation.endedAt > 0) continue
      this.#next = at + 1
      return operation
    }
    return undefined
  }

  /** The only call, if it is not answered yet: an upstream that could not read the id answers with none (JSON-RPC 2.0 §5). */
  get sole(): Operation | undefined {
    const [only, ...more] = this.#operations.filter(isCall)
    return more.length === 0 && only?.endedAt === 0 ? only : undefined
  }
}
