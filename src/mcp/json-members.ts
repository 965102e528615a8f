/** Tells where the members of a JSON object, or the items of an array, stand in its bytes; reads strictly. Pure. */
import { CLOSE_ARRAY, CLOSE_OBJECT, COLON, COMMA, OPEN_ARRAY, OPEN_OBJECT, SPACE } from './json-bytes.ts'
import { ValueSkipper } from './json-skip.ts'
import { decodeString } from './json-string.ts'

/** Offsets in bytes; each end is the place behind it. */
export interface Item {
  readonly from: number
  readonly to: number
}

export interface Member extends Item {
  /** Decoded. Two of an object may be the same. */
  readonly name: string
  /** Where the key's opening quote stands; `from` and `to` are the value's. */
  readonly key: number
}

/** As many levels as the scanner of requests takes. */
const DEPTH_MAX = 512

/** One for all: a container is read in one go. */
const skipper = new ValueSkipper(true)

export function isObject(bytes: Buffer, { from }: Item): boolean {
  return bytes[from] === OPEN_OBJECT
}

export function isArray(bytes: Buffer, { from }: Item): boolean {
  return bytes[from] === OPEN_ARRAY
}

/** The one object or array that the bytes from there on are, without white space; `undefined`: they are something else. */
export function wholeContainer(bytes: Buffer, start: number): Item | undefined {
  const from = space(bytes, start)
  const first = bytes[from]
  const to = first === OPEN_OBJECT || first === OPEN_ARRAY ? skip(bytes, from) : -1
  return to < 0 || space(bytes, to) < bytes.length ? undefined : { from, to }
}

/** @param object stands there, and is well-formed */
export function membersOf(bytes: Buffer, object: Item): Member[] {
  const members: Member[] = []
  let i = space(bytes, object.from + 1)
  while (bytes[i] !== CLOSE_OBJECT) {
    const key = i
    const keyEnd = skip(bytes, key)
    const from = space(bytes, bytes.indexOf(COLON, keyEnd) + 1)
    const to = skip(bytes, from)
    members.push({ name: decodeString(bytes, key + 1, keyEnd - 1), key, from, to })
    i = space(bytes, to)
    if (bytes[i] === COMMA) i = space(bytes, i + 1)
  }
  return members
}

/** @param array stands there, and is well-formed */
export function itemsOf(bytes: Buffer, array: Item): Item[] {
  const items: Item[] = []
  let from = space(bytes, array.from + 1)
  while (bytes[from] !== CLOSE_ARRAY) {
    const to = skip(bytes, from)
    items.push({ from, to })
    from = space(bytes, to)
    if (bytes[from] === COMMA) from = space(bytes, from + 1)
  }
  return items
}

/** Behind the value that begins there; −1: it is none, or is cut. */
function skip(bytes: Buffer, from: number): number {
  skipper.begin(DEPTH_MAX)
  const end = skipper.push(bytes, from, bytes.length)
  return skipper.done && !skipper.failed ? end : -1
}

function space(bytes: Buffer, from: number): number {
  let i = from
  while (i < bytes.length && SPACE[bytes[i]!] === 1) i++
  return i
}
