/** Generates JSON-RPC documents, plain and odd, as text, for the property tests of the envelope scanner. */
import fc from 'fast-check'

const KEYS = [
  'jsonrpc',
  'id',
  'method',
  'params',
  'result',
  'error',
  'name',
  'uri',
  'cursor',
  'protocolVersion',
  '_meta',
  'clientInfo',
  'serverInfo',
  'requestId',
  'version',
  'io.modelcontextprotocol/protocolVersion',
  'io.modelcontextprotocol/clientInfo',
  'io.modelcontextprotocol/serverInfo',
  'traceparent',
  'tracestate',
  'baggage',
  'isError',
  'resultType',
  'nextCursor',
  'tools',
  'prompts',
  'code',
  'message',
  'arguments',
  'content',
  'nam',
  'ids',
]

const space = fc.constantFrom('', '', '', '', ' ', '\n', '\t\r\n ')

/** The character as JSON may write it. */
function written(character: string, how: number): string {
  const unit = character.charCodeAt(0)
  const mustEscape = character === '"' || character === '\\' || unit < 0x20
  if (!mustEscape && how > 1) return character
  const units = [...Array(character.length).keys()].map((i) => character.charCodeAt(i).toString(16).padStart(4, '0'))
  return units.map((hex) => `\\u${how === 0 ? hex.toUpperCase() : hex}`).join('')
}

function quoted(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(text, fc.infiniteStream(fc.nat(30)))
    .map(([plain, hows]) => `"${[...plain].map((character) => written(character, hows.next().value ?? 9)).join('')}"`)
}

const text = fc.oneof(
  quoted(fc.string({ unit: 'grapheme', maxLength: 12 })),
  quoted(fc.string({ unit: 'binary', maxLength: 12 })),
  fc.constantFrom(
    '"tools/call"',
    '"2025-11-25"',
    '""',
    '"\\n\\t\\/\\b\\f\\r\\\\\\""',
    '"\\ud800"',
    '"\\udc00\\ud83d\\ude00"',
  ),
  fc.nat(600).map((length) => `"${'x'.repeat(length)}\\\\"`),
)

const number = fc.oneof(
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.constantFrom('0', '-0', '1e5', '1E+2', '0.5e-3', '9007199254740993', '1.0', '-1', '1e400'),
)

const scalar = fc.oneof(text, number, fc.constantFrom('true', 'false', 'null'))

/** Keys once each unless told, so that facts do not depend on order; written plain or with escapes. */
function objectOf(key: fc.Arbitrary<string>, value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const entries = fc.uniqueArray(fc.tuple(key, value, space), { maxLength: 7, selector: ([name]) => name })
  return entries.chain((pairs) =>
    fc
      .tuple(...pairs.map(([name]) => quoted(fc.constant(name))))
      .map(
        (names) => `{${pairs.map(([, inner, gap], i) => `${gap}${names[i]}${gap}:${gap}${inner}${gap}`).join(',')}}`,
      ),
  )
}

function arrayOf(value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(fc.array(value, { maxLength: 4 }), space)
    .map(([items, gap]) => `[${gap}${items.join(`${gap},`)}${gap}]`)
}

const key = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...KEYS) }, fc.string({ unit: 'grapheme', maxLength: 8 }))

/** Any JSON whose keys are mostly those of the protocol. */
export const anyJson: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    scalar,
    objectOf(key, tie('value')),
    arrayOf(tie('value')),
  ),
})).value

const info = objectOf(fc.constantFrom('name', 'version', 'title'), scalar)
const or = (likely: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 6, arbitrary: likely }, { weight: 1, arbitrary: anyJson })

/** An object with some of these members, in any order, and one more. */
function members(known: Readonly<Record<string, fc.Arbitrary<string>>>): fc.Arbitrary<string> {
  const names = fc.shuffledSubarray(Object.keys(known))
  return fc.tuple(names, anyJson, fc.boolean(), space).chain(([chosen, extra, more, gap]) =>
    fc.tuple(...chosen.flatMap((name) => [quoted(fc.constant(name)), or(known[name] ?? anyJson)])).map((parts) => {
      const chosenMembers = chosen.map((_, i) => `${gap}${parts[2 * i]}${gap}:${parts[2 * i + 1]}${gap}`)
      return `{${(more ? [`"extra":${extra}`, ...chosenMembers] : chosenMembers).join(',')}}`
    }),
  )
}

const clientMeta = members({
  'io.modelcontextprotocol/protocolVersion': text,
  'io.modelcontextprotocol/clientInfo': info,
  traceparent: text,
  tracestate: text,
  baggage: text,
})
const params = members({
  name: text,
  uri: text,
  cursor: text,
  protocolVersion: text,
  clientInfo: info,
  requestId: fc.oneof(text, number),
  _meta: clientMeta,
})
const listed = fc.array(members({ name: text, inputSchema: anyJson }), { maxLength: 3 }).map((all) => `[${all.join()}]`)
const result = members({
  protocolVersion: text,
  serverInfo: info,
  isError: fc.constantFrom('true', 'false'),
  resultType: text,
  nextCursor: text,
  tools: listed,
  prompts: listed,
  _meta: members({ 'io.modelcontextprotocol/serverInfo': info }),
})

/** One object that is, more or less, a JSON-RPC message. */
export const message: fc.Arbitrary<string> = members({
  jsonrpc: fc.constant('"2.0"'),
  id: fc.oneof(text, number, fc.constant('null')),
  method: text,
  params,
  result,
  error: members({ code: number, message: text, data: anyJson }),
})

export const document: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(space, message, space).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: arrayOf(message) },
  { weight: 1, arbitrary: anyJson },
)
