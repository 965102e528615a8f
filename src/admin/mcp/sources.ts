/** What the tools and resources of the gateway's own MCP server tell of. */
import type { Health } from '../../health/health.ts'
import type { ReportedComponents } from '../../health/reported-components.ts'
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
  /** The names of those there are now. */
  readonly upstreams: () => readonly string[]
  /** Components that are set from outside. */
  readonly reported: Pick<ReportedComponents, 'set'>
  readonly ledger: ErrorLedger
  /** Whether upstreams' own words may be shown with errors. */
  readonly messages: boolean
  readonly alerts: Pick<Alerts, 'firing'>
  readonly slowCalls: SlowCalls
  readonly sessions: SessionRegistry
  readonly logger: { info(fields: object, message: string): void }
}
