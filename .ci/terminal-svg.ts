/** Draws what a program wrote to a terminal as an SVG, readable on light and dark pages. */

/** Of what Select Graphic Rendition (ECMA-48) knows, that which `sidelight top` uses. */
const STYLES: Readonly<Record<string, string>> = { '1': 'bold', '2': 'dim', '31': 'red', '32': 'green', '33': 'yellow' }

interface Run {
  readonly text: string
  readonly column: number
  readonly classes: readonly string[]
}

const ESCAPE = '\x1b'
const SEQUENCE = new RegExp(`(${ESCAPE}\\[[\\d;]*m)`)
const WIDTH = 8.4
const HEIGHT = 20
const MARGIN = 20
const BAR = 36

const CSS = `
  rect { fill: #ffffff; stroke: #d1d9e0 }
  circle { fill: #d1d9e0 }
  text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2328; white-space: pre }
  .bold { font-weight: 600 } .dim, .title { fill: #59636e }
  .red { fill: #cf222e } .green { fill: #1a7f37 } .yellow { fill: #9a6700 }
  @media (prefers-color-scheme: dark) {
    rect { fill: #0d1117; stroke: #3d444d }
    circle { fill: #3d444d }
    text { fill: #f0f6fc }
    .dim, .title { fill: #9198a1 }
    .red { fill: #f85149 } .green { fill: #3fb950 } .yellow { fill: #d29922 }
  }
`

/** @param title what stands above, and what those hear who do not see it */
export function terminalSvg(output: string, title: string): string {
  const lines = output.trimEnd().split('\n').map(runsOf)
  const columns = Math.max(0, ...lines.flat().map(({ column, text }) => column + [...text].length))
  const width = Math.ceil(columns * WIDTH + 2 * MARGIN)
  const height = BAR + lines.length * HEIGHT + MARGIN
  const drawn = lines.flatMap((runs, line) => runs.map((run) => drawnRun(run, BAR + (line + 1) * HEIGHT - 6)))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<style>${CSS}</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${[0, 1, 2].map((i) => `<circle cx="${MARGIN + i * 18}" cy="18" r="5"/>`).join('')}
<text class="title" x="${width / 2}" y="23" text-anchor="middle">${escaped(title)}</text>
${drawn.join('\n')}
</svg>
`
}

/** Throws at an escape sequence that it does not know, so that none is drawn wrongly. */
function runsOf(line: string): Run[] {
  const runs: Run[] = []
  let classes: readonly string[] = []
  let column = 0
  for (const [index, part] of line.split(SEQUENCE).entries()) {
    // What was split at stands at every second place.
    if (index % 2 === 1) classes = part.slice(2, -1).split(';').flatMap(classOf)
    else {
      if (part.includes(ESCAPE)) throw new Error(`an escape sequence that is not known in ${JSON.stringify(part)}`)
      if (part.trim() !== '') runs.push({ text: part, column, classes })
      column += [...part].length
    }
  }
  return runs
}

function classOf(code: string): readonly string[] {
  if (code === '0' || code === '') return []
  const style = STYLES[code]
  if (style === undefined) throw new Error(`a style that is not known: ${code}`)
  return [style]
}

/** Placed and stretched by columns, because not every font has the same width. */
function drawnRun({ text, column, classes }: Run, y: number): string {
  const shown = text.trim()
  const x = MARGIN + (column + [...text].length - [...text.trimStart()].length) * WIDTH
  const named = classes.length > 0 ? ` class="${classes.join(' ')}"` : ''
  const length = ([...shown].length * WIDTH).toFixed(1)
  return `<text${named} x="${x.toFixed(1)}" y="${y}" textLength="${length}">${escaped(shown)}</text>`
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
