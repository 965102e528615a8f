/** Collects the definitions of a list result while they pass: name, length and hash of each. Pure. */
import { LISTED_MAX, type ListedItem } from './message.ts'

const FNV_OFFSET = 0x811c9dc5 | 0
const FNV_PRIME = 0x01000193

export class ListedItems {
  #items: ListedItem[] = []
  #open = false
  #hash = 0
  /** Where the definition begins in the document. */
  #start = 0
  /** Where in the chunk the bytes begin that are not hashed yet. */
  #from = 0

  /** The list begins, and fills `items`. */
  begin(items: ListedItem[]): void {
    this.#items = items
    this.#open = false
  }

  /** A definition's opening brace stands at `at` of the chunk, `position` of the document. */
  open(at: number, position: number): void {
    this.#open = true
    this.#hash = FNV_OFFSET
    this.#start = position
    this.#from = at
  }

  /** Its last byte was before `at`. One without a name is no item. */
  close(chunk: Buffer, at: number, position: number, name: string | undefined): void {
    this.chunkEnd(chunk, at)
    this.#open = false
    if (name === undefined || this.#items.length >= LISTED_MAX) return
    this.#items.push({ name, bytes: position - this.#start, hash: this.#hash >>> 0 })
  }

  chunkBegin(from: number): void {
    this.#from = from
  }

  chunkEnd(chunk: Buffer, to: number): void {
    if (this.#open) this.#hash = fnv(this.#hash, chunk, this.#from, to)
  }
}

/** FNV-1a goes byte by byte, so it does not matter where chunks are cut. */
function fnv(hash: number, bytes: Buffer, from: number, to: number): number {
  let value = hash
  for (let i = from; i < to; i++) value = Math.imul(value ^ bytes[i]!, FNV_PRIME)
  return value
}
