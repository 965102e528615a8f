/** Builds the parts of the data plane that outlive a configuration: what is known of sessions, operations and names. */
import type { Config } from './config/config.ts'
import { buildIncidents, type IncidentParts } from './incident-parts.ts'
import type { NameLabel } from './incidents/error-kind.ts'
import { Operations } from './inspection/operations.ts'
import { Readers } from './inspection/readers.ts'
import { Passthrough } from './listener/passthrough.ts'
import { FallbackWatch } from './mcp/fallback.ts'
import { methodLabel } from './mcp/revision.ts'
import { memoryPressure } from './session/memory-pressure.ts'
import { type SessionLimits, SessionRegistry } from './session/registry.ts'
import { observeCaches } from './telemetry/cache-lookups.ts'
import { ContextCost } from './telemetry/context-cost.ts'
import { ExchangeMeter } from './telemetry/exchange-meter.ts'
import type { Instruments } from './telemetry/instruments.ts'
import type { Log } from './telemetry/log.ts'
import { Names } from './telemetry/names.ts'
import { OperationMeter } from './telemetry/operation-meter.ts'
import { MetricRules } from './telemetry/rules/metric-rules.ts'
import type { SeriesStore } from './telemetry/series.ts'
import { sessionMeter } from './telemetry/session-meter.ts'
import { SlowOperations } from './telemetry/slow-operations.ts'
import { UpstreamSeries } from './telemetry/upstream-series.ts'

export interface LastingParts {
  readonly sessions: SessionRegistry
  readonly names: Names
  readonly contextCost: ContextCost
  readonly exchangeMeter: ExchangeMeter
  readonly operationMeter: OperationMeter
  /** Where the configuration has metric rules. */
  readonly rules: MetricRules | undefined
  readonly operations: Operations
  readonly incidents: IncidentParts
  readonly fallbacks: FallbackWatch
  readonly readers: Readers
  readonly passthrough: Passthrough
  /** Where upstreams come and go. */
  readonly upstreamSeries: UpstreamSeries
  /** Takes over what another configuration says of them. */
  configure(config: Config): void
  close(): void
}

export interface LastingSurroundings {
  readonly store: SeriesStore
  readonly instruments: Instruments
  readonly log: Log
}

/** Between two looks at what has run out. */
const TICK_MS = 1_000
const EXPIRY_MS = 60_000

const now = (): number => performance.now()

export function buildLastingParts(config: Config, { store, instruments, log }: LastingSurroundings): LastingParts {
  let running = config
  // Without those of metric rules, whose labels are for the configuration to name.
  const counted = [...store.instruments]
  const sessions = new SessionRegistry({
    ...sessionLimits(config),
    now,
    meter: sessionMeter(instruments.sessions),
    pressure: memoryPressure(),
  })
  const names = new Names(Object.keys(config.upstreams), {
    store,
    ttlMs: config.inspection.namesFor,
    now,
    onOverflow: () => instruments.operations.serverDuration.overflowed++,
  })
  observeCaches(store, instruments, names)
  const contextCost = new ContextCost(instruments.operations, names)
  store.observe(() => contextCost.observe())
  const operationMeter = new OperationMeter(instruments.operations, names)
  const nameLabel: NameLabel = (upstream, kind, name) => names.label(upstream, kind, name)
  const incidents = buildIncidents(config, { store, instruments, log, nameLabel })
  const slowAt = (thresholds: Config['log']['slow']) =>
    new SlowOperations({
      thresholds,
      logger: log.module('inspection'),
      onSlow: ({ upstream, method }, facts) => {
        instruments.slowOperations.bind([upstream, methodLabel(method)]).add(1)
        incidents.slowCalls.add(facts)
      },
    })
  let slow = slowAt(config.log.slow)
  const rules =
    config.telemetry.rules.length > 0
      ? new MetricRules(config.telemetry.rules, store, {
          nameLabel,
          onFault: (err, x) =>
            log.module('telemetry').error({ err, correlation_id: x.correlationId }, 'metric rules failed'),
        })
      : undefined
  const operations = new Operations({
    // Read whenever it is looked for what has waited too long.
    get abandonAfter() {
      return running.sessions.abandonAfter
    },
    now,
    ended: (operation) => {
      operationMeter.ended(operation)
      slow.ended(operation)
      rules?.ended(operation)
      if (operation.outcome !== 'ok') incidents.ledger.operationEnded(operation)
    },
  })
  const exchangeMeter = new ExchangeMeter(instruments)
  const upstreamSeries = new UpstreamSeries(counted, (upstream) => {
    exchangeMeter.forget(upstream)
    contextCost.forget(upstream)
    names.forget(upstream)
    rules?.forget(upstream)
  })
  store.observe(() => upstreamSeries.collected())
  const timers = [
    setInterval(() => {
      sessions.tick()
      operations.sweep()
    }, TICK_MS).unref(),
    setInterval(() => names.expire(), EXPIRY_MS).unref(),
  ]
  return {
    sessions,
    names,
    contextCost,
    exchangeMeter,
    operationMeter,
    rules,
    operations,
    incidents,
    fallbacks: new FallbackWatch({ now }),
    readers: new Readers(),
    passthrough: new Passthrough(),
    upstreamSeries,
    configure(next) {
      running = next
      upstreamSeries.follow()
      sessions.limit(sessionLimits(next))
      names.follow(Object.keys(next.upstreams), next.inspection.namesFor)
      slow = slowAt(next.log.slow)
    },
    close() {
      for (const timer of timers) clearInterval(timer)
      sessions.drain()
      incidents.close()
    },
  }
}

function sessionLimits({ sessions: { max, idle, resume, heartbeat } }: Config): SessionLimits {
  return { max, idleMs: idle, resumeMs: resume, heartbeatMs: heartbeat }
}
