/** Looks at a gateway again and again, and draws what passes through it, until told to end. */
import { setTimeout as sleep } from 'node:timers/promises'
import { NoAnswerError } from '../ask.ts'
import { figuresOf } from './figures.ts'
import { painted } from './lines.ts'
import { type Look, look } from './look.ts'
import { openScreen, type Terminal } from './screen.ts'
import { Span } from './span.ts'
import { view } from './view.ts'

export interface WatchOptions {
  readonly url: URL
  /** Milliseconds between two looks. */
  readonly interval: number
  readonly colours: boolean
  readonly terminal: Terminal
  /** Ends it, as `q` does. */
  readonly signal: AbortSignal
}

/** Milliseconds that the figures are about. */
const WINDOW_MS = 60_000

/** Throws `NoAnswerError` if the first look finds nobody; later ones are told and tried again. */
export async function watch({ url, interval, colours, terminal, signal }: WatchOptions): Promise<void> {
  let looks: readonly Look[] = [await look(url)]
  let trouble: string | undefined
  const end = new AbortController()
  const screen = openScreen(terminal, { quit: () => end.abort(), resize: () => draw() })
  const ended = AbortSignal.any([signal, end.signal])
  const draw = (): void => {
    const { columns = 80, rows = 24 } = terminal.output
    const now = looks.at(-1) as Look
    const before = looks.length > 1 ? looks[0] : undefined
    const figures = figuresOf(now, new Span(now, before))
    const lines = view(figures, { place: url.host, rows, trouble })
    screen.draw(lines.map((line) => painted(line, { colours, columns })))
  }
  try {
    while (!ended.aborted) {
      draw()
      await sleep(interval, undefined, { signal: ended }).catch(() => {})
      if (ended.aborted) return
      try {
        const now = await look(url)
        looks = [...looks.filter(({ at }) => now.at - at <= WINDOW_MS), now]
        trouble = undefined
      } catch (error) {
        if (!(error instanceof NoAnswerError)) throw error
        trouble = error.message
      }
    }
  } finally {
    screen.close()
  }
}
