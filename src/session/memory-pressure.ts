/** Whether this process's memory is near the limit of its control group (version 2 or 1). Linux; elsewhere never. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a level of one version's hierarchy is read from. */
interface Files {
  readonly limit: string
  readonly used: string
  /** In `memory.stat`: file cache that the kernel takes back before it kills. */
  readonly reclaimable: string
}

const V2: Files = { limit: 'memory.max', used: 'memory.current', reclaimable: 'inactive_file' }
const V1: Files = {
  limit: 'memory.limit_in_bytes',
  used: 'memory.usage_in_bytes',
  reclaimable: 'total_inactive_file',
}

/** Version 1 says "no limit" with the highest number of pages. */
const NO_LIMIT = 2 ** 60

export interface MemoryPressureOptions {
  /** Of the limit. */
  readonly share?: number
  readonly root?: string
  /** The file that names this process's control groups. */
  readonly groups?: string
  readonly rss?: () => number
}

export interface MemoryUse {
  /** Bytes: what this process, or its whole group, has that the kernel cannot take back. */
  readonly used: number
  /** Bytes. */
  readonly limit: number
}

/**
 * The returned function reads anew at every call (about 0.1 ms), because limits of running containers change.
 * `undefined`: there is no limit.
 */
export function memoryUse({
  root = '/sys/fs/cgroup',
  groups = '/proc/self/cgroup',
  rss = process.memoryUsage.rss,
}: Omit<MemoryPressureOptions, 'share'> = {}): () => MemoryUse | undefined {
  const own = text(groups) ?? ''
  const v1 = levels(join(root, 'memory'), /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(own)?.[1], V1)
  const [folders, files] = v1.length > 0 ? [v1, V1] : [levels(root, /^0::(.*)$/m.exec(own)?.[1], V2), V2]
  const innermost = folders[0]
  if (innermost === undefined) return () => undefined
  return () => {
    const limit = Math.min(...folders.map((folder) => number(join(folder, files.limit))))
    return limit < NO_LIMIT ? { limit, used: Math.max(rss(), workingSet(innermost, files)) } : undefined
  }
}

export function memoryPressure({ share = 0.9, ...options }: MemoryPressureOptions = {}): () => boolean {
  const read = memoryUse(options)
  return () => {
    const use = read()
    return use !== undefined && use.used >= share * use.limit
  }
}

/** The group's folder and those above it, innermost first. In a container the path is often not what is mounted. */
function levels(root: string, path: string | undefined, files: Files): string[] {
  const parts = path === undefined || path.includes('..') ? [] : path.split('/').filter((part) => part !== '')
  const folders = [root]
  for (const part of parts) folders.unshift(join(folders[0] ?? root, part))
  return folders.filter((folder) => existsSync(join(folder, files.limit)))
}

/** What counts against the limit when it comes to killing; zero when it cannot be read. */
function workingSet(folder: string, files: Files): number {
  const used = number(join(folder, files.used))
  if (!(used < NO_LIMIT)) return 0
  const stat = text(join(folder, 'memory.stat')) ?? ''
  const reclaimable = new RegExp(`^${files.reclaimable} (\\d+)$`, 'm').exec(stat)?.[1]
  return reclaimable === undefined ? 0 : used - Number(reclaimable)
}

/** Infinity for `max`, and for what cannot be read. */
function number(file: string): number {
  const value = text(file)?.trim() ?? ''
  return /^\d+$/.test(value) ? Number(value) : Number.POSITIVE_INFINITY
}

function text(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
