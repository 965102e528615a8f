/** The official suites find the same in a client direct and through the program: OAuth, retries, headers, metadata. */
import assert from 'node:assert/strict'
import { after, before, describe, it, mock } from 'node:test'
import { gatewayProcess } from '../support/gateway.ts'
import { type Desk, desk, type Way } from './desk.ts'
import { assertParity, counts } from './parity.ts'
import { relay } from './relay.ts'
import { failures, run, type Suite, scored } from './suite.ts'

/** Conversations at a time, in either way; one of them waits for half a second on purpose. */
const WAYS = 2

/** Authorization servers of 2025-03-26 answer at any path of the server's own origin, and metadata may be at any. */
const EVERY_PATH = ['/*']

async function throughProgram(): Promise<Way & { close(): Promise<void> }> {
  const upstream = await relay()
  const url = `http://127.0.0.1:${upstream.port}`
  // The suite's server knows itself under the name that its client uses.
  const host = 'preserve'
  const front = await gatewayProcess([], {
    settings: {
      upstreams: {
        at_mcp: { url: `${url}/mcp`, probe: { interval: '1h' } },
        at_root: { url: `${url}/`, probe: { interval: '1h' } },
      },
      routes: [
        { path: '/mcp', upstream: 'at_mcp', host, passthrough: EVERY_PATH },
        { path: '/', upstream: 'at_root', host, passthrough: [] },
      ],
    },
  })
  const ready = async () => (await fetch(`${front.url}/health/ready`)).status === 200
  while (!(await ready())) await new Promise((resolve) => setTimeout(resolve, 20))
  return {
    front: { port: Number(new URL(front.url).port), relay: upstream },
    async close() {
      await front.close()
      await upstream.close()
    },
  }
}

describe('client parity', { timeout: 115_000 }, () => {
  const closing: Array<() => Promise<void>> = []
  let direct: Desk
  let through: Desk
  before(async () => {
    // The SDK advises against what the scenarios are about.
    for (const way of ['warn', 'debug'] as const) mock.method(console, way, () => {})
    const ways = await Promise.all(Array.from({ length: WAYS }, throughProgram))
    direct = await desk(Array.from({ length: WAYS }, () => ({})))
    through = await desk(ways)
    closing.push(...[direct, through, ...ways].map((one) => () => one.close()))
  })
  after(async () => {
    mock.restoreAll()
    await Promise.all(closing.map((close) => close()))
  })

  for (const [release, revision, scenarios] of [
    ['0.1', undefined, 26],
    ['0.2', '2025-11-25', 25],
    ['0.2', '2026-07-28', 39],
  ] as const) {
    it(`${release}, ${revision ?? 'all scenarios'}`, async (t) => {
      const suite: Suite = { release, leg: 'client', ...(revision && { revision }) }
      const of = (one: Desk) => (scenario?: string) =>
        run(suite, ['--command', one.command, '--timeout', '60000'], { scenario })
      through.carried.clear()
      const verdicts = await assertParity(t, of(direct), of(through))
      t.diagnostic(counts(verdicts))

      assert.equal(Object.keys(verdicts).length, scenarios)
      assert.deepEqual(
        Object.keys(verdicts).filter((scenario) => !((through.carried.get(scenario) ?? 0) > 0)),
        [],
        'each went through the gateway',
      )
      if (revision === undefined) return
      const failed = failures(verdicts)
      assert.deepEqual(
        (await scored(revision, 'client')).filter((name) => failed.includes(name) || verdicts[name] === undefined),
        [],
      )
    })
  }
})
