/** An upstream as a health component: what its last probe saw. */
import type { ProbeResult } from '../upstream/probe.ts'
import type { Component } from './health.ts'

export function upstreamComponent(
  name: string,
  required: boolean,
  probe: { readonly alive: boolean; readonly result: ProbeResult | 'off' | undefined },
): Component {
  return {
    name: `upstream:${name}`,
    required,
    report: () => {
      const { result } = probe
      // Exchanges alone could tell that it is down, and none would come any more to tell that it is up again.
      if (result === 'off') return { status: 'healthy', message: 'not probed' }
      if (result === undefined) return { status: 'unhealthy', message: 'not probed yet' }
      const { alive, degraded, message, duration, at } = result
      return {
        status: !probe.alive ? 'unhealthy' : alive && degraded === undefined ? 'healthy' : 'degraded',
        message: alive && degraded !== undefined ? degraded : message,
        duration_ms: Math.round(duration),
        checked_at: new Date(at).toISOString(),
      }
    },
  }
}
