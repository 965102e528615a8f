/** Takes profiles of this process, one at a time and not too often. What it takes for that is loaded for the first one. */
import { setTimeout as sleep } from 'node:timers/promises'
import { AdminFault } from './fault.ts'

type Pprof = typeof import('@datadog/pprof')

export interface ProfilerOptions {
  /** Milliseconds between the end of one profile and the next. */
  readonly pause: number
  /** Aborts when the gateway drains. */
  readonly draining: AbortSignal
  readonly now?: () => number
  readonly load?: () => Promise<Pprof>
}

/** As Go's: a hundred looks a second. */
const CPU_INTERVAL_MICROS = 10_000
/** As Go's: one sample for each half MiB that is allocated. */
const HEAP_INTERVAL_BYTES = 512 * 1024
const HEAP_STACK_DEPTH = 64

export class Profiler {
  /** Profiles begun. */
  taken = 0
  readonly #options: Required<ProfilerOptions>
  #pprof: Promise<Pprof> | undefined
  /** When the one under way will be done, in milliseconds. */
  #busyUntil: number | undefined
  #endedAt = Number.NEGATIVE_INFINITY
  #heapSampled = false

  constructor({ now = () => performance.now(), load = () => import('@datadog/pprof'), ...options }: ProfilerOptions) {
    this.#options = { ...options, now, load }
  }

  /** Whether allocations are being sampled. */
  get heapSampled(): boolean {
    return this.#heapSampled
  }

  /**
   * What the processor did for so long, as gzipped pprof.
   * @param gone aborts when nobody waits for it any more
   * @throws AdminFault, or the signal's reason
   */
  cpu(ms: number, gone: AbortSignal): Promise<Buffer> {
    return this.#alone(ms, gone, async ({ time, encode }, ended) => {
      time.start({ intervalMicros: CPU_INTERVAL_MICROS, withContexts: true, collectCpuTime: true })
      try {
        await sleep(ms, undefined, { signal: ended, ref: false })
      } catch (error) {
        time.stop()
        throw error
      }
      return encode(time.stop())
    })
  }

  /**
   * What has been allocated since the first of these profiles and is still in use, as gzipped pprof.
   * @param ms how long to wait first
   */
  heap(ms: number, gone: AbortSignal): Promise<Buffer> {
    return this.#alone(ms, gone, async ({ heap, encode }, ended) => {
      const first = !this.#heapSampled
      if (first) heap.start(HEAP_INTERVAL_BYTES, HEAP_STACK_DEPTH)
      this.#heapSampled = true
      try {
        await sleep(ms, undefined, { signal: ended, ref: false })
      } catch (error) {
        // Nobody knows that it is on.
        if (first) {
          this.#heapSampled = false
          heap.stop()
        }
        throw error
      }
      return encode(heap.profile())
    })
  }

  /** Allocations are no longer sampled, and what was sampled is forgotten. */
  async stopHeap(): Promise<void> {
    if (!this.#heapSampled) return
    if (this.#busyUntil !== undefined) throw this.#busy(this.#busyUntil)
    this.#heapSampled = false
    ;(await this.#load()).heap.stop()
  }

  async #alone(
    ms: number,
    gone: AbortSignal,
    take: (pprof: Pprof, ended: AbortSignal) => Promise<Buffer>,
  ): Promise<Buffer> {
    const { now, pause, draining } = this.#options
    if (draining.aborted) throw draining.reason
    if (this.#busyUntil !== undefined) throw this.#busy(this.#busyUntil)
    const rest = this.#endedAt + pause - now()
    if (rest > 0) throw refusal(429, 'too_soon', 'The last profile ended a moment ago', rest)
    this.#busyUntil = now() + ms
    this.taken++
    try {
      const pprof = await this.#load()
      try {
        return await take(pprof, AbortSignal.any([gone, draining]))
      } finally {
        this.#endedAt = now()
      }
    } finally {
      this.#busyUntil = undefined
    }
  }

  #busy(until: number): AdminFault {
    return refusal(409, 'busy', 'Another profile is being taken', until - this.#options.now())
  }

  async #load(): Promise<Pprof> {
    this.#pprof ??= this.#options.load()
    try {
      return await this.#pprof
    } catch (cause) {
      const platform = `${process.platform} ${process.arch}, Node ${process.versions.node}`
      const message = `The profiler, @datadog/pprof, cannot be loaded here (${platform})`
      throw new AdminFault(501, 'profiler_missing', message, {}, { cause })
    }
  }
}

function refusal(status: number, code: string, message: string, waitMs: number): AdminFault {
  const seconds = String(Math.max(1, Math.ceil(waitMs / 1000)))
  return new AdminFault(status, code, `${message}; try again in ${seconds} s`, { 'retry-after': seconds })
}
