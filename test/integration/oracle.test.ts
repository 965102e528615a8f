/** Ten thousand exchanges with an origin that knows what it did: what was counted and logged equals it, word by word. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { settles } from '../support/measure.ts'
import { type Random, seeded } from '../support/random.ts'
import { ANSWERS, type Episode } from './oracle-answers.ts'
import { FAULTS } from './oracle-faults.ts'
import { counted, differences, misjudged } from './oracle-ledger.ts'
import { abandoned, namesakes, SESSIONS } from './oracle-sessions.ts'
import { type Stage, stage } from './oracle-stage.ts'

const EXCHANGES = 10_000
const AT_ONCE = 32

const LOTS: readonly Episode[] = [...ANSWERS, ...FAULTS, ...SESSIONS].flatMap(([weight, episode]) =>
  Array.from({ length: weight }, () => episode),
)

async function play(s: Stage, random: Random): Promise<void> {
  await Promise.all(random.times(5, () => abandoned(s, random)))
  await namesakes(s, random)
  const work = async (): Promise<void> => {
    while (s.count < EXCHANGES) await random.pick(LOTS)(s, random)
  }
  await Promise.all(random.times(AT_ONCE, work))
}

async function expectTruth({ gateway, ledger, strays }: Stage): Promise<void> {
  await settles(() => gateway.exchanges.length >= ledger.exchanges.size, { within: 10_000, what: 'the log' })
  assert.deepEqual(misjudged(ledger, gateway), [])
  assert.equal(gateway.exchanges.length, ledger.exchanges.size)
  assert.deepEqual(strays(), [])
  const wrong = async (): Promise<string[]> => {
    const { server, client, requests } = await counted(gateway)
    return [
      ...differences(ledger.server, server),
      ...differences(ledger.client, client),
      ...differences(ledger.requests, requests),
    ]
  }
  // What was abandoned early may still have a little to wait.
  await settles(async () => (await wrong()).length === 0, { within: 12_000, every: 250 }).catch(() => {})
  assert.deepEqual(await wrong(), [])
  assert.equal(await gateway.metric('mcp_requests_active'), 0)
  assert.ok(gateway.log.every(({ level }) => level !== 'error'))
}

test('the oracle and the gateway agree on ten thousand exchanges', { timeout: 110_000 }, async (t: TestContext) => {
  const s = await stage(t)
  await seeded((random) => play(s, random))
  await expectTruth(s)
})
