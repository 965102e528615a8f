/** How a family of a view follows from the store's instruments. */
import type { FamilyDef } from '../family.ts'

/** The value of a label of the instrument's series; empty where it has no such label. */
export type LabelOf = (label: string) => string

/** One instrument that a family shows. */
export interface Part {
  readonly source: string
  /**
   * The family's label values for a series; `undefined`: it is not shown. Looked up once for each series.
   * Unset, the family has no labels.
   */
  readonly labels?: (of: LabelOf) => readonly string[] | undefined
}

/** `exactName` or, by the rules of prometheus-names.ts, `name` is what the page shows. There is no cap: rows are bounded by those they come from. */
export type ViewFamilyDef = Omit<FamilyDef, 'cap'> & {
  readonly kind: 'counter' | 'upDownCounter' | 'gauge' | 'histogram'
  /** Of a histogram: must be among the bounds of every part. Unset, those of the parts. */
  readonly buckets?: readonly number[]
}

export interface Derivation {
  readonly def: ViewFamilyDef
  readonly parts: readonly Part[]
  /** What of a histogram's series a counter shows; its count unless told. */
  readonly take?: 'count' | 'sum'
  /** What values are multiplied by; 1 unless told. */
  readonly scale?: number
}

/** A view: the names of another system, for the dashboards and alerts that its users have. */
export interface View {
  readonly name: string
  /** Whose names they are, as a sentence. */
  readonly about: string
  readonly families: readonly Derivation[]
}
