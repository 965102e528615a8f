/** Keeps what a pure function made of the values that come again and again. */

/** Values that are kept at most; then it begins anew, because downstreams may choose the values. */
const MOST = 1_000

export function remember<T>(make: (value: string) => T): (value: string) => T {
  const known = new Map<string, T>()
  return (value) => {
    let made = known.get(value)
    if (made === undefined) {
      made = make(value)
      if (known.size >= MOST) known.clear()
      known.set(value, made)
    }
    return made
  }
}
