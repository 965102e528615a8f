/** The exchanges of a listener that have begun and not ended, as a list threaded through them. */

/** What the list needs of its members. */
export interface Linked<T> {
  previous: T | undefined
  next: T | undefined
}

/**
 * Not a Set: rehashing one leaves its old table pointing to the new one and to what both held. Once such a table is
 * old, every dead exchange behind it survives young collections: 6 kB each, pauses of 20 ms and 40 % more CPU.
 */
export class OpenExchanges<T extends Linked<T>> implements Iterable<T> {
  #first: T | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  add(member: T): void {
    member.next = this.#first
    if (this.#first !== undefined) this.#first.previous = member
    this.#first = member
    this.#size++
  }

  delete(member: T): void {
    const { previous, next } = member
    if (previous !== undefined) previous.next = next
    else if (this.#first === member) this.#first = next
    else return
    if (next !== undefined) next.previous = previous
    member.previous = member.next = undefined
    this.#size--
  }

  /** Those that are there now; any may be deleted meanwhile, and is passed over then. */
  *[Symbol.iterator](): Generator<T> {
    const members: T[] = []
    for (let member = this.#first; member !== undefined; member = member.next) members.push(member)
    for (const member of members) if (member.previous !== undefined || member === this.#first) yield member
  }
}
