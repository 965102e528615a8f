/** Keeps what a pure function made of the values that come again and again. */

/** Values that are kept at most; then it begins anew, because downstreams may choose the values. */
const MOST = 1_000

export function remember<T>(make: (value: string) => T): (value: string) => T {
  const known = new Map<string, T>()
  let last: string | undefined
  let lastMade: T
  return (value) => {
    // Often the one before, in a string of its own: compared sooner than hashed.
    if (value === last) return lastMade
    let made = known.get(value)
    if (made === undefined) {
      made = make(value)
      if (known.size >= MOST) known.clear()
      known.set(value, made)
    }
    last = value
    lastMade = made
    return made
  }
}
