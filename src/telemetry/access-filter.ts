/** Chooses which exchanges the access log leaves out where there are too many. */
import type { Outcome } from '../exchange/outcome.ts'
import type { AccessRecord } from './access-record.ts'

export interface AccessFilter {
  /** Share of exchanges that are written, from 0 to 1. */
  readonly sample: number
  /** Milliseconds; shorter exchanges are left out. */
  readonly minDuration: number
  /** The outcomes that are written; empty: all of them. */
  readonly outcomes: readonly Outcome[]
}

export type Chooses = (record: Pick<AccessRecord, 'correlationId' | 'durationMs' | 'outcome'>) => boolean

/** `undefined` when nothing is left out. Faults do not come here: they are always written. */
export function accessFilter({ sample, minDuration, outcomes }: AccessFilter): Chooses | undefined {
  if (sample >= 1 && minDuration <= 0 && outcomes.length === 0) return undefined
  const wanted: ReadonlySet<Outcome> | undefined = outcomes.length === 0 ? undefined : new Set(outcomes)
  const limit = sample * 2 ** 32
  return ({ correlationId, durationMs, outcome }) =>
    durationMs >= minDuration &&
    (wanted === undefined || wanted.has(outcome)) &&
    (sample >= 1 || spread(correlationId) < limit)
}

/**
 * 32 bits that differ for ids that hardly do (FNV-1a and the last step of MurmurHash3): the same id is chosen or left
 * out wherever it passes, so that what several gateways write fits together.
 */
function spread(id: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
