/** Where the session registry leaves its figures. */
import type { DeadReason, EndedBy } from './session.ts'

export type EvictionReason = 'cap' | 'memory'

export interface SessionMeter {
  created(upstream: string): void
  /** The sessions of the upstream now. */
  active(upstream: string, sessions: number): void
  /** Besides `ended`, which hears of evictions too. */
  evicted(upstream: string, reason: EvictionReason): void
  untracked(upstream: string): void
  /** Once for every session that was created, with its age in seconds. */
  ended(upstream: string, by: EndedBy, seconds: number): void
  /** So many sessions were checked. */
  heartbeat(upstream: string, sessions: number): void
  /** Besides `ended`. */
  dead(upstream: string, reason: DeadReason): void
}
