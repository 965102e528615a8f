/** `sidelight top`: what passes through a running gateway, refreshed in a terminal or printed once. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { CommandOptions } from '../../config/arguments.ts'
import { parseDuration } from '../../config/units.ts'
import { adminUrl, UsageError } from '../admin-url.ts'
import { NoAnswerError } from '../ask.ts'
import { EX_FAILED, EX_USAGE } from '../exit-codes.ts'
import { figuresOf } from './figures.ts'
import { painted } from './lines.ts'
import { look } from './look.ts'
import { Span } from './span.ts'
import { view } from './view.ts'
import { watch } from './watch.ts'

const INTERVAL = '2s'
const SHORTEST_MS = 500
const LONGEST_MS = 3_600_000

/** Resolves with the exit code. */
export async function top(
  admin: { readonly host: string; readonly port: number },
  options: CommandOptions,
): Promise<number> {
  const { stdin: input, stdout: output } = process
  try {
    const url = adminUrl(admin, options.url, '/metrics')
    const interval = intervalOf(options.interval ?? INTERVAL)
    const colours = wantsColours(output.isTTY, process.env)
    if (options.once !== undefined || !output.isTTY) {
      await printOnce(url, options.interval === undefined ? undefined : interval, colours)
      return 0
    }
    const stop = new AbortController()
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(name, () => stop.abort())
    await watch({ url, interval, colours, terminal: { input, output }, signal: stop.signal })
    return 0
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof NoAnswerError)) throw error
    const hint = error instanceof NoAnswerError && options.url === undefined ? '\n  → --url says where else it is' : ''
    process.stderr.write(`sidelight: ${error.message}${hint}\n`)
    return error instanceof UsageError ? EX_USAGE : EX_FAILED
  }
}

/** @param interval what the figures are about; unset, all since the gateway's start */
async function printOnce(url: URL, interval: number | undefined, colours: boolean): Promise<void> {
  const first = await look(url)
  if (interval !== undefined) await sleep(interval)
  const now = interval === undefined ? first : await look(url)
  const figures = figuresOf(now, new Span(now, interval === undefined ? undefined : first))
  const lines = view(figures, { place: url.host, rows: Number.POSITIVE_INFINITY })
  const columns = Number.POSITIVE_INFINITY
  process.stdout.write(`${lines.map((line) => painted(line, { colours, columns })).join('\n')}\n`)
}

function intervalOf(text: string): number {
  const interval = parseDuration(text)
  if (interval >= SHORTEST_MS && interval <= LONGEST_MS) return interval
  throw new UsageError(`--interval must be a duration from 500ms to 1h, not ${text}: for example 2s`)
}

/** As most programs do: no-color.org, force-color.org. */
function wantsColours(terminal: boolean, { NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv): boolean {
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0'
  return terminal && (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb'
}
