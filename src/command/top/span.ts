/** What was counted between two looks, or since the gateway began. */
import type { Look, Series } from './look.ts'

export class Span {
  readonly #now: Look
  readonly #before: ReadonlyMap<string, Series>
  readonly #at: number | undefined

  constructor(now: Look, before: Look | undefined) {
    this.#now = now
    this.#at = before?.at
    const series = [...(before?.families ?? [])].flatMap(([name, all]) =>
      all.map((one) => [keyOf(name, one), one] as const),
    )
    this.#before = new Map(series)
  }

  /** Whether there is no earlier look. */
  get whole(): boolean {
    return this.#at === undefined
  }

  /** Seconds; all that the gateway ran, where there is no earlier look. */
  get seconds(): number {
    const at = this.#at
    return at === undefined ? this.latest('sidelight.uptime') : (this.#now.at - at) / 1000
  }

  /** What each series counted in this time. One that began anew, as after a restart, counts from there on. */
  counted(name: string): Series[] {
    return (this.#now.families.get(name) ?? []).map((series) => {
      const before = this.#before.get(keyOf(name, series))
      if (before === undefined) return series
      const buckets = series.buckets.map(
        ([bound, recordings], i) => [bound, recordings - (before.buckets[i]?.[1] ?? 0)] as const,
      )
      return { ...series, value: series.value - before.value, buckets }
    })
  }

  /** Per second, of all series that fit. */
  rate(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return sum(this.counted(name), labels) / this.seconds
  }

  /** As it stands now, of all series that fit. */
  latest(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return sum(this.#now.families.get(name) ?? [], labels)
  }

  /** What a label of an instrument is now, one after the other. */
  values(name: string, label: string): string[] {
    return [...new Set((this.#now.families.get(name) ?? []).map(({ labels }) => labels[label] ?? ''))]
  }
}

function keyOf(name: string, { labels, start }: Series): string {
  return `${name} ${start} ${JSON.stringify(labels)}`
}

function sum(series: readonly Series[], wanted: Readonly<Record<string, string>>): number {
  const conditions = Object.entries(wanted)
  const fitting = series.filter(({ labels }) => conditions.every(([key, value]) => labels[key] === value))
  return fitting.reduce((total, { value }) => total + value, 0)
}
