/** Reads the envelopes of JSON-RPC messages from bytes that come in pieces, without parsing their payload. Pure. */
import { EnvelopeFacts } from './envelope-facts.ts'
import { findKey, findKeyNamed, KEY_MAX, type Key, OTHER_KEY } from './envelope-keys.ts'
import { BATCH, DEPTH, DOCUMENT, ERROR, ITEM, MESSAGE, PARENT, PROMPTS, TOOLS } from './envelope-scopes.ts'
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  SPACE,
  STRICT_STRING_STOPS,
  STRING_STOPS,
} from './json-bytes.ts'
import { ValueSkipper } from './json-skip.ts'
import { decodeString, RawToken, repeatedText } from './json-string.ts'
import { ListedItems } from './listed-items.ts'
import { CAPTURE_MAX, Envelope } from './message.ts'

export interface EnvelopeOptions {
  /** Requests: the document is well-formed exactly when `JSON.parse` would take it. Otherwise skipped strings are not looked into. */
  readonly strict?: boolean
  /** Read the items of `result.tools` and `result.prompts`. */
  readonly lists?: boolean
}

// Where the scan stands. In SKIPPED_… the skipper has the token.
const START = 0
const VALUE = 1
const FIRST_VALUE = 2
const KEY = 3
const FIRST_KEY = 4
const AFTER_KEY = 5
const AFTER_VALUE = 6
const SKIPPED_KEY = 7
const SKIPPED_VALUE = 8
const DONE = 9
const INVALID = 10

/** Levels of containers; more than that is no JSON-RPC anyone sends. */
const DEPTH_MAX = 512

/** Keys and strings that are read are nearly always shorter, and read in place; longer ones take the long way. */
const NEAR = 256
/** Decimal digits that a double surely holds. */
const SAFE_DIGITS = 15

const BOM = Buffer.from([0xef, 0xbb, 0xbf])

export class EnvelopeScanner {
  /** May be switched between documents. */
  lists: boolean
  readonly #onMessage: (message: Envelope) => void
  readonly #stops: Uint8Array
  readonly #skipper: ValueSkipper
  readonly #listed = new ListedItems()
  #state = START
  #scope = DOCUMENT
  #list = TOOLS
  #key: Key = OTHER_KEY
  /** The bits of the keys that each open object has had. */
  readonly #seen: number[] = PARENT.map(() => 0)
  readonly #facts = new EnvelopeFacts()
  /** The token in the skipper, as far as it is read and came in earlier chunks. */
  #raw: RawToken | undefined = undefined
  /** Whether that token is read at all. */
  #reading = false
  #bom = 0
  #batch = false
  #objects = true
  #wellFormed = false
  /** Position in the document of the chunk's index 0, and of the message's first byte. */
  #origin = 0
  #length = 0
  #start = 0

  constructor(onMessage: (message: Envelope) => void, options: EnvelopeOptions = {}) {
    const strict = options.strict ?? false
    this.#onMessage = onMessage
    this.lists = options.lists ?? false
    this.#stops = strict ? STRICT_STRING_STOPS : STRING_STOPS
    this.#skipper = new ValueSkipper(strict)
  }

  /** The last or current document is an array. */
  get batch(): boolean {
    return this.#batch
  }

  /** The last ended document was one JSON value of any kind, up to 512 levels deep. */
  get wellFormed(): boolean {
    return this.#wellFormed
  }

  /** Never throws (but for what `onMessage` throws). */
  push(chunk: Buffer, from = 0, to = chunk.length): void {
    if (this.#state === INVALID || from >= to) return
    this.#origin = this.#length - from
    this.#length += to - from
    this.#listed.chunkBegin(from)
    let i = from
    if (this.#state === START) i = this.#begin(chunk, i, to)
    else if (this.#state === SKIPPED_KEY || this.#state === SKIPPED_VALUE) i = this.#skip(chunk, i, to)
    if (i < to) this.#read(chunk, i, to)
    this.#listed.chunkEnd(chunk, to)
  }

  /** The document is over. Whether it was exactly one complete JSON value, an object or an array of objects. */
  end(): boolean {
    // Only a number at the top ends with the document.
    if (this.#state === SKIPPED_VALUE && this.#scope === DOCUMENT) {
      this.#skipper.end()
      if (this.#skipper.done) this.#otherValue(this.#length)
    }
    const wellFormed = this.#state === DONE
    const valid = wellFormed && this.#objects
    this.reset()
    this.#wellFormed = wellFormed
    return valid
  }

  /** Forgets the document that was begun. */
  reset(): void {
    this.#state = START
    this.#scope = DOCUMENT
    this.#key = OTHER_KEY
    this.#bom = 0
    this.#length = 0
    this.#raw = undefined
    this.#listed.begin([])
  }

  /** The first bytes of a document: a byte order mark, which may be cut too. */
  #begin(chunk: Buffer, from: number, to: number): number {
    let i = from
    while (this.#bom < BOM.length && i < to && chunk[i] === BOM[this.#bom]) {
      this.#bom++
      i++
    }
    if (i >= to && this.#bom < BOM.length) return to
    if (this.#bom > 0 && this.#bom < BOM.length) this.#state = INVALID
    else this.#state = VALUE
    this.#batch = false
    this.#objects = true
    return this.#state === INVALID ? to : i
  }

  #read(bytes: Buffer, from: number, to: number): void {
    const stops = this.#stops
    // Fields cost a load and a store for each token; the calls below leave the state there.
    let state = this.#state
    let i = from
    while (i < to) {
      const byte = bytes[i]!
      if (byte <= 0x20) {
        if (SPACE[byte] === 0) {
          this.#state = INVALID
          return
        }
        i++
        continue
      }
      switch (state) {
        case FIRST_KEY:
        case KEY: {
          if (byte === QUOTE) {
            const near = i + NEAR < to ? i + NEAR : to
            let end = i + 1
            while (end < near && stops[bytes[end]!] === 0) end++
            if (end < near && bytes[end] === QUOTE) {
              this.#foundKey(findKey(this.#scope, bytes, i + 1, end))
              i = end + 1
              if (i < to && bytes[i] === COLON) {
                state = VALUE
                i++
              } else state = AFTER_KEY
            } else {
              i = this.#beginSkip(bytes, i, to, SKIPPED_KEY, true)
              state = this.#state
            }
          } else if (byte === CLOSE_OBJECT && state === FIRST_KEY) {
            this.#close(bytes, ++i)
            state = this.#state
          } else state = INVALID
          break
        }
        case AFTER_KEY:
          state = byte === COLON ? VALUE : INVALID
          i++
          break
        case FIRST_VALUE:
        case VALUE: {
          const key = this.#key
          if (byte === QUOTE && this.#scope > BATCH) {
            const near = i + NEAR < to ? i + NEAR : to
            let end = i + 1
            let high = 0
            while (end < near && stops[bytes[end]!] === 0) high |= bytes[end++]!
            if (end < near && bytes[end] === QUOTE) {
              if (key.reads)
                this.#facts.write(
                  key,
                  high < 0x80 ? asciiText(key, bytes, i + 1, end) : bytes.toString('utf8', i + 1, end),
                )
              i = end + 1
              state = AFTER_VALUE
            } else {
              i = this.#beginSkip(bytes, i, to, SKIPPED_VALUE, key.reads)
              state = this.#state
            }
          } else if (byte > 0x30 && byte <= 0x39 && key.reads) {
            let end = i + 1
            let value = byte - 0x30
            while (end < to && bytes[end]! >= 0x30 && bytes[end]! <= 0x39) value = value * 10 + bytes[end++]! - 0x30
            const next = end < to ? bytes[end] : 0
            if (end - i <= SAFE_DIGITS && (next === COMMA || next === CLOSE_OBJECT)) {
              this.#facts.write(key, value)
              i = end
              state = AFTER_VALUE
            } else {
              i = this.#beginSkip(bytes, i, to, SKIPPED_VALUE, true)
              state = this.#state
            }
          } else {
            this.#state = state
            i = this.#beginValue(bytes, i, to, byte)
            state = this.#state
          }
          break
        }
        case AFTER_VALUE: {
          const scope = this.#scope
          const array = scope === BATCH || scope === TOOLS || scope === PROMPTS
          i++
          if (byte === COMMA) state = array ? VALUE : KEY
          else if (byte === (array ? CLOSE_ARRAY : CLOSE_OBJECT)) {
            this.#close(bytes, i)
            state = this.#state
          } else state = INVALID
          break
        }
        default:
          // Behind the document, or where it is invalid already.
          this.#state = INVALID
          return
      }
    }
    this.#state = state
  }

  /** A value that is no short string or integer of interest. */
  #beginValue(bytes: Buffer, i: number, to: number, byte: number): number {
    const key = this.#key
    const scope = this.#scope
    if (byte === OPEN_OBJECT) {
      const opens =
        scope === DOCUMENT || scope === BATCH ? MESSAGE : scope === TOOLS || scope === PROMPTS ? ITEM : key.opens
      if (opens !== 0 && opens !== TOOLS && opens !== PROMPTS && this.#open(opens, i)) return i + 1
    } else if (byte === OPEN_ARRAY) {
      if (scope === DOCUMENT && !this.#batch) {
        this.#batch = true
        this.#enter(BATCH, FIRST_VALUE)
        return i + 1
      }
      if (this.lists && (key.opens === TOOLS || key.opens === PROMPTS)) {
        this.#openList(key.opens)
        return i + 1
      }
    } else if (byte === CLOSE_ARRAY && this.#state === FIRST_VALUE) {
      this.#close(bytes, i + 1)
      return i + 1
    }
    if (scope === DOCUMENT || scope === BATCH) this.#start = this.#origin + i
    const scalar = byte !== OPEN_OBJECT && byte !== OPEN_ARRAY
    if (!scalar && key.reads) this.#facts.write(key, undefined)
    return this.#beginSkip(bytes, i, to, SKIPPED_VALUE, scalar && key.reads)
  }

  #enter(scope: number, state: number): void {
    this.#seen[scope] = 0
    this.#scope = scope
    this.#state = state
    this.#key = OTHER_KEY
  }

  /** Whether the object is looked into. */
  #open(scope: number, at: number): boolean {
    if (scope === MESSAGE) {
      this.#facts.begin()
      this.#start = this.#origin + at
    } else if (scope === ITEM) {
      this.#facts.itemName = undefined
      this.#listed.open(at, this.#origin + at)
    } else if (scope === ERROR) {
      this.#facts.message.hasError = true
    } else if (!this.#facts.wants(scope)) return false
    this.#enter(scope, FIRST_KEY)
    return true
  }

  #openList(scope: number): void {
    const items: Envelope['tools'] = []
    if (scope === TOOLS) this.#facts.message.tools = items
    else this.#facts.message.prompts = items
    this.#listed.begin(items)
    this.#list = scope
    this.#enter(scope, FIRST_VALUE)
  }

  /** The scope's closing bracket was before `end`. */
  #close(bytes: Buffer, end: number): void {
    const scope = this.#scope
    this.#state = AFTER_VALUE
    this.#key = OTHER_KEY
    if (scope === MESSAGE) {
      this.#onMessage(this.#facts.finish(this.#origin + end - this.#start))
      this.#scope = this.#batch ? BATCH : DOCUMENT
      if (!this.#batch) this.#state = DONE
    } else if (scope === ITEM) {
      this.#listed.close(bytes, end, this.#origin + end, this.#facts.itemName)
      this.#scope = this.#list
    } else {
      this.#scope = PARENT[scope]!
      if (scope === BATCH) this.#state = DONE
    }
  }

  /** A complete value that should have been a message. */
  #otherValue(end: number): void {
    const message = new Envelope()
    message.bytes = end - this.#start
    this.#objects = false
    this.#state = this.#scope === DOCUMENT ? DONE : AFTER_VALUE
    this.#onMessage(message)
  }

  #foundKey(key: Key): void {
    this.#key = key
    if (key === OTHER_KEY) return
    const scope = this.#scope
    const seen = this.#seen[scope]!
    if ((seen & key.bit) !== 0 && scope !== ITEM) this.#facts.repeated(key)
    this.#seen[scope] = seen | key.bit
    this.#facts.found(key)
  }

  #beginSkip(bytes: Buffer, from: number, to: number, state: number, reading: boolean): number {
    this.#state = state
    this.#reading = reading
    this.#skipper.begin(DEPTH_MAX - DEPTH[this.#scope]! - (this.#batch && this.#scope !== BATCH ? 1 : 0))
    return this.#skip(bytes, from, to)
  }

  #skip(bytes: Buffer, from: number, to: number): number {
    const skipper = this.#skipper
    const end = skipper.push(bytes, from, to)
    if (skipper.failed) {
      this.#state = INVALID
      return to
    }
    if (this.#reading && (this.#raw !== undefined || !skipper.done)) {
      this.#raw ??= new RawToken(this.#state === SKIPPED_KEY ? KEY_MAX + 3 : CAPTURE_MAX + 3)
      this.#raw.append(bytes, from, skipper.done ? end : to)
    }
    if (!skipper.done) return to
    const raw = this.#raw
    this.#raw = undefined
    const isKey = this.#state === SKIPPED_KEY
    if (isKey) this.#state = AFTER_KEY
    else if (this.#scope === DOCUMENT || this.#scope === BATCH) {
      this.#otherValue(this.#origin + end)
      return end
    } else this.#state = AFTER_VALUE
    if (!this.#reading) return end
    if (raw === undefined) this.#token(isKey, bytes, from, end)
    else this.#token(isKey, raw.bytes, 0, raw.length)
    return end
  }

  /** A whole key or scalar that is read; only its first bytes if it is too long. */
  #token(isKey: boolean, bytes: Buffer, from: number, to: number): void {
    if (!isKey) this.#facts.writeToken(this.#key, bytes, from, to)
    else if (to - from > KEY_MAX + 2) this.#foundKey(OTHER_KEY)
    else this.#foundKey(findKeyNamed(this.#scope, decodeString(bytes, from + 1, to - 1)))
  }
}

/** Node makes a string of UTF-8 (93 ns for 55 bytes) sooner than one of Latin-1 (165 ns), also when it is ASCII. */
function asciiText({ repeats }: Key, bytes: Buffer, from: number, to: number): string {
  return repeats ? repeatedText(bytes, from, to) : bytes.toString('utf8', from, to)
}

export interface ScannedRequest {
  readonly messages: readonly Envelope[]
  readonly batch: boolean
  /** One object, or an array of objects. Without it, a `wellFormed` body is JSON, but no JSON-RPC. */
  readonly valid: boolean
  /** `JSON.parse` would take it, up to 512 levels. */
  readonly wellFormed: boolean
}

let found: Envelope[] = []
/** One for all bodies: a body is read in one go, so none can meet another. */
const requests = new EnvelopeScanner((message) => found.push(message), { strict: true })

/** The messages of a whole request body, strictly. */
export function scanRequest(body: Buffer, options?: { readonly lists?: boolean }): ScannedRequest {
  const messages: Envelope[] = []
  found = messages
  requests.lists = options?.lists ?? false
  requests.push(body, 0, body.length)
  const valid = requests.end()
  return { messages, batch: requests.batch, valid, wellFormed: requests.wellFormed }
}
