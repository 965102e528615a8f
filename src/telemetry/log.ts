/** The log: a pino logger for each module and the access log, on one destination that neither blocks nor fails. */
import { type Logger, pino, stdTimeFunctions } from 'pino'
import type { AccessFilter } from './access-filter.ts'
import { AccessLog, type LineSink } from './access-log.ts'
import { consoleLine } from './console-line.ts'
import { LineWriter } from './line-writer.ts'
import { nonBlocking, openLogFile, openLogFileLater } from './log-file.ts'
import { type ConfiguredLevels, type LogLevel, LogLevels, type LogModule } from './log-levels.ts'
import { redact } from './redact.ts'
import { scrub } from './scrub.ts'

export interface LogDestination extends LineSink {
  readonly dropped?: number
  /** Writes begun so far. */
  readonly writes?: number
  flush?(within?: number): Promise<void>
  flushSync?(): void
}

/** What may be changed while lines are written. */
export interface LogSettings extends ConfiguredLevels {
  /** False switches the access log off. */
  readonly access?: boolean
  /** Which exchanges the access log leaves out. */
  readonly filter?: AccessFilter
}

export interface LogOptions extends LogSettings {
  readonly format?: 'json' | 'console'
  /** `stdout`, `stderr`, the path of a file, or one's own. */
  readonly destination?: string | LogDestination
  /** Characters that wait at most while the destination is slow. */
  readonly queue?: number
}

export interface Log {
  /** That of the process itself, `module('main')`. */
  readonly logger: Logger
  /** Which may be changed while it runs. */
  readonly levels: LogLevels
  /** Undefined when no exchange would be written, so that callers need not even gather the fields. */
  readonly access: AccessLog | undefined
  /** Other settings: the access log that they mean, and what puts them in force. */
  prepare(settings: LogSettings): { readonly access: AccessLog | undefined; readonly apply: () => void }
  /** Lines lost so far. */
  readonly dropped: number
  /** Writes of several lines each that were begun so far. */
  readonly writes: number
  /** The same logger each time. */
  module(name: LogModule): Logger
  /** Goes on in a new file of the same name, for when the old one was moved away. Never rejects. */
  reopen(): Promise<void>
  /** Resolves when all lines are out, or after `within` milliseconds (1,000) at the latest. Never rejects. */
  flush(within?: number): Promise<void>
  /** For `process.on('exit')`, after which nothing asynchronous runs. */
  flushSync(): void
}

/**
 * Field names may be secrets at any depth of a line or of a child logger's fields; see redact.ts. Throws
 * `LogDestinationError`.
 */
export function createLog(options: LogOptions): Log {
  const { format = 'json' } = options
  const { destination, reopen } = open(options)
  const sink = format === 'json' ? destination : inConsoleFormat(destination)
  // Without its `flushSync`, which pino calls after each line of level fatal: an alert must neither block nor lose lines.
  const root = rootLogger({ write: (line) => sink.write(line) })
  const loggers = new Map<LogModule, Logger>()
  const levels = new LogLevels(options, (module, level) => {
    if (module === 'access') access?.at(level)
    const logger = loggers.get(module)
    if (logger !== undefined) logger.level = level
  })
  let access = accessLogOf(options, sink)
  const module = (name: LogModule): Logger => {
    const known = loggers.get(name)
    if (known !== undefined) return known
    const made = root.child({ module: name }, { level: levels.of(name) })
    loggers.set(name, made)
    return made
  }
  return {
    logger: module('main'),
    levels,
    get access() {
      return access
    },
    prepare(settings) {
      const next = accessLogOf(settings, sink)
      const apply = (): void => {
        access = next
        levels.configure(settings)
      }
      return { access: next, apply }
    },
    get dropped() {
      return destination.dropped ?? 0
    },
    get writes() {
      return destination.writes ?? 0
    },
    module,
    reopen: async () => reopen?.().catch((err: unknown) => module('telemetry').error({ err }, 'log file not reopened')),
    flush: async (within) => destination.flush?.(within),
    flushSync: () => destination.flushSync?.(),
  }
}

/** The file that lines should go to cannot be opened. */
export class LogDestinationError extends Error {
  override readonly name = 'LogDestinationError'
}

function open({ destination = 'stdout', format, queue }: LogOptions): {
  readonly destination: LogDestination
  readonly reopen?: () => Promise<void>
} {
  if (typeof destination !== 'string') return { destination }
  const gap = format === 'console' ? (lines: number) => consoleLine(gapLine(lines)) : gapLine
  const options = queue === undefined ? { gap } : { gap, maxLength: queue }
  if (destination === 'stdout' || destination === 'stderr')
    return { destination: new LineWriter(nonBlocking(destination === 'stdout' ? 1 : 2), options) }
  const writer = new LineWriter(openOrSay(destination), options)
  return { destination: writer, reopen: async () => writer.moveTo(await openLogFileLater(destination)) }
}

function openOrSay(path: string): number {
  try {
    return openLogFile(path)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new LogDestinationError(`the log file ${path} cannot be opened (${code})`, { cause })
  }
}

function rootLogger(sink: LogDestination): Logger {
  const logger = pino(
    {
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: redact },
      // `redact` has turned errors into plain fields already.
      serializers: { err: (fields: unknown) => fields },
      hooks: {
        // What is said in words passes no formatter, and pino takes the message of a bare error as what is said.
        logMethod(args, method) {
          const [first, said] = args as unknown[]
          const told = first instanceof Error ? [{ err: first }, said ?? first.message, ...args.slice(2)] : args
          method.apply(this, told.map((arg) => (typeof arg === 'string' ? scrub(arg) : arg)) as typeof args)
        },
      },
    },
    sink,
  )
  redactChildren(logger)
  return logger
}

/** pino passes the fields of a child by its formatters; children inherit the method from here. */
function redactChildren(logger: Logger): void {
  const child: Logger['child'] = logger.child
  logger.child = function (this: Logger, bindings, options) {
    return child.call(this, redact(bindings), options)
  } as Logger['child']
}

function accessLogOf({ level: general, levels, access = true, filter }: LogSettings, sink: LineSink) {
  const level: LogLevel = levels?.access ?? general
  if (!access) return undefined
  // Where it is off from the start, its fields are not even gathered.
  if (level === 'error' || level === 'fatal' || level === 'silent') return undefined
  return new AccessLog(sink, { level, filter })
}

const inConsoleFormat = (destination: LogDestination): LogDestination => ({
  write: (line) => destination.write(consoleLine(line)),
  flushSync: () => destination.flushSync?.(),
})

const gapLine = (lines: number): string =>
  `{"level":"warn","time":"${new Date().toISOString()}","module":"telemetry","lines":${lines},"msg":"log lines were lost"}\n`
