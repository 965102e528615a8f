/** Checks something again and again, and is a health component for it. */
import type { Component, ComponentState } from '../health.ts'

export interface CheckOutcome {
  readonly healthy: boolean
  /** One line for the health report, which is open to all: no address, and nothing that was read. */
  readonly message: string
  /** For the log alone. */
  readonly detail?: string | undefined
}

/** Looks once. Rejects when `signal` ends it, or for a reason that has a `code`. */
export type Look = (signal: AbortSignal) => Promise<CheckOutcome>

export interface CheckOptions {
  readonly name: string
  readonly required: boolean
  /** Milliseconds. */
  readonly interval: number
  readonly timeout: number
  /** Failures in a row from which on it is unhealthy, and not only degraded. */
  readonly failureThreshold: number
  readonly look: Look
  /** It fails, after it did not. */
  readonly onFailure: (outcome: CheckOutcome) => void
}

export class Check implements Component {
  readonly name: string
  readonly required: boolean
  /** Looks begun. */
  looks = 0
  readonly #options: CheckOptions
  readonly #stop = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #failures = 0
  #state: ComponentState = { status: 'unhealthy', message: 'not checked yet' }

  constructor(options: CheckOptions) {
    this.#options = options
    this.name = `check:${options.name}`
    this.required = options.required
  }

  readonly report = (): ComponentState => this.#state

  start(): void {
    void this.#round()
  }

  stop(): void {
    this.#stop.abort()
    clearTimeout(this.#timer)
  }

  async #round(): Promise<void> {
    const { interval, failureThreshold, onFailure } = this.#options
    const startedAt = performance.now()
    const outcome = await this.#look()
    if (this.#stop.signal.aborted) return
    this.#failures = outcome.healthy ? 0 : this.#failures + 1
    this.#state = {
      status: outcome.healthy ? 'healthy' : this.#failures < failureThreshold ? 'degraded' : 'unhealthy',
      message: outcome.message,
      duration_ms: Math.round(performance.now() - startedAt),
      checked_at: new Date().toISOString(),
    }
    if (this.#failures === 1) onFailure(outcome)
    this.#timer = setTimeout(() => void this.#round(), interval)
    this.#timer.unref()
  }

  async #look(): Promise<CheckOutcome> {
    const { timeout, look } = this.#options
    this.looks++
    const late = AbortSignal.timeout(timeout)
    try {
      return await look(AbortSignal.any([late, this.#stop.signal]))
    } catch (error) {
      if (late.aborted) return { healthy: false, message: `took longer than ${timeout / 1000} s` }
      const { code, name } = error as NodeJS.ErrnoException
      return { healthy: false, message: `failed: ${code ?? name}`, detail: (error as Error).message }
    }
  }
}
