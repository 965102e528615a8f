/** Finds the known word that a mistyped one was meant to be. */

/** The nearest of `words`, if it is near enough to be meant. Case, `-` and `_` do not count. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  let best: string | undefined
  let least = 1 + Math.max(1, Math.floor(word.length / 3))
  for (const candidate of words) {
    const distance = editDistance(plain(word), plain(candidate))
    if (distance >= least) continue
    least = distance
    best = candidate
  }
  return best
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[-_]/g, '')
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      row[j] = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + same)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) row[j] = Math.min(row[j]!, before[j - 2]! + 1)
    }
    before = above
    above = row
  }
  return above[b.length]!
}
