/** Tells when a modern downstream asked a legacy upstream, was told so, and began anew with `initialize`. Pure. */

/** How a message of revision 2026-07-28 was answered. */
export interface ModernAnswer {
  readonly method: string
  readonly status: number
  /** `error.code` of the response message, if there was one. */
  readonly errorCode: number | undefined
}

/** Whether the answer makes a client of both eras take the upstream for a legacy one. */
export function legacyAnswer(_answer: ModernAnswer): boolean {
  return false
}

/** Whether the answer is all that was asked for: the question `server/discover`, and the answer "legacy". */
export function answeredProbe(answer: ModernAnswer): boolean {
  return answer.method === 'server/discover' && legacyAnswer(answer)
}

export interface FallbackOptions {
  readonly now: () => number
  /** How long after the answer an `initialize` belongs to it, in milliseconds. */
  readonly ttlMs?: number
  /** Answers remembered at most; the oldest go first. */
  readonly most?: number
}

export class FallbackWatch {
  constructor(_options: FallbackOptions) {}

  /** @param downstream what tells downstreams apart: the remote address */
  answered(_downstream: string, _upstream: string, _answer: ModernAnswer): void {}

  /** An `initialize` was read; true when it ends a fallback, once for each. */
  initialized(_downstream: string, _upstream: string): boolean {
    return false
  }

  get size(): number {
    return 0
  }
}
