/** What tracing is told by the configuration, and whether it is on at all. */
import type { OtlpSettings } from '../otlp/otlp-exporter.ts'

export type SamplerName =
  | 'always_on'
  | 'always_off'
  | 'traceidratio'
  | 'parentbased_always_on'
  | 'parentbased_always_off'
  | 'parentbased_traceidratio'

export interface SamplingSettings {
  readonly sampler: SamplerName
  /** 0 to 1, as all rates. */
  readonly rate: number
  readonly operations: Readonly<Record<string, number>>
  readonly tools: Readonly<Record<string, number>>
}

export interface KeepSettings {
  readonly errors: boolean
  readonly refused: boolean
  /** Milliseconds; 0: nothing is kept for being slow. */
  readonly slow: number
}

export interface TraceSettings {
  readonly exporters: readonly ('otlp' | 'console' | 'none')[] | undefined
  readonly otlp: OtlpSettings
  readonly sampling: SamplingSettings
  readonly keep: KeepSettings
  readonly sessionId: 'hash' | 'plain' | 'none'
  readonly resourceUris: boolean
  readonly queue: number
  readonly batch: number
  /** Milliseconds. */
  readonly delay: number
}

/** Empty: tracing is off. */
export function exportersOf({ exporters, otlp }: TraceSettings): readonly ('otlp' | 'console')[] {
  if (exporters === undefined) return otlp.endpoint === undefined && otlp.url === undefined ? [] : ['otlp']
  return [...new Set(exporters.filter((exporter) => exporter !== 'none'))]
}
