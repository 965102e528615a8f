/** Counts what a test must not leak: memory, descriptors and sockets of a process, resources of this one, listeners. */
import type { EventEmitter } from 'node:events'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

export interface ProcessUse {
  /** Resident memory in bytes, now. */
  readonly rss: number
  /** Highest resident memory in bytes since the process began, or since `resetPeak`. */
  readonly peakRss: number
  readonly threads: number
  /** Open file descriptors of every kind. */
  readonly descriptors: number
  /** Descriptors that are sockets, listening ones included. */
  readonly sockets: number
}

/** Reads /proc, so Linux only. Rejects when the process is gone. */
export async function processUse(pid: number = process.pid): Promise<ProcessUse> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const number = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1])
  const targets = await descriptorTargets(pid)
  return {
    rss: number('VmRSS') * 1024,
    peakRss: number('VmHWM') * 1024,
    threads: number('Threads'),
    descriptors: targets.length,
    sockets: targets.filter((target) => target.startsWith('socket:')).length,
  }
}

async function descriptorTargets(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`
  const names = await readdir(folder)
  const targets = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => '')))
  // A descriptor can be closed between the two reads, the one of this listing always is.
  return targets.filter((target) => target !== '')
}

export interface RssWatch {
  /** Highest resident memory seen, in bytes. */
  readonly peak: number
  stop(): Promise<number>
}

/** Samples the resident memory of a process until stopped; `stop` resolves to the highest seen. */
export function watchRss(pid: number, every = 20): RssWatch {
  let peak = 0
  let running = true
  const sampling = (async () => {
    while (running) {
      peak = Math.max(peak, (await processUse(pid)).rss)
      await delay(every)
    }
  })().catch(() => {})
  return {
    get peak() {
      return peak
    },
    stop: async () => {
      running = false
      await sampling
      return peak
    },
  }
}

/** What keeps this process's event loop busy, by kind: TCPSocketWrap, TCPServerWrap, Timeout and others. */
export function activeResources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

export function listenerCount(emitter: EventEmitter): number {
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0)
}

/**
 * Waits until the condition holds and returns its value. Rejects, with the last value or error in its text,
 * when it does not within `within` milliseconds (default 5,000).
 */
export async function settles<T>(
  condition: () => T | Promise<T>,
  options: { readonly within?: number; readonly every?: number; readonly what?: string } = {},
): Promise<T> {
  const { within = 5000, every = 5, what = 'the condition' } = options
  const deadline = performance.now() + within
  for (;;) {
    let last: unknown
    try {
      const value = await condition()
      if (value) return value
      last = value
    } catch (error) {
      last = error
    }
    if (performance.now() > deadline) throw new Error(`${what} did not settle within ${within} ms: ${String(last)}`)
    await delay(every)
  }
}

export interface ListenerWarnings {
  /** One entry per warning of too many listeners on one emitter, from the moment of the call on. */
  readonly warnings: readonly Error[]
  stop(): void
}

/** Collects MaxListenersExceededWarning, the sign of listeners added per exchange and never removed. */
export function listenerWarnings(): ListenerWarnings {
  const warnings: Error[] = []
  const collect = (warning: Error) => {
    if (warning.name === 'MaxListenersExceededWarning') warnings.push(warning)
  }
  process.on('warning', collect)
  return { warnings, stop: () => process.removeListener('warning', collect) }
}
