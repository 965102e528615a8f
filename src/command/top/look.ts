/** One look at a gateway: its metrics page, read as series, and whether it is ready. */
import { ask, NoAnswerError } from '../ask.ts'
import { type Readiness, readinessOf } from '../readiness.ts'

export interface Histogram {
  readonly count: number
  /** Upper bound, and the recordings in that bucket alone. */
  readonly buckets: readonly (readonly [bound: number, recordings: number])[]
}

export interface Series {
  readonly labels: Readonly<Record<string, string>>
  /** When it began to count; another one is another series. */
  readonly start: string
  /** Of a histogram, its count. */
  readonly value: number
  readonly buckets: Histogram['buckets']
}

export interface Look {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** `undefined`: it did not say. */
  readonly readiness: Readiness | undefined
  /** By OpenTelemetry's name of the instrument. */
  readonly families: ReadonlyMap<string, readonly Series[]>
}

const TIMEOUT_MS = 5_000

/** Throws `NoAnswerError`. */
export async function look(url: URL): Promise<Look> {
  const [page, health] = await Promise.all([
    ask(url, TIMEOUT_MS, 'application/json'),
    ask(new URL('/health/ready', url), TIMEOUT_MS).catch(() => undefined),
  ])
  const families = page.status === 200 ? familiesOf(page.text) : undefined
  if (families === undefined) throw new NoAnswerError(`${url.host} answers ${page.status}, but is no gateway`)
  return { at: Date.now(), families, readiness: health && readinessOf(health.text) }
}

interface WrittenSeries {
  readonly labels: Readonly<Record<string, string>>
  readonly start: string
  readonly value?: number | null
  readonly count?: number
  readonly buckets?: Histogram['buckets']
}

export function familiesOf(text: string): Look['families'] | undefined {
  const page = parsed(text)
  if (!Array.isArray(page)) return undefined
  const families = (page as { name: string; series: readonly WrittenSeries[] }[]).map(({ name, series }) => {
    const read = series.map(({ labels, start, value, count, buckets = [] }) => {
      return { labels, start, value: count ?? value ?? Number.NaN, buckets }
    })
    return [name, read] as const
  })
  return new Map(families)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
