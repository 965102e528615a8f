/** Where log lines go: gathers them, writes them without blocking, and loses them, counted, rather than wait. */
import { close, write, writeSync } from 'node:fs'
import { LineBytes } from './line-bytes.ts'

/**
 * Lines are gathered this long (milliseconds): handing a write to a thread and back costs as much as writing fifty lines.
 * From 10 to 50 ms saves an exchange 1.4 µs at 20,000 a second, and 4 µs at 1,000.
 */
const GATHER = 50

/** How long (milliseconds) to leave a full pipe alone before trying again. */
const RETRY = 50

/** The same for a full or failing disk, which takes longer to heal. */
const RETRY_FAILED = 250

const LINE_END = 0x0a

/** Bytes that a buffer begins with, and beyond which one that has grown is not kept. */
const SPACE = 16 * 1024
const MOST_SPACE = 1024 * 1024

export interface LineWriterOptions {
  /** Bytes kept while the reader or the disk is slow or full; what does not fit is dropped. */
  readonly maxLength?: number
  /** Makes the line that stands where lines are missing, once there is room again. */
  readonly gap?: (lines: number) => string
}

export class LineWriter {
  /** Lines lost because the reader was gone, or because more than `maxLength` waited. */
  dropped = 0
  /** Writes begun, each by a thread. */
  writes = 0
  #fd: number
  readonly #maxLength: number
  readonly #gap: ((lines: number) => string) | undefined
  /** Of `dropped`, those that a gap line has told of. */
  #told = 0
  /** Lines wait as bytes: as strings they would wait in hundreds of pieces, which the garbage collector copies about. */
  readonly #pending = new LineBytes(Buffer.allocUnsafeSlow(SPACE))
  #pendingLines = 0
  /** Of `#pending`, the whole lines. */
  #whole = 0
  /** Takes over while the other is being written. */
  #spare: Buffer | undefined = undefined
  /** What is being written now, and what of it was written already. */
  #chunk: Buffer | undefined = undefined
  #offset = 0
  /** The chunk is in the hands of a thread. */
  #writing = false
  /** Takes over as soon as no thread writes to the old one. */
  #nextFd: number | undefined = undefined
  #timer: NodeJS.Timeout | undefined = undefined
  #broken = false
  #idle: (() => void)[] = []

  constructor(fd: number, { maxLength = 4 * 1024 * 1024, gap }: LineWriterOptions = {}) {
    this.#fd = fd
    this.#maxLength = maxLength
    this.#gap = gap
  }

  write(line: string): void {
    const pending = this.beginLine()
    if (pending === undefined) return
    pending.text(line)
    this.endLine()
  }

  /** Where to write a line, to be followed by `endLine`; `undefined` if there is no room for one, which is counted. */
  beginLine(): LineBytes | undefined {
    if (this.#broken || this.#whole >= this.#maxLength) {
      this.dropped++
      return undefined
    }
    // Behind the whole ones, whatever became of the line before.
    this.#pending.length = this.#whole
    return this.#pending
  }

  /** The line is written, its end included. */
  endLine(): void {
    const { length } = this.#pending
    if (length > this.#maxLength) {
      this.dropped++
      return
    }
    this.#whole = length
    this.#pendingLines++
    if (this.#timer === undefined && this.#chunk === undefined) this.#timer = setTimeout(this.#send, GATHER)
  }

  /** Writes to another file from now on and closes the one before. No line is torn between the two. */
  moveTo(fd: number): void {
    if (this.#nextFd !== undefined) closeQuietly(this.#nextFd)
    this.#nextFd = fd
    if (this.#writing) return
    this.#move()
    if (this.#chunk === undefined) return
    // It waited for the old file to have room.
    clearTimeout(this.#timer)
    this.#continue()
  }

  /** Resolves when everything is written, or after `within` milliseconds at the latest. Never rejects. */
  async flush(within = 1000): Promise<void> {
    if (this.#timer !== undefined && this.#chunk === undefined) {
      clearTimeout(this.#timer)
      this.#send()
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

  /** Writes what is left while the process dies; what a full pipe or disk does not take is lost. */
  flushSync(): void {
    if (this.#broken) return
    // A chunk in the hands of a thread is left to it: it ends before the process does.
    const waiting = this.#writing ? undefined : this.#chunk?.subarray(this.#offset)
    const rest = Buffer.concat([waiting ?? Buffer.alloc(0), this.#pending.bytes.subarray(0, this.#whole)])
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (!this.#writing) this.#chunk = undefined
    this.#whole = 0
    this.#pendingLines = 0
    let offset = 0
    try {
      while (offset < rest.length) offset += writeSync(this.#fd, rest, offset)
    } catch {
      this.dropped += linesFrom(rest, offset)
    }
    if (this.#chunk === undefined) this.#settle()
  }

  readonly #send = (): void => {
    this.#timer = undefined
    // What was lost came after what waits here.
    if (this.#gap !== undefined && this.dropped > this.#told) {
      this.#pending.length = this.#whole
      this.#pending.text(this.#gap(this.dropped - this.#told))
      this.#whole = this.#pending.length
      this.#told = this.dropped
    }
    this.#chunk = this.#pending.bytes.subarray(0, this.#whole)
    this.#offset = 0
    this.#pending.bytes = this.#spare ?? Buffer.allocUnsafeSlow(SPACE)
    this.#whole = 0
    this.#spare = undefined
    this.#pendingLines = 0
    this.#continue()
  }

  readonly #continue = (): void => {
    this.#timer = undefined
    this.#writing = true
    this.writes++
    write(this.#fd, this.#chunk!, this.#offset, null, null, this.#written)
  }

  readonly #written = (error: NodeJS.ErrnoException | null, count: number): void => {
    this.#writing = false
    if (error === null) this.#offset += count
    const moved = this.#nextFd !== undefined
    if (moved) this.#move()
    if (error === null || moved) {
      if (this.#offset < this.#chunk!.length) this.#continue()
      else this.#next()
    } else if (error.code === 'EPIPE' || error.code === 'EBADF') {
      this.#break()
      this.#next()
    } else {
      this.#timer = setTimeout(this.#continue, error.code === 'EAGAIN' || error.code === 'EINTR' ? RETRY : RETRY_FAILED)
    }
  }

  #next(): void {
    const { buffer } = this.#chunk!
    this.#spare = buffer.byteLength <= MOST_SPACE ? Buffer.from(buffer as ArrayBuffer) : undefined
    this.#chunk = undefined
    if (this.#whole === 0) this.#settle()
    else if (this.#idle.length > 0) this.#send()
    else this.#timer = setTimeout(this.#send, GATHER)
  }

  #settle(): void {
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  #move(): void {
    closeQuietly(this.#fd)
    this.#fd = this.#nextFd!
    this.#nextFd = undefined
    this.#broken = false
    // The old file may end within a line: the new one gets it whole.
    if (this.#chunk !== undefined && this.#offset < this.#chunk.length && this.#offset > 0)
      this.#offset = this.#chunk.lastIndexOf(LINE_END, this.#offset - 1) + 1
  }

  /** A reader that is gone stays gone, unless a new place is given. */
  #break(): void {
    this.dropped += linesFrom(this.#chunk!, this.#offset) + this.#pendingLines
    this.#broken = true
    this.#whole = 0
    this.#pendingLines = 0
  }
}

/** Lines that end at or after `offset`. */
function linesFrom(text: Buffer, offset: number): number {
  let lines = 0
  for (let at = text.indexOf(LINE_END, offset); at >= 0; at = text.indexOf(LINE_END, at + 1)) lines++
  return lines
}

function closeQuietly(fd: number): void {
  close(fd, () => {})
}
