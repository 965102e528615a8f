/** A place that telemetry is sent to as a health component: how the last attempt went. Nothing of the traffic depends on it. */
import type { ExportTarget } from '../telemetry/export-target.ts'
import type { Component } from './health.ts'

export function exportComponent(target: Pick<ExportTarget, 'signal' | 'exporter' | 'last'>): Component {
  return {
    name: `export:${target.signal}:${target.exporter}`,
    required: false,
    report: () => {
      const { last } = target
      if (last === undefined) return { status: 'healthy', message: 'nothing sent yet' }
      return {
        status: last.ok ? 'healthy' : 'degraded',
        // Why it failed stands in the log: it may name an address, and health is open to all.
        message: last.ok ? last.message : 'not taken',
        duration_ms: Math.round(last.duration),
        checked_at: new Date(last.at).toISOString(),
      }
    },
  }
}
