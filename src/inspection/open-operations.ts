/** The operations of one session that wait for their response, as a list threaded through them. */
import type { Operation } from '../exchange/operation.ts'
import type { RequestId } from '../mcp/message.ts'

/** A session seldom has more than a few: searching them costs less than keeping a Map, and leaves no garbage. */
export class OpenOperations<Of = undefined> {
  #first: Operation | undefined
  #last: Operation | undefined
  size = 0
  /** What it is a part of. */
  readonly of: Of

  constructor(of: Of) {
    this.of = of
  }

  has(operation: Operation): boolean {
    return operation.list === this
  }

  /** It must wait in no other list. */
  add(operation: Operation): void {
    operation.list = this
    operation.previous = this.#last
    operation.next = undefined
    if (this.#last === undefined) this.#first = operation
    else this.#last.next = operation
    this.#last = operation
    this.size++
  }

  delete(operation: Operation): void {
    if (!this.has(operation)) return
    const { previous, next } = operation
    if (previous === undefined) this.#first = next
    else previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
    operation.previous = operation.next = undefined
    operation.list = undefined
    this.size--
  }

  /** The oldest with this id: ids in flight are unique per session and direction (MCP, base protocol, Requests). */
  find(id: RequestId): Operation | undefined {
    for (let at = this.#first; at !== undefined; at = at.next) if (at.id === id) return at
    return undefined
  }

  /** Any may be deleted meanwhile, the current one included. */
  *[Symbol.iterator](): Generator<Operation> {
    for (let at = this.#first; at !== undefined; ) {
      const { next } = at
      yield at
      at = next
    }
  }
}
