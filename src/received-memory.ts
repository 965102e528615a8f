/** Bounds the memory of received bytes that are sent on already but not yet collected. */
import { setFlagsFromString } from 'node:v8'

/** The first V8 that knows the flag (Node 24); an older one would print an error. */
const SINCE_V8 = 13

/**
 * Node receives into a new buffer of 64 kB each time. V8 lets 64 MB of them gather before it collects young objects,
 * all of which a large response fills: 70 to 90 MB of RSS for 1 GB through a slow reader. The collection costs what
 * lives, not what is dead, so to do it eight times as often costs nothing that can be measured (23 to 30 MB then, and
 * twice the throughput, for fewer page faults). Only this threshold follows the flag once a process runs; the size of
 * the young generation itself does not change.
 */
export function boundReceivedMemory(v8 = process.versions.v8): void {
  if (Number.parseInt(v8, 10) < SINCE_V8) return
  setFlagsFromString('--scavenger-max-new-space-capacity-mb=2')
}
