/** Opens what log lines are written to, always so that a write never waits for a reader. */
import { constants, fstatSync, open, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { promisify } from 'node:util'

const { O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants

/** Not blocking: a named pipe without a reader is an error at once, and one with a slow reader no reason to wait. */
const FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY

/** Logs may tell of persons: others than the owner and the group do not read them. */
const MODE = 0o640

/** Throws if it cannot be opened. */
export const openLogFile = (path: string): number => openSync(path, FLAGS, MODE)

/** The same without blocking, for while traffic passes: a folder may lie on a slow network. */
export const openLogFileLater = (path: string): Promise<number> => promisify(open)(path, FLAGS, MODE)

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
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY)
  } catch {
    return fd
  }
}
