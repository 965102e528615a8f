/** What a metrics page is made of: families of rows, be they the store's own or made from them. */
import type { Exemplar } from './bound-series.ts'
import type { InstrumentDef } from './definition.ts'

interface AnyRow {
  readonly labelValues: readonly string[]
  /** Milliseconds since the epoch. */
  readonly startTime: number
  /** Rendered labels, kept so that each row's are rendered once. */
  labelText: string | undefined
}

export interface ScalarRow extends AnyRow {
  readonly value: number
}

export interface HistogramRow extends AnyRow {
  readonly count: number
  readonly sum: number
  /** Recordings in the bucket of the i-th bound alone, not cumulative. */
  bucket(i: number): number
  /** The last of each bucket, the one without bound last; `undefined` where none was left. */
  readonly exemplars: readonly (Exemplar | undefined)[] | undefined
}

/** A histogram's where `def.kind` is `histogram`. */
export type Row = ScalarRow | HistogramRow

export type FamilyDef = InstrumentDef & {
  /** In place of the name that Prometheus would be shown, for names that follow none of its rules. */
  readonly exactName?: string
}

export interface Family {
  readonly def: FamilyDef
  /** Must bear that rows come and go while it is read. */
  readonly series: Iterable<Row> & { readonly size: number }
}

export interface FamilySource {
  /** Brings everything up to date, then gives the families in their order. */
  collect(): Iterable<Family>
}
