/** Notices that a file has changed, also where it is reached by a symbolic link that was swapped. */
import { stat } from 'node:fs/promises'

/**
 * By polling what the path leads to: Kubernetes mounts a ConfigMap as links into a folder that it replaces, and editors
 * replace files, of which a watch on the file itself sees nothing.
 */
export class FileWatch {
  readonly #path: string
  readonly #onChange: () => void
  readonly #interval: number
  #timer: NodeJS.Timeout | undefined
  /** What was there when it was last read. */
  #known: string | undefined
  #seen: string | undefined

  /** @param interval milliseconds between two looks; a change is told once it has stood for one */
  constructor(path: string, onChange: () => void, interval = 1_000) {
    this.#path = path
    this.#onChange = onChange
    this.#interval = interval
  }

  /** Again and again is the same as once. Tells of changes since the file was last read, or else from now on. */
  start(): void {
    if (this.#timer === undefined) this.#look()
  }

  /** The file is about to be read: what is there now is known. */
  async reading(): Promise<void> {
    this.#known = await identity(this.#path)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#known = undefined
  }

  #look(): void {
    const timer = setTimeout(() => void this.#compare(timer), this.#known === undefined ? 0 : this.#interval).unref()
    this.#timer = timer
  }

  async #compare(timer: NodeJS.Timeout): Promise<void> {
    const now = await identity(this.#path)
    // Stopped meanwhile.
    if (this.#timer !== timer) return
    // Half-written files are for the next look: it must be the same twice.
    const settled = now === this.#seen
    this.#seen = now
    if (this.#known === undefined) this.#known = now
    else if (now !== this.#known && settled) {
      this.#known = now
      this.#onChange()
    }
    this.#look()
  }
}

async function identity(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path)
    return [dev, ino, size, mtimeMs, ctimeMs].join(' ')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown'
  }
}
