/** Generates end-to-end header lists in the odd spellings that a transparent gateway has to pass on untouched. */
import type { HeaderList } from './http-head.ts'
import type { Random } from './random.ts'

type Header = readonly [name: string, value: string]

const TOKENS = [
  'x-plain',
  'X-Mixed-Case',
  'x_under',
  "x!#$%&'*+.^`|~9",
  'Cache-Control',
  'ETag',
  'Vary',
  'Accept-Language',
]
// Latin-1 on the wire, never UTF-8: the values are written byte for byte.
const VALUES = [
  '',
  'plain',
  'caf\u00e9 \u00fc\u00ff',
  'a, b ,c',
  '"quoted, comma"',
  'tab\tinside',
  '  ',
  'W/"etag"',
  '=',
  ';;',
]

/** `Mcp-Param-<name>` in the Base64 form that carries any text through a header. */
export function paramHeader(name: string, value: string): Header {
  return [`Mcp-Param-${name}`, `=?base64?${Buffer.from(value).toString('base64')}?=`]
}

function oddHeaders(random: Random, longest: number): Header[] {
  const headers = random.times(random.integer(0, 6), (index): Header => {
    const name = `${random.pick(TOKENS)}-${index}`
    return [random.chance(0.3) ? name.toUpperCase() : name, random.pick(VALUES).trim()]
  })
  if (random.chance(0.4)) headers.push(['X-Long', 'v'.repeat(random.integer(1000, longest))])
  if (random.chance(0.4)) headers.push(['x-twice', 'one'], ['X-Twice', 'two'])
  return headers
}

/** Headers of a request beside those that frame and route it; `longest` bounds a single value. */
export function requestHeaders(random: Random, longest = 4000): HeaderList {
  const headers = oddHeaders(random, longest)
  if (random.chance(0.5)) headers.push(paramHeader('Region', random.pick(['žluťoučký', '', 'a\r\nb', '日本'])))
  if (random.chance(0.3)) headers.push(['mcp-param-Plain', 'not encoded'])
  if (random.chance(0.3)) headers.push(['Cookie', 'a=1; b="2"'])
  if (random.chance(0.3)) headers.push(['Authorization', 'Bearer aaa.bbb-ccc_ddd=='])
  if (random.chance(0.3)) headers.push(['Last-Event-ID', 'e/1 \u00e9'])
  return random.shuffle(headers)
}

/** Headers of a response beside those that frame it; repeated Set-Cookie lines keep their order among themselves. */
export function responseHeaders(random: Random, longest = 4000): HeaderList {
  const headers = oddHeaders(random, longest)
  if (random.chance(0.3)) headers.push(['WWW-Authenticate', 'Bearer realm="x", error="invalid_token"'])
  if (random.chance(0.3)) headers.push(['Mcp-Session-Id', `s-${random.bits().toString(36)}`])
  const cookies = random.times(random.chance(0.5) ? random.integer(1, 4) : 0, (index): Header => {
    return [
      random.pick(['Set-Cookie', 'set-cookie', 'SET-COOKIE']),
      `c${index}=v; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT`,
    ]
  })
  return [...random.shuffle(headers), ...cookies]
}
