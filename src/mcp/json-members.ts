/** Tells where the members of a JSON object, or the items of an array, stand in its bytes; reads strictly. Pure. */
import { BACKSLASH, CLOSE_ARRAY, CLOSE_OBJECT, COLON, COMMA, OPEN_ARRAY, OPEN_OBJECT, SPACE } from './json-bytes.ts'
import { ValueSkipper } from './json-skip.ts'
import { decodeString } from './json-string.ts'

/** Offsets in bytes; each end is the place behind it. */
export interface Item {
  readonly from: number
  readonly to: number
}

/** `from` and `to` are those of its value. */
export interface Member extends Item {
  /** Decoded. Two of an object may be the same. */
  readonly name: string
  /** Where the opening quote of its key stands. */
  readonly key: number
  /** Where the value before it ends; 0: it is the first. */
  readonly before: number
  /** Where the key behind it begins; 0: it is the last. */
  readonly after: number
}

/** Members of an object; one may have a million others, which are not kept. */
export interface Members {
  readonly wanted: readonly Member[]
  /** Where the value of the last member ends, wanted or not; 0: there is none. */
  readonly end: number
}

/** As many levels as the scanner of requests takes. */
const DEPTH_MAX = 512

/** Bytes that a character takes at most, written as an escape. */
const ESCAPED = 6

/** One for all: a value is read in one go. */
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

/**
 * @param object stands there, and is well-formed
 * @param names of ASCII characters
 */
export function membersOf(bytes: Buffer, object: Item, names: readonly string[]): Members {
  const wanted: { -readonly [K in keyof Member]: Member[K] }[] = []
  let found: (typeof wanted)[number] | undefined
  let end = 0
  let key = space(bytes, object.from + 1)
  while (bytes[key] !== CLOSE_OBJECT) {
    if (found !== undefined) found.after = key
    const keyEnd = skip(bytes, key)
    const from = space(bytes, space(bytes, keyEnd, COLON))
    const to = skip(bytes, from)
    const name = wantedName(bytes, key + 1, keyEnd - 1, names)
    found = name === undefined ? undefined : { name, key, from, to, before: end, after: 0 }
    if (found !== undefined) wanted.push(found)
    end = to
    key = space(bytes, space(bytes, to, COMMA))
  }
  return { wanted, end }
}

/** @param array stands there, and is well-formed */
export function* itemsOf(bytes: Buffer, array: Item): Generator<Item> {
  let from = space(bytes, array.from + 1)
  while (bytes[from] !== CLOSE_ARRAY) {
    const to = skip(bytes, from)
    yield { from, to }
    from = space(bytes, space(bytes, to, COMMA))
  }
}

/** Most keys are told apart by their length. */
function wantedName(bytes: Buffer, from: number, to: number, names: readonly string[]): string | undefined {
  const length = to - from
  let escaped = false
  let possible = false
  for (const name of names) {
    possible ||= name.length === length
    escaped ||= name.length < length && length <= name.length * ESCAPED
  }
  if (!possible && !(escaped && bytes.subarray(from, to).includes(BACKSLASH))) return undefined
  const text = decodeString(bytes, from, to)
  return names.find((name) => name === text)
}

/** Behind the value that begins there; −1: it is none, or is cut. */
function skip(bytes: Buffer, from: number): number {
  skipper.begin(DEPTH_MAX)
  const end = skipper.push(bytes, from, bytes.length)
  return skipper.done && !skipper.failed ? end : -1
}

/** Behind white space, and behind one such byte if it comes then. */
function space(bytes: Buffer, from: number, then = -1): number {
  let i = from
  while (i < bytes.length && SPACE[bytes[i]!] === 1) i++
  return bytes[i] === then ? i + 1 : i
}
