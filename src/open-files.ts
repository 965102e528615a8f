/** Compares what the limits allow to be open at once with what the system allows. */
import { readFileSync } from 'node:fs'

/** The soft limit of open files (`ulimit -n`); `undefined` where the system does not say. */
export function openFilesLimit(): number | undefined {
  try {
    const line = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return line === undefined ? undefined : line === 'unlimited' ? Number.POSITIVE_INFINITY : Number(line)
  } catch {
    return undefined
  }
}

/** Two sockets an exchange, and some for ourselves. */
export function openFilesNeeded(upstreams: Iterable<{ limits: { calls: number; streams: number } }>): number {
  let exchanges = 0
  for (const { limits } of upstreams) exchanges += limits.calls + limits.streams
  return 2 * exchanges + 100
}
