/** Bounded calls and streams of one endpoint, and the bounded line of exchanges that wait for a call permit. */
import type { ErrorCode } from '../errors.ts'

export interface PermitLimits {
  /** Calls at once. */
  readonly calls: number
  /** Event streams at once. */
  readonly streams: number
  /** Exchanges that may wait. */
  readonly queue: number
  /** Milliseconds that one may wait. */
  readonly queueTimeout: number
}

/** One exchange in line. Intrusive list node: leaving the line costs no search. */
export class Waiter {
  readonly granted: () => void
  readonly refused: (code: ErrorCode) => void
  timer: NodeJS.Timeout | undefined = undefined
  previous: Waiter | undefined = undefined
  next: Waiter | undefined = undefined
  waiting = false

  constructor(granted: () => void, refused: (code: ErrorCode) => void) {
    this.granted = granted
    this.refused = refused
  }
}

export class Permits {
  #limits: PermitLimits
  #first: Waiter | undefined
  #last: Waiter | undefined
  #calls = 0
  #streams = 0
  #pending = 0

  constructor(limits: PermitLimits) {
    this.#limits = limits
  }

  /** Other limits from now on. Whoever has a permit keeps it, and who waits, its place in line. */
  limit(limits: PermitLimits): void {
    this.#limits = limits
    while (this.#first !== undefined && this.#calls < limits.calls) this.#grant(this.#first)
  }

  get calls(): number {
    return this.#calls
  }

  get streams(): number {
    return this.#streams
  }

  get pending(): number {
    return this.#pending
  }

  /** Takes a call permit if one is free. Those already in line go first. */
  tryCall(): boolean {
    if (this.#calls >= this.#limits.calls || this.#pending > 0) return false
    this.#calls++
    return true
  }

  /** Puts a waiter in line; `false` if the line is full. It hears `granted` or `refused('queue_timeout')`, once. */
  wait(waiter: Waiter): boolean {
    if (this.#pending >= this.#limits.queue) return false
    waiter.waiting = true
    waiter.previous = this.#last
    if (this.#last) this.#last.next = waiter
    else this.#first = waiter
    this.#last = waiter
    this.#pending++
    waiter.timer = setTimeout(() => {
      this.leave(waiter)
      waiter.refused('queue_timeout')
    }, this.#limits.queueTimeout)
    return true
  }

  /** Takes a waiter out of the line; it hears nothing more. */
  leave(waiter: Waiter): void {
    if (!waiter.waiting) return
    waiter.waiting = false
    clearTimeout(waiter.timer)
    if (waiter.previous) waiter.previous.next = waiter.next
    else this.#first = waiter.next
    if (waiter.next) waiter.next.previous = waiter.previous
    else this.#last = waiter.previous
    waiter.previous = waiter.next = undefined
    this.#pending--
  }

  releaseCall(): void {
    this.#calls--
    const next = this.#first
    if (next !== undefined && this.#calls < this.#limits.calls) this.#grant(next)
  }

  /** The head turned out to be an event stream: gives the call permit back for a stream permit; `false` if none is free. */
  becomeStream(): boolean {
    if (this.#streams >= this.#limits.streams) return false
    this.#streams++
    this.releaseCall()
    return true
  }

  releaseStream(): void {
    this.#streams--
  }

  #grant(waiter: Waiter): void {
    this.leave(waiter)
    this.#calls++
    waiter.granted()
  }
}
