/** Generates JSON-RPC bodies as bytes, with everything that a parse and a rewrite would lose. */
import type { Random } from './random.ts'

/** What is unusual about a generated body. `malformed-utf8` and `bom` are outside strict JSON. */
export type Oddity =
  | 'duplicate-key'
  | 'exotic-number'
  | 'huge-string'
  | 'deep-nesting'
  | 'escapes'
  | 'raw-unicode'
  | 'lone-surrogate'
  | 'odd-blanks'
  | 'key-order'
  | 'malformed-utf8'
  | 'bom'

export const ODDITIES: readonly Oddity[] = [
  'duplicate-key',
  'exotic-number',
  'huge-string',
  'deep-nesting',
  'escapes',
  'raw-unicode',
  'lone-surrogate',
  'odd-blanks',
  'key-order',
  'malformed-utf8',
  'bom',
]

export type BodyKind = 'request' | 'notification' | 'result' | 'tool-error' | 'error' | 'batch'

export interface GeneratedBody {
  readonly bytes: Buffer
  readonly kind: BodyKind
  readonly oddities: readonly Oddity[]
  /** The text of the `id` member as written, when the kind has one. */
  readonly id: string | undefined
}

export interface BodyOptions {
  readonly kind?: BodyKind
  /** The oddities to take; default: a random choice of `among`. */
  readonly oddities?: readonly Oddity[]
  /** What a random choice is made from. Default: all. */
  readonly among?: readonly Oddity[]
  /** Longest huge string in bytes. Default 64 KiB. */
  readonly hugest?: number
}

const NUMBERS = ['1.0', '1e400', '-0', '-0.0', '1E+2', '123456789012345678901234567890', '0.1e-400', '9007199254740993']
const WORDS = ['plain', 'with "quotes"', 'back\\slash', 'tab\there', 'line\nbreak', '</script>', '']
const RAW = [
  'žluťoučký kůň',
  '日本語テキスト',
  '😀👩‍👩‍👧‍👦',
  '\u202eright to left',
  'e\u0301',
  '\u2028\u2029',
  '\ufeff',
]
const ESCAPES = ['\\u0041', '\\/', '\\ud83d\\ude00', '\\u0000', '\\b\\f', '\\u00E9', '\\"']
const LONE = ['\\ud800', '\\udfff', '\\ud83dx', '\\ude00\\ud83d']
// A stray continuation byte, an overlong slash, a UTF-8 surrogate, a cut sequence, beyond Unicode.
const MALFORMED = ['80', 'c0af', 'eda080', 'e282', 'f5808080']

export function jsonRpcBody(random: Random, options: BodyOptions = {}): GeneratedBody {
  const kind =
    options.kind ?? random.pick<BodyKind>(['request', 'notification', 'result', 'tool-error', 'error', 'batch'])
  const among = options.among ?? ODDITIES
  const oddities = options.oddities ?? among.filter(() => random.chance(0.3))
  const writer = new BodyWriter(random, new Set(oddities), options.hugest ?? 65_536)
  const id = kind === 'notification' || kind === 'batch' ? undefined : writer.id()
  const text = kind === 'batch' ? writer.batch() : writer.message(kind, id)
  return { bytes: writer.encode(text), kind, oddities, id }
}

/** Marks, in text under construction, where malformed bytes go; it cannot come from any other source here. */
const HOLE = '\u{f8ff}hole\u{f8ff}'

class BodyWriter {
  readonly #random: Random
  readonly #odd: ReadonlySet<Oddity>
  readonly #hugest: number

  constructor(random: Random, odd: ReadonlySet<Oddity>, hugest: number) {
    this.#random = random
    this.#odd = odd
    this.#hugest = hugest
  }

  id(): string {
    const random = this.#random
    return random.chance(0.5)
      ? String(random.integer(0, 1_000_000))
      : JSON.stringify(`id-${random.bits().toString(36)}`)
  }

  batch(): string {
    const kinds: readonly BodyKind[] = ['request', 'notification', 'result', 'error']
    const messages = this.#random.times(this.#random.integer(1, 5), () => {
      const kind = this.#random.pick(kinds)
      return this.message(kind, kind === 'notification' ? undefined : this.id())
    })
    return `[${messages.join(`${this.#blank()},${this.#blank()}`)}]`
  }

  message(kind: BodyKind, id: string | undefined): string {
    const members: Array<[string, string]> = [['jsonrpc', '"2.0"']]
    if (id !== undefined) members.push(['id', id])
    members.push(...this.#content(kind))
    return this.#object(this.#odd.has('key-order') ? this.#random.shuffle(members) : members)
  }

  encode(text: string): Buffer {
    const parts = text.split(HOLE).map((part) => Buffer.from(part))
    const pieces = parts.flatMap((part, index) =>
      index === 0 ? [part] : [Buffer.from(this.#random.pick(MALFORMED), 'hex'), part],
    )
    if (this.#odd.has('bom')) pieces.unshift(Buffer.from('efbbbf', 'hex'))
    return Buffer.concat(pieces)
  }

  #content(kind: BodyKind): Array<[string, string]> {
    const extra = this.#oddValue()
    if (kind === 'request') {
      const args = this.#object([
        ['message', this.#string()],
        ['extra', extra],
      ])
      return [
        ['method', '"tools/call"'],
        [
          'params',
          this.#object([
            ['name', '"echo"'],
            ['arguments', args],
          ]),
        ],
      ]
    }
    if (kind === 'notification') {
      return [
        ['method', '"notifications/progress"'],
        [
          'params',
          this.#object([
            ['progressToken', '1'],
            ['data', extra],
          ]),
        ],
      ]
    }
    if (kind === 'error') {
      return [
        [
          'error',
          this.#object([
            ['code', '-32603'],
            ['message', this.#string()],
            ['data', extra],
          ]),
        ],
      ]
    }
    const content = `[${this.#object([
      ['type', '"text"'],
      ['text', this.#string()],
    ])}]`
    const failed: Array<[string, string]> = kind === 'tool-error' ? [['isError', 'true']] : []
    return [
      ['result', this.#object([['content', content], ['structuredContent', this.#object([['x', extra]])], ...failed])],
    ]
  }

  #oddValue(): string {
    const random = this.#random
    const values = [random.pick(['true', 'false', 'null', '[]', '{}', '17', this.#string()])]
    if (this.#odd.has('exotic-number')) values.push(...NUMBERS.filter(() => random.chance(0.7)), '1.0')
    if (this.#odd.has('huge-string')) values.push(`"${'x'.repeat(random.integer(this.#hugest >> 1, this.#hugest))}"`)
    if (this.#odd.has('escapes')) values.push(`"${random.shuffle(ESCAPES).join('')}"`)
    if (this.#odd.has('raw-unicode')) values.push(`"${random.pick(RAW)}"`)
    if (this.#odd.has('lone-surrogate')) values.push(`"${random.pick(LONE)}"`)
    if (this.#odd.has('malformed-utf8')) values.push(`"${HOLE}"`)
    if (this.#odd.has('duplicate-key')) values.push('{"same":1,"same":2,"s\\u0061me":3}')
    if (this.#odd.has('deep-nesting')) {
      const depth = random.integer(20, 200)
      values.push(`${'['.repeat(depth)}${'{"a":'.repeat(depth)}0${'}'.repeat(depth)}${']'.repeat(depth)}`)
    }
    return `[${random.shuffle(values).join(`${this.#blank()},`)}]`
  }

  #string(): string {
    return JSON.stringify(this.#random.pick(WORDS))
  }

  #object(members: ReadonlyArray<[string, string]>): string {
    const written = members.map(([key, value]) => `"${key}"${this.#blank()}:${this.#blank()}${value}`)
    return `{${this.#blank()}${written.join(`,${this.#blank()}`)}${this.#blank()}}`
  }

  #blank(): string {
    return this.#odd.has('odd-blanks') ? this.#random.pick(['', ' ', '\t', '\r\n', '\n', '\r', '  \n ']) : ''
  }
}
