/** Binds the instruments to the parts that record on them, once at start. */
import type { Action, MeterFactory } from '../exchange/chain.ts'
import type { ConnectionMeter } from '../listener/connections.ts'
import type { EndpointMeter } from '../upstream/endpoint.ts'
import type { ProbeResult } from '../upstream/probe.ts'
import type { Instruments } from './instruments.ts'

export function chainMeter({ interceptorDuration, interceptorActions, interceptorErrors }: Instruments): MeterFactory {
  return (interceptor, phase) => {
    const duration = interceptorDuration.bind([interceptor, phase])
    // Bound when first counted: most of them never are. A property look-up is all that is left on the hot path.
    const actions: Partial<Record<Action, { add(n: number): void }>> = {}
    return {
      duration: (seconds) => duration.record(seconds),
      action: (action) => {
        actions[action] ??= interceptorActions.bind([interceptor, action])
        actions[action].add(1)
      },
      error: (errorType) => interceptorErrors.bind([interceptor, errorType]).add(1),
    }
  }
}

export function connectionMeter(instruments: Instruments): ConnectionMeter {
  return {
    total: instruments.connections.bind([]),
    active: instruments.connectionsActive.bind([]),
    duration: instruments.connectionDuration.bind([]),
    error: (errorType) => instruments.connectionErrors.bind([errorType]).add(1),
  }
}

export function endpointMeter(
  instruments: Instruments,
  upstream: string,
): EndpointMeter & { readonly probed: (result: ProbeResult) => void } {
  const rejected = (reason: string) => instruments.pools.poolRejected.bind([upstream, reason])
  return {
    created: instruments.pools.poolConnectionsCreated.bind([upstream]),
    reused: instruments.pools.poolConnectionsReused.bind([upstream]),
    closed: instruments.pools.poolConnectionsClosed.bind([upstream]),
    idle: instruments.pools.poolConnectionsIdle.bind([upstream]),
    active: instruments.pools.poolConnectionsActive.bind([upstream]),
    streams: instruments.pools.poolStreamsActive.bind([upstream]),
    pending: instruments.pools.poolPending.bind([upstream]),
    retries: instruments.pools.upstreamRetries.bind([upstream]),
    wait: instruments.pools.poolWaitDuration.bind([upstream]),
    rejected: {
      queue_full: rejected('queue_full'),
      queue_timeout: rejected('queue_timeout'),
      streams_full: rejected('streams_full'),
    },
    probed: ({ alive, duration, byTraffic }) => {
      // Bound by the first probe: an upstream that is not probed is not down.
      instruments.pools.upstreamUp.bind([upstream]).set(alive ? 1 : 0)
      if (byTraffic !== true) instruments.pools.upstreamProbeDuration.bind([upstream]).record(duration / 1000)
    },
  }
}
