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

/**
 * Two sockets an exchange, those of the admin listener, and some for ourselves.
 * @param admin connections that the admin listener may have open
 */
export function openFilesNeeded(
  upstreams: Iterable<{ limits: { calls: number; streams: number } }>,
  admin: number,
): number {
  let exchanges = 0
  for (const { limits } of upstreams) exchanges += limits.calls + limits.streams
  return 2 * exchanges + admin + 100
}
