/** The access log: one line an exchange, unless it is filtered out. */
import { hash } from 'node:crypto'
import { remember } from '../remember.ts'
import { type AccessFilter, accessFilter, type Chooses } from './access-filter.ts'
import { writeAccessLine } from './access-line.ts'
import { type AccessRecord, isFault } from './access-record.ts'
import { LineBytes } from './line-bytes.ts'
import type { LogLevel } from './log-levels.ts'

/** Takes whole lines, each with its line end. */
export interface LineSink {
  write(line: string): void
  /** In place of `write` where it is cheaper: where to write a line, before `endLine`; `undefined`: it is lost. */
  beginLine?(): LineBytes | undefined
  endLine?(): void
}

export interface AccessLogOptions {
  /** `warn`: nothing but faults. Above it: nothing. */
  readonly level?: LogLevel
  readonly filter?: AccessFilter | undefined
}

/** Stands for a session in logs: the same id gives the same tag, and no tag gives the id back. */
export const sessionTag = remember((sessionId) => hash('sha256', sessionId, 'hex').slice(0, 12))

export class AccessLog {
  readonly #sink: LineSink
  readonly #chooses: Chooses | undefined
  #exchanges = true
  #faults = true

  #lastAt = 0
  #lastText = ''

  constructor(sink: LineSink, { level = 'info', filter }: AccessLogOptions = {}) {
    this.#sink = sink
    this.#chooses = filter && accessFilter(filter)
    this.at(level)
  }

  at(level: LogLevel): void {
    this.#exchanges = level === 'trace' || level === 'debug' || level === 'info'
    this.#faults = this.#exchanges || level === 'warn'
  }

  write(record: AccessRecord): void {
    const fault = isFault(record)
    if (fault ? !this.#faults : !this.#exchanges || this.#chooses?.(record) === false) return
    const sink = this.#sink
    const level = fault ? 'warn' : 'info'
    if (sink.beginLine === undefined) {
      const line = new LineBytes()
      writeAccessLine(line, record, level, this.#now())
      sink.write(line.bytes.toString('utf8', 0, line.length))
      return
    }
    const line = sink.beginLine()
    if (line === undefined) return
    writeAccessLine(line, record, level, this.#now())
    sink.endLine?.()
  }

  /** Most lines fall into the millisecond of the one before: 20 ns in place of 300. */
  #now(): string {
    const at = Date.now()
    if (at !== this.#lastAt) {
      this.#lastAt = at
      this.#lastText = new Date(at).toISOString()
    }
    return this.#lastText
  }
}
