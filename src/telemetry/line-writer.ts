/** Where log lines go: gathers them, writes them without blocking, and loses them, counted, rather than wait. */
import { constants, fstatSync, openSync, write, writeSync } from 'node:fs'
import { Socket } from 'node:net'

/** Lines are gathered this long (milliseconds), because one write costs as much as ten lines. */
const GATHER = 10

/** How long (milliseconds) to leave a full pipe alone before trying again. */
const RETRY = 50

export interface LineWriterOptions {
  /** Characters kept while the reader is slow; what does not fit is dropped. */
  readonly maxLength?: number
}

export class LineWriter {
  /** Lines lost because the reader was gone, or too slow for `maxLength`. */
  dropped = 0
  readonly #fd: number
  readonly #maxLength: number
  #pending = ''
  #pendingLines = 0
  /** What is being written now, and what of it was written already. */
  #chunk: Buffer | undefined = undefined
  #chunkLines = 0
  #offset = 0
  #timer: NodeJS.Timeout | undefined = undefined
  #broken = false
  #idle: (() => void)[] = []

  constructor(fd: number, { maxLength = 4 * 1024 * 1024 }: LineWriterOptions = {}) {
    this.#fd = fd
    this.#maxLength = maxLength
  }

  write(line: string): void {
    if (this.#broken || this.#pending.length + line.length > this.#maxLength) {
      this.dropped++
      return
    }
    this.#pending += line
    this.#pendingLines++
    if (this.#timer === undefined && this.#chunk === undefined) this.#timer = setTimeout(this.#begin, GATHER)
  }

  /** Resolves when everything is written, or after `within` milliseconds at the latest. Never rejects. */
  async flush(within = 1000): Promise<void> {
    if (this.#timer !== undefined && this.#chunk === undefined) {
      clearTimeout(this.#timer)
      this.#begin()
    }
    if (this.#chunk === undefined) return
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, within)
      this.#idle.push(() => {
        clearTimeout(late)
        resolve()
      })
    })
  }

  /** Writes what is left while the process dies; what a full pipe does not take is lost. */
  flushSync(): void {
    if (this.#broken) return
    // A chunk without a timer is in the hands of a thread, which ends before the process does.
    const retrying = this.#timer !== undefined && this.#chunk !== undefined
    const rest = Buffer.concat([
      retrying ? this.#chunk!.subarray(this.#offset) : Buffer.alloc(0),
      Buffer.from(this.#pending),
    ])
    const lines = (retrying ? this.#chunkLines : 0) + this.#pendingLines
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (retrying) this.#chunk = undefined
    this.#pending = ''
    this.#pendingLines = 0
    try {
      for (let offset = 0; offset < rest.length; ) offset += writeSync(this.#fd, rest, offset)
    } catch {
      this.dropped += lines
    }
    if (this.#chunk === undefined) this.#settle()
  }

  readonly #begin = (): void => {
    this.#timer = undefined
    this.#chunk = Buffer.from(this.#pending)
    this.#chunkLines = this.#pendingLines
    this.#offset = 0
    this.#pending = ''
    this.#pendingLines = 0
    this.#continue()
  }

  readonly #continue = (): void => {
    this.#timer = undefined
    write(this.#fd, this.#chunk!, this.#offset, null, null, this.#written)
  }

  readonly #written = (error: NodeJS.ErrnoException | null, count: number): void => {
    if (error !== null) {
      if (error.code === 'EAGAIN' || error.code === 'EINTR') {
        this.#timer = setTimeout(this.#continue, RETRY)
        return
      }
      this.#lose(error)
    } else {
      this.#offset += count
      if (this.#offset < this.#chunk!.length) {
        this.#continue()
        return
      }
    }
    this.#chunk = undefined
    if (this.#pending === '') this.#settle()
    else if (this.#idle.length > 0) this.#begin()
    else this.#timer = setTimeout(this.#begin, GATHER)
  }

  #settle(): void {
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** A reader that is gone stays gone; anything else, such as a full disk, may pass. */
  #lose(error: NodeJS.ErrnoException): void {
    this.dropped += this.#chunkLines
    if (error.code !== 'EPIPE' && error.code !== 'EBADF') return
    this.#broken = true
    this.dropped += this.#pendingLines
    this.#pending = ''
    this.#pendingLines = 0
  }
}

/**
 * The file descriptor to write log lines to instead of `fd`: one that never blocks. A blocked write would hold a thread
 * of the pool, and the process could not exit before somebody reads.
 */
export function nonBlocking(fd: number): number {
  const kind = fstatSync(fd)
  if (kind.isSocket()) {
    // A socket cannot be opened anew, but Node makes one non-blocking when it takes hold of it.
    new Socket({ fd, readable: false, writable: true }).unref()
    return fd
  }
  if (!kind.isFIFO() && !kind.isCharacterDevice()) return fd
  try {
    // Opened anew, the pipe or terminal is non-blocking for us alone, not for whoever shares it.
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    return fd
  }
}
