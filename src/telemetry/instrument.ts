/** An instrument: finds, admits and frees the series of one definition within its fixed region of the store. */
import type { Series } from './bound-series.ts'
import { type InstrumentDef, OTHER } from './definition.ts'

/** A level of the look-up: one Map per label, so that no label value can collide with a joined key. */
class Branch<S> {
  next: Map<string, Branch<S>> | undefined = undefined
  series: S | undefined = undefined
}

/** Where an instrument's rows lie: `cap` rows of `width` cells from `start`. */
export interface Region {
  readonly cells: Float64Array
  readonly start: number
  readonly width: number
  readonly now: () => number
}

export abstract class Instrument<S extends Series, D extends InstrumentDef> {
  readonly def: D
  /** Times that `bind` had to answer with the `_other` series because the cap was reached. */
  overflowed = 0
  /** Times that `bind` was asked, and of these the times that it did not find a series. */
  lookups = 0
  misses = 0
  readonly #region: Region
  readonly #root = new Branch<S>()
  readonly #live = new Set<S>()
  readonly #free: number[] = []
  readonly #rows: number
  readonly #freeing = new Set<(series: S) => void>()
  #used = 0
  #other: S | undefined = undefined
  /** What was asked for last is often what is asked for next, or takes turns with it: 10 ns for eight labels, not 150. */
  #last: S | undefined = undefined
  #lastButOne: S | undefined = undefined

  constructor(def: D, region: Region) {
    this.def = def
    this.#region = region
    // The last row of a labelled instrument is kept for `_other`, so that there is always somewhere to count.
    this.#rows = def.labels.length === 0 ? 1 : def.cap - 1
  }

  protected abstract create(cells: Float64Array, index: number, values: readonly string[], startTime: number): S

  /** Every series there is now. Safe to iterate across pauses, while series come and go. */
  get series(): ReadonlySet<S> {
    return this.#live
  }

  /** Is told of every series before its row is freed, while its values can still be read. */
  onFreeing(listener: (series: S) => void): void {
    this.#freeing.add(listener)
  }

  /**
   * The series of these label values, in the order of `def.labels`; the same values give the same series.
   * Beyond the cap it is the `_other` series. Throws a RangeError when the number of values is wrong.
   */
  bind(values: readonly string[]): S {
    this.lookups++
    const last = this.#last
    if (last !== undefined && isOf(last, values)) return last
    const other = this.#lastButOne
    if (other !== undefined && isOf(other, values)) return other
    let branch: Branch<S> | undefined = this.#root
    for (let i = 0; i < values.length && branch !== undefined; i++) branch = branch.next?.get(values[i]!)
    const series = branch?.series ?? this.#admit(values)
    this.#lastButOne = last
    this.#last = series
    return series
  }

  /**
   * Frees the series of these label values for others; false when there is none. Late recordings on it are lost,
   * never counted for the row's next owner. The `_other` series stays.
   */
  unbind(values: readonly string[]): boolean {
    const path = [this.#root]
    for (const value of values) {
      const branch = path[path.length - 1]!.next?.get(value)
      if (branch === undefined) return false
      path.push(branch)
    }
    const leaf = path[path.length - 1]!
    const series = leaf.series
    if (series === undefined || series === this.#other) return false
    leaf.series = undefined
    this.#last = undefined
    this.#lastButOne = undefined
    for (let i = values.length; i > 0 && isEmpty(path[i]!); i--) path[i - 1]!.next!.delete(values[i - 1]!)
    this.#live.delete(series)
    for (const listener of this.#freeing) listener(series)
    const index = series.release()
    this.#region.cells.fill(0, index, index + this.#region.width)
    this.#free.push(index)
    return true
  }

  /** Frees every series with these label values, `undefined` meaning any, and says how many. Cold: looks at all. */
  unbindWhere(values: readonly (string | undefined)[]): number {
    let freed = 0
    for (const { labelValues } of this.#live) {
      const matches = values.every((value, i) => value === undefined || labelValues[i] === value)
      if (matches && this.unbind(labelValues)) freed++
    }
    return freed
  }

  #admit(values: readonly string[]): S {
    this.misses++
    if (values.length !== this.def.labels.length) {
      throw new RangeError(`${this.def.name} has ${this.def.labels.length} labels, not ${values.length}`)
    }
    if (values.length > 0 && values.every((value) => value === OTHER)) return this.#bindOther()
    const index = this.#free.pop() ?? this.#nextRow()
    if (index === undefined) {
      this.overflowed++
      return this.#bindOther()
    }
    return this.#place(index, [...values])
  }

  #nextRow(): number | undefined {
    if (this.#used === this.#rows) return undefined
    return this.#region.start + this.#used++ * this.#region.width
  }

  #bindOther(): S {
    this.#other ??= this.#place(
      this.#region.start + this.#rows * this.#region.width,
      this.def.labels.map(() => OTHER),
    )
    return this.#other
  }

  #place(index: number, values: readonly string[]): S {
    const series = this.create(this.#region.cells, index, values, this.#region.now())
    let branch = this.#root
    for (const value of values) {
      branch.next ??= new Map()
      let next = branch.next.get(value)
      if (next === undefined) {
        next = new Branch()
        branch.next.set(value, next)
      }
      branch = next
    }
    branch.series = series
    this.#live.add(series)
    return series
  }
}

function isOf({ labelValues }: Series, values: readonly string[]): boolean {
  if (labelValues.length !== values.length) return false
  for (let i = 0; i < values.length; i++) if (labelValues[i] !== values[i]) return false
  return true
}

const isEmpty = (branch: Branch<unknown>): boolean =>
  branch.series === undefined && (branch.next === undefined || branch.next.size === 0)
