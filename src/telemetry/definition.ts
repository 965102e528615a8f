/** What an instrument is: its name, unit, meaning, labels and the most series it may ever have. */
interface Definition {
  /** OpenTelemetry name, dots included. */
  readonly name: string
  /** UCUM unit: `s`, `By`, `1`, an annotation such as `{request}`, or empty. */
  readonly unit: string
  readonly help: string
  /** Label names, in the order in which `bind` takes the values. */
  readonly labels: readonly string[]
  /** The most series this instrument ever has, the `_other` series included. 1 without labels, at least 2 with. */
  readonly cap: number
}

export interface CounterDef extends Definition {
  readonly kind: 'counter'
}

export interface GaugeDef extends Definition {
  readonly kind: 'upDownCounter' | 'gauge'
}

export interface HistogramDef extends Definition {
  readonly kind: 'histogram'
  /** Upper bounds, inclusive, strictly rising; the bucket above the last one is implied. */
  readonly buckets: readonly number[]
}

export type InstrumentDef = CounterDef | GaugeDef | HistogramDef

/** The label value that stands for everything that has no series of its own. */
export const OTHER = '_other' as const
