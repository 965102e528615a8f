/** Tells from connect failures and answers that an endpoint went away and came back. Pure. */

export class RestartWatch {
  #answered = false
  #refusedAt: number | undefined

  /** A connection could not be made. One that never answered is only slow to start. */
  refused(at: number): void {
    if (this.#answered) this.#refusedAt = at
  }

  /** A request that was sent at this time was answered; `true`, once, if the endpoint had gone in between. */
  answered(at: number): boolean {
    this.#answered = true
    // What was sent before may have been answered by the process that has gone.
    if (this.#refusedAt === undefined || at <= this.#refusedAt) return false
    this.#refusedAt = undefined
    return true
  }
}
