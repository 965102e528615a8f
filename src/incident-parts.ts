/** Builds what remembers errors and slow calls, and what raises alerts. */
import { hostname } from 'node:os'
import type { Config } from './config/config.ts'
import type { Finding } from './incidents/alert-rule.ts'
import { Alerts } from './incidents/alerts.ts'
import type { NameLabel } from './incidents/error-kind.ts'
import { ErrorLedger } from './incidents/error-ledger.ts'
import { Notifier } from './incidents/notifier.ts'
import type { Instruments } from './telemetry/instruments.ts'
import type { Log } from './telemetry/log.ts'
import type { SeriesStore } from './telemetry/series.ts'
import { SlowCalls } from './telemetry/slow-calls.ts'

export interface IncidentParts {
  readonly ledger: ErrorLedger
  readonly alerts: Alerts
  readonly slowCalls: SlowCalls
  /** Begins to look at alerts. `upstreams`: those there are now, each with why it counts as down, if it does. */
  start(upstreams: () => Iterable<readonly [name: string, down: Finding]>): void
  close(): void
}

export interface IncidentSurroundings {
  readonly store: SeriesStore
  readonly instruments: Instruments
  readonly log: Log
  readonly nameLabel: NameLabel
}

const TICK_MS = 1_000

export function buildIncidents(
  { errors, alerts: settings, admin }: Config,
  { store, instruments: { incidents: counted }, log, nameLabel }: IncidentSurroundings,
): IncidentParts {
  const logger = log.module('incidents')
  const { webhook, labels, link = `http://${hostname()}:${admin.port}` } = settings
  const notifier =
    webhook &&
    new Notifier({
      ...webhook,
      sender: { instance: hostname(), labels, link: link.replace(/\/+$/, '') },
      onDelivery: (delivery) => counted.notifications.bind([delivery]).add(1),
      onFailure: (why, which) => logger.error({ ...which, why }, 'alert not delivered'),
    })
  let upstreams: () => Iterable<readonly [string, Finding]> = () => []
  const firing = (name: string, change: number): void => counted.alertsFiring.bind([name]).add(change)
  for (const { name } of settings.rules) firing(name, 0)
  const alerts = new Alerts({
    rules: settings.rules,
    upstreams: () => upstreams(),
    logger,
    onFiring: (alert) => {
      firing(alert.name, 1)
      notifier?.changed(alert)
    },
    onResolved: (alert) => {
      firing(alert.name, -1)
      notifier?.changed(alert)
    },
  })
  const ledger = new ErrorLedger({ ...errors, nameLabel, onError: (kind, at) => alerts.error(kind, at) })
  store.observe(() => {
    counted.errorKinds.bind([]).set(ledger.size)
    counted.errorKindsEvicted.bind([]).observe(ledger.evicted)
  })
  let timer: NodeJS.Timeout | undefined
  return {
    ledger,
    alerts,
    slowCalls: new SlowCalls(),
    start(given) {
      upstreams = given
      timer ??= setInterval(() => {
        alerts.tick()
        notifier?.tick(alerts.firing())
      }, TICK_MS).unref()
    },
    close() {
      clearInterval(timer)
      notifier?.close()
    },
  }
}
