/** Keeps tools that tests have built or installed, in the user's cache folder: never in the repository. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sidelight', 'tools')

/**
 * Resolves to where the program lies that `build` put into `target` and named.
 * Whoever comes first builds; everybody else waits. What is half built is never found under the final name.
 */
export async function cached(key: string, build: (target: string) => Promise<string>): Promise<string> {
  const folder = join(CACHE, key)
  const program = (): string => join(folder, readFileSync(join(folder, 'name'), 'utf8'))
  mkdirSync(CACHE, { recursive: true })
  const lock = `${folder}.lock`
  while (!existsSync(folder)) {
    if (!taken(lock)) {
      await delay(500)
      continue
    }
    const target = mkdtempSync(`${folder}.new-`)
    try {
      const name = await build(target)
      writeFileSync(join(target, 'name'), name)
      if (!existsSync(folder)) renameSync(target, folder)
    } finally {
      rmSync(target, { recursive: true, force: true })
      rmSync(lock, { force: true })
    }
  }
  return program()
}

/** A lock that nobody holds any more is removed, for the next attempt. */
function taken(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    const holder = Number(existsSync(lock) ? readFileSync(lock, 'utf8') : 0)
    if (holder > 0 && !isAlive(holder)) rmSync(lock, { force: true })
    return false
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
