/** The official suites find the same in a server direct and through the program: every scenario, every check. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { gatewayProcess } from '../support/gateway.ts'
import { legacyReference } from '../support/reference/legacy.ts'
import type { Reference } from '../support/reference/listen.ts'
import { modernReference } from '../support/reference/modern.ts'
import { assertParity, counts } from './parity.ts'
import { failures, run, type Suite, scored, type Verdicts } from './suite.ts'

/** The suite for `server` finds the same direct and through Sidelight with its defaults. */
async function compared(t: TestContext, suite: Suite, build: () => Promise<Reference>): Promise<Verdicts> {
  // One server each: they tell all their clients of list changes, so one run would hear of the other's.
  const [server, behind] = [await build(), await build()]
  t.after(() => Promise.all([server.close(), behind.close()]))
  const front = await gatewayProcess(['--upstream', behind.url])
  t.after(() => front.close())
  const verdicts = await assertParity(
    t,
    (scenario) => run(suite, ['--url', server.url], { scenario }),
    (scenario) => run(suite, ['--url', `${front.url}/mcp`], { scenario }),
  )
  t.diagnostic(counts(verdicts))
  return verdicts
}

/** Parity with a server that fails is worth little. */
async function passesAllScored(verdicts: Verdicts, revision: string): Promise<void> {
  const required = await scored(revision, 'server')
  const failed = failures(verdicts)
  assert.ok(required.length >= 30, 'the suite lists what counts')
  assert.deepEqual(
    required.filter((scenario) => failed.includes(scenario) || verdicts[scenario] === undefined),
    [],
  )
}

describe('server parity', { timeout: 115_000, concurrency: 2 }, () => {
  it('0.1.16, all scenarios, a server of 2025-11-25', async (t) => {
    const verdicts = await compared(t, { release: '0.1', leg: 'server' }, legacyReference)
    assert.equal(Object.keys(verdicts).length, 32)
    assert.deepEqual(failures(verdicts), [])
  })

  for (const [server, revision, build] of [
    ['2025-11-25', '2025-11-25', legacyReference],
    ['both eras', '2025-11-25', modernReference],
    ['both eras', '2026-07-28', modernReference],
  ] as const) {
    it(`0.2, what ${revision} requires, a server of ${server}`, async (t) => {
      const verdicts = await compared(t, { release: '0.2', leg: 'server', revision }, build)
      await passesAllScored(verdicts, revision)
    })
  }

  for (const revision of ['2025-03-26', '2025-06-18']) {
    it(`0.2, all of ${revision}, a server of 2025-11-25`, async (t) => {
      const verdicts = await compared(t, { release: '0.2', leg: 'server', revision }, legacyReference)
      assert.deepEqual(failures(verdicts), [])
    })
  }
})
