/** What the tools and resources of the gateway's own MCP server tell of. */
import type { Health } from '../../health/health.ts'
import type { Alerts } from '../../incidents/alerts.ts'
import type { ErrorLedger } from '../../incidents/error-ledger.ts'
import type { SessionRegistry } from '../../session/registry.ts'
import type { FamilySource } from '../../telemetry/family.ts'
import type { SlowCalls } from '../../telemetry/slow-calls.ts'

export interface Sources {
  readonly version: string
  /** The page of `/metrics`. */
  readonly metrics: () => FamilySource | Promise<FamilySource>
  readonly health: Pick<Health, 'ready'>
  /** Components that are set from outside. */
  readonly components: ComponentSetter | undefined
  readonly ledger: ErrorLedger
  /** Whether upstreams' own words may be shown with errors. */
  readonly messages: boolean
  readonly alerts: Pick<Alerts, 'firing'>
  readonly slowCalls: SlowCalls
  readonly sessions: SessionRegistry
  readonly logger: { info(fields: object, message: string): void }
}

export interface ComponentSetter {
  /** Throws an error, whose message may be shown, for what cannot be set. */
  set(name: string, state: ComponentState): void
}

export interface ComponentState {
  readonly status: 'healthy' | 'degraded' | 'unhealthy'
  readonly message: string
  /** Milliseconds after which the state before holds again; unset, never. */
  readonly ttlMs: number | undefined
}
