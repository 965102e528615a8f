/** Bounds how long a user's module may take: one that never settles would hold up the start, and every reload after it. */

/** For the module, and again for its factory. */
export const LOAD_LIMIT_MS = 30_000

export class UnsettledError extends Error {
  /** @param limit milliseconds */
  constructor(limit: number) {
    super(`within ${limit / 1_000} s`)
  }
}

/** Waits for what a module began, and throws an `UnsettledError` when that takes too long. */
export type Wait = <T>(work: T | Promise<T>) => Promise<T>

/**
 * @param limit milliseconds
 * @param starting nothing else may keep the process yet: it would end without having said why
 */
export function waitFor(limit: number, starting: boolean): Wait {
  return async (work) => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new UnsettledError(limit)), limit)
      if (!starting) timer.unref()
    })
    try {
      return await Promise.race([work, late])
    } finally {
      clearTimeout(timer)
    }
  }
}
