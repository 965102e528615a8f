/** Lines of styled text: tables, cut to a width, painted for a terminal. */

export type Style = 'plain' | 'dim' | 'bold' | 'good' | 'warning' | 'bad'

/** Select Graphic Rendition (ECMA-48 8.3.117). The base colours only: they fit light and dark terminals alike. */
const CODES: Readonly<Record<Style, string>> = {
  plain: '',
  dim: '2',
  bold: '1',
  good: '32',
  warning: '33',
  bad: '1;31',
}

export interface Piece {
  readonly text: string
  readonly style: Style
}

export type Line = readonly Piece[]

export const piece = (text: string, style: Style = 'plain'): Piece => ({ text, style })

/** Cells of a column under each other; the first columns to the left, figures to the right. */
export function table(rows: readonly Line[], leftAligned: ReadonlySet<number>): Line[] {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => row[i]?.text.length ?? 0)))
  return rows.map((row) =>
    row.map(({ text, style }, i) => {
      const width = widths[i] ?? 0
      const last = i === row.length - 1
      const cell = leftAligned.has(i) ? (last ? text : text.padEnd(width)) : text.padStart(width)
      return { text: last ? cell : `${cell}  `, style }
    }),
  )
}

/** @param columns the terminal's; what is beyond them is left out */
export function painted(line: Line, { colours, columns }: { colours: boolean; columns: number }): string {
  let room = columns
  let out = ''
  for (const { text, style } of line) {
    const shown = text.length > room ? text.slice(0, room) : text
    room -= shown.length
    out += colours && CODES[style] !== '' && shown.trim() !== '' ? `\x1b[${CODES[style]}m${shown}\x1b[0m` : shown
  }
  return out.trimEnd()
}
