/** Compares a suite's verdicts direct and through a gateway, scenario by scenario and check by check. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { Verdicts } from './suite.ts'

/** Runs a suite; `scenario` limits it to one. */
export type Run = (scenario?: string) => Promise<Verdicts>

/** How often a scenario that differed has to agree, or to differ, until that is the verdict. */
export interface Patience {
  readonly agreeing: number
  readonly differing: number
}

/**
 * Fails unless both say the same. Several scenarios time things in tenths of a second, so that two direct runs on a busy
 * machine differ as well; one that differs is therefore repeated by itself, both ways, and the test's output names it.
 * What a proxy does wrong, it does wrong each time.
 */
export async function assertParity(
  t: TestContext,
  direct: Run,
  through: Run,
  patience: Patience = { agreeing: 2, differing: 4 },
): Promise<Verdicts> {
  const [expected, actual] = await Promise.all([direct(), through()])
  assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort(), 'the same scenarios ran')
  for (const scenario of differing(expected, actual)) {
    t.diagnostic(`repeated, because it differed: ${scenario} ${JSON.stringify(actual[scenario])}`)
    await repeat(
      () => direct(scenario),
      () => through(scenario),
      patience,
    )
  }
  return expected
}

async function repeat(
  direct: () => Promise<Verdicts>,
  through: () => Promise<Verdicts>,
  patience: Patience,
): Promise<void> {
  let agreed = 0
  let differed = 0
  while (agreed < patience.agreeing) {
    const expected = await direct()
    const actual = await through()
    if (isDeepStrictEqual(actual, expected)) agreed++
    else if (++differed === patience.differing) assert.deepEqual(actual, expected)
  }
}

function differing(expected: Verdicts, actual: Verdicts): readonly string[] {
  return Object.keys(expected).filter((scenario) => !isDeepStrictEqual(actual[scenario], expected[scenario]))
}

export function counts(verdicts: Verdicts): string {
  const checks = Object.values(verdicts).flatMap((found) => Object.values(found))
  const sum = checks.reduce((total, count) => total + count, 0)
  return `${Object.keys(verdicts).length} scenarios, ${sum} checks`
}
