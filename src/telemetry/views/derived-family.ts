/** One family of a view, brought up to date from the store whenever it is shown. */
import type { Family, FamilyDef, Row } from '../family.ts'
import type { AnyInstrument } from '../series.ts'
import type { Derivation, Part } from './derivation.ts'
import { DerivedHistogram, type DerivedRow, DerivedScalar, type Reading } from './derived-row.ts'

type Held = Reading & { readonly labelValues: readonly string[] }

interface BoundPart {
  readonly instrument: AnyInstrument
  readonly labels: Part['labels']
  /** For each bucket of the instrument the family's that it falls into. */
  readonly places: readonly number[]
  /** Each series of the instrument is looked at once. */
  readonly rows: WeakMap<object, DerivedRow | typeof HIDDEN>
}

const HIDDEN = Symbol('not shown')

export class DerivedFamily implements Family {
  readonly def: FamilyDef
  readonly series = new Set<Row & DerivedRow>()
  readonly #derivation: Derivation
  readonly #parts: readonly BoundPart[]
  /** By their label values as JSON, so that no two can collide. */
  readonly #rows = new Map<string, DerivedRow>()

  /** @param instruments those of the parts, in their order */
  constructor(derivation: Derivation, instruments: readonly AnyInstrument[], now: () => number) {
    const { def, parts } = derivation
    const buckets = def.buckets ?? boundsOf(instruments[0])
    this.def = { ...def, cap: Number.POSITIVE_INFINITY, ...(def.kind === 'histogram' && { buckets }) } as FamilyDef
    this.#derivation = derivation
    this.#parts = instruments.map((instrument, i) => ({
      instrument,
      labels: parts[i]?.labels,
      places: def.kind === 'histogram' ? placesIn(buckets, boundsOf(instrument), def.name) : [],
      rows: new WeakMap(),
    }))
    if (def.labels.length === 0) this.#row([], now())
    for (const part of this.#parts) part.instrument.onFreeing((series: Held) => this.#retire(part, series))
  }

  read(): void {
    for (const row of this.#rows.values()) row.reset()
    for (const part of this.#parts) {
      for (const series of part.instrument.series) {
        const row = part.rows.get(series) ?? this.#place(part, series)
        if (row !== HIDDEN) row.add(series, part.places)
      }
    }
    if (this.def.labels.length === 0) return
    // Without it, names that come and go would leave a row each.
    for (const [key, row] of this.#rows) {
      if (row.live > 0) continue
      this.#rows.delete(key)
      this.series.delete(row as Row & DerivedRow)
    }
  }

  #place(part: BoundPart, series: Held): DerivedRow | typeof HIDDEN {
    const { instrument, labels } = part
    const values = labels ? labels(labelOf(instrument.def.labels, series.labelValues)) : []
    const row = values === undefined ? HIDDEN : this.#row(values, series.startTime)
    part.rows.set(series, row)
    return row
  }

  #row(values: readonly string[], startTime: number): DerivedRow {
    const key = JSON.stringify(values)
    const found = this.#rows.get(key)
    if (found !== undefined) return found
    const { def } = this
    const { take = 'count', scale = 1 } = this.#derivation
    const scalar = this.#parts[0]?.instrument.def.kind === 'histogram' ? take : 'value'
    const row =
      def.kind === 'histogram'
        ? new DerivedHistogram(values, startTime, def.buckets.length)
        : new DerivedScalar(values, startTime, scalar, scale)
    this.#rows.set(key, row)
    this.series.add(row)
    return row
  }

  /** Only where somebody has seen it, or will: a row that was never shown need not be remembered. A gauge has no past. */
  #retire(part: BoundPart, series: Held): void {
    if (this.def.kind === 'gauge' || this.def.kind === 'upDownCounter') return
    const known = part.rows.get(series)
    const row = known ?? (this.def.labels.length === 0 ? this.#place(part, series) : HIDDEN)
    if (row !== HIDDEN) row.retire(series, part.places)
  }
}

const labelOf = (labels: readonly string[], values: readonly string[]) => (label: string) =>
  values[labels.indexOf(label)] ?? ''

const boundsOf = (instrument: AnyInstrument | undefined): readonly number[] =>
  instrument?.def.kind === 'histogram' ? instrument.def.buckets : []

/** Throws a RangeError where a bound is missing among the instrument's: its bucket could not be told. */
function placesIn(bounds: readonly number[], from: readonly number[], name: string): number[] {
  const missing = bounds.filter((bound) => !from.includes(bound))
  if (missing.length > 0) throw new RangeError(`${name}: no recordings are parted at ${missing.join(', ')}`)
  return from.map((bound) => {
    const place = bounds.findIndex((own) => bound <= own)
    return place < 0 ? bounds.length : place
  })
}
