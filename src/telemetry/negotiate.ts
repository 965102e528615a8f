/** Chooses the form of a metrics page from what the scraper accepts. */

export type Format = 'text' | 'openmetrics' | 'json'

export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  json: 'application/json; charset=utf-8',
}

interface Offer {
  readonly format: Format
  readonly type: string
  readonly version: string | undefined
}

/** In the order of our own preference, which counts when the scraper has none. */
const OFFERS: readonly Offer[] = [
  { format: 'text', type: 'text/plain', version: '0.0.4' },
  { format: 'openmetrics', type: 'application/openmetrics-text', version: '1.0.0' },
  { format: 'json', type: 'application/json', version: undefined },
]

interface Range {
  readonly name: string
  readonly quality: number
  readonly version: string | undefined
}

/** The best of our formats by an `Accept` header; text 0.0.4 when nothing fits, which every scraper can read. */
export function negotiate(accept: string | undefined): Format {
  const ranges = parse(accept ?? '*/*')
  let best = OFFERS[0]!
  let bestRank: readonly number[] = [0, 0, 0]
  for (const offer of OFFERS) {
    const rank = rankOf(offer, ranges)
    if (compare(rank, bestRank) > 0) {
      best = offer
      bestRank = rank
    }
  }
  return best.format
}

/** Whether an `Accept-Encoding` header takes gzip. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const ranges = parse(acceptEncoding ?? '')
  const match =
    ranges.find(({ name }) => name === 'gzip' || name === 'x-gzip') ?? ranges.find(({ name }) => name === '*')
  return match !== undefined && match.quality > 0
}

/** Quality first, then how exactly the type is named, then how early. All zero when the offer is not accepted. */
function rankOf(offer: Offer, ranges: readonly Range[]): readonly number[] {
  const group = `${offer.type.slice(0, offer.type.indexOf('/'))}/*`
  let rank: readonly number[] = [0, 0, 0]
  ranges.forEach(({ name, quality, version }, i) => {
    const exactness = name === offer.type ? 3 : name === group ? 2 : name === '*/*' ? 1 : 0
    if (exactness === 0 || (version !== undefined && version !== offer.version)) return
    // The most exact range that fits decides (RFC 9110, 12.5.1), be its quality lower or zero.
    if (exactness > rank[1]!) rank = [quality, exactness, -i]
  })
  return rank[0]! > 0 ? rank : [0, 0, 0]
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!
  }
  return 0
}

function parse(header: string): Range[] {
  return header.split(',').flatMap((item) => {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
    if (name === '') return []
    return [{ name, quality: qualityOf(parameter(parameters, 'q')), version: parameter(parameters, 'version') }]
  })
}

const parameter = (parameters: readonly string[], name: string): string | undefined =>
  parameters
    .find((text) => text.startsWith(`${name}=`))
    ?.slice(name.length + 1)
    .replace(/^"(.*)"$/, '$1')

function qualityOf(text: string | undefined): number {
  if (text === undefined) return 1
  const quality = Number.parseFloat(text)
  return quality >= 0 && quality <= 1 ? quality : 0
}
