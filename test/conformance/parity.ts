/** Compares a suite's verdicts direct and through a gateway, scenario by scenario and check by check. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Verdicts } from './suite.ts'

/** Runs a suite; `scenario` limits it to one. */
export type Run = (scenario?: string) => Promise<Verdicts>

/** Alone and in a row: what differs by chance on a busy machine does not differ three times more. */
const REPEATS = 3

/**
 * Fails unless both say the same. Several scenarios have deadlines of half a second of their own, so one that differs is
 * repeated by itself, both ways, and must then agree every time; the test's output names it.
 */
export async function assertParity(t: TestContext, direct: Run, through: Run): Promise<Verdicts> {
  const [expected, actual] = await Promise.all([direct(), through()])
  assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort(), 'the same scenarios ran')
  for (const scenario of differing(expected, actual)) {
    t.diagnostic(`${scenario} differed and is repeated ${REPEATS} times: ${JSON.stringify(actual[scenario])}`)
    for (let i = 0; i < REPEATS; i++) {
      const again = await direct(scenario)
      assert.deepEqual(await through(scenario), again)
    }
  }
  return expected
}

function differing(expected: Verdicts, actual: Verdicts): readonly string[] {
  return Object.keys(expected).filter((scenario) => {
    const counts = expected[scenario] ?? {}
    const others = actual[scenario] ?? {}
    const checks = new Set([...Object.keys(counts), ...Object.keys(others)])
    return [...checks].some((check) => counts[check] !== others[check])
  })
}

export function counts(verdicts: Verdicts): string {
  const checks = Object.values(verdicts).flatMap((found) => Object.values(found))
  const sum = checks.reduce((total, count) => total + count, 0)
  return `${Object.keys(verdicts).length} scenarios, ${sum} checks`
}
