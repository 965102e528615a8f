/** The log: a pino logger and the access log on one destination that neither blocks nor fails. */
import { type Logger, pino, stdTimeFunctions } from 'pino'
import { AccessLog, type LineSink } from './access-log.ts'
import { LineWriter, nonBlocking } from './line-writer.ts'
import { redact } from './redact.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

export interface LogDestination extends LineSink {
  readonly dropped?: number
  flush?(within?: number): Promise<void>
  flushSync?(): void
}

export interface LogOptions {
  readonly level: LogLevel
  /** False switches the access log off. */
  readonly access?: boolean
  /** Standard output unless given. */
  readonly destination?: LogDestination
}

export interface Log {
  readonly logger: Logger
  /** Undefined when no exchange would be written, so that callers need not even gather the fields. */
  readonly access: AccessLog | undefined
  /** Lines lost so far. */
  readonly dropped: number
  /** Resolves when all lines are out, or after `within` milliseconds (1,000) at the latest. Never rejects. */
  flush(within?: number): Promise<void>
  /** For `process.on('exit')`, after which nothing asynchronous runs. */
  flushSync(): void
}

/** Field names may be secrets at any depth of a line or of a child logger's fields; see redact.ts. */
export function createLog({ level, access = true, destination = standardOutput() }: LogOptions): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: redact },
      // `redact` has turned errors into plain fields already.
      serializers: { err: (fields: unknown) => fields },
    },
    destination,
  )
  redactChildren(logger)
  return {
    logger,
    access: access ? accessLogAt(level, destination) : undefined,
    get dropped() {
      return destination.dropped ?? 0
    },
    flush: async (within) => destination.flush?.(within),
    flushSync: () => destination.flushSync?.(),
  }
}

/** pino passes the fields of a child by its formatters; children inherit the method from here. */
function redactChildren(logger: Logger): void {
  const child: Logger['child'] = logger.child
  logger.child = function (this: Logger, bindings, options) {
    return child.call(this, redact(bindings), options)
  } as Logger['child']
}

function accessLogAt(level: LogLevel, destination: LogDestination): AccessLog | undefined {
  if (level === 'error' || level === 'fatal' || level === 'silent') return undefined
  return new AccessLog(destination, level === 'warn')
}

const standardOutput = (): LogDestination => new LineWriter(nonBlocking(1))
