/** Estimates quantiles from the buckets of histograms. */
import type { Histogram } from './look.ts'

export function merged(histograms: readonly Histogram[]): Histogram {
  const recordings = new Map<number, number>()
  let count = 0
  for (const histogram of histograms) {
    count += histogram.count
    for (const [bound, more] of histogram.buckets) recordings.set(bound, (recordings.get(bound) ?? 0) + more)
  }
  return { count, buckets: [...recordings].sort(([a], [b]) => a - b) }
}

/**
 * Between the bounds of the bucket that it lies in, as if its recordings were spread evenly. Infinite above the last
 * bound, NaN where nothing was recorded.
 */
export function quantile(share: number, { count, buckets }: Histogram): number {
  if (count <= 0) return Number.NaN
  const wanted = share * count
  let below = 0
  let lower = 0
  for (const [bound, recordings] of buckets) {
    if (recordings > 0 && below + recordings >= wanted) return lower + ((wanted - below) / recordings) * (bound - lower)
    below += recordings
    lower = bound
  }
  return Number.POSITIVE_INFINITY
}
