/** A terminal taken over for a while: drawn upon, and left as it was. */
import type { Readable, Writable } from 'node:stream'

/** What of `process.stdin` and `process.stdout` is needed. */
export interface Terminal {
  readonly input: Readable & { isTTY?: boolean; setRawMode?(raw: boolean): unknown; unref?(): unknown }
  readonly output: Writable & { columns?: number; rows?: number }
}

export interface Screen {
  draw(lines: readonly string[]): void
  /** Gives the terminal back. */
  close(): void
}

const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
/** q, Q, Ctrl-C, Ctrl-D, and Escape alone: a cursor key begins with it too. */
const QUIT: ReadonlySet<string> = new Set(['q', 'Q', '\x03', '\x04', '\x1b'])

export function openScreen({ input, output }: Terminal, on: { quit(): void; resize(): void }): Screen {
  const typed = (data: Buffer | string) => {
    if (QUIT.has(data.toString())) on.quit()
  }
  const raw = input.isTTY === true
  if (raw) input.setRawMode?.(true)
  input.on('data', typed)
  output.on('resize', on.resize)
  output.write(ENTER)
  return {
    // Line by line over what was there, so that nothing flickers.
    draw: (lines) => void output.write(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join('\r\n')}\x1b[J`),
    close() {
      input.off('data', typed)
      output.off('resize', on.resize)
      if (raw) input.setRawMode?.(false)
      input.pause()
      output.write(LEAVE)
    },
  }
}
