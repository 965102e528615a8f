/** The tests of transparency prove themselves: a proxy that is broken on purpose fails them, one that is not passes. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { brokenProxy, FAULTS, type Fault } from '../support/broken/proxy.ts'
import { legacyReference } from '../support/reference/legacy.ts'
import { modernReference } from '../support/reference/modern.ts'
import { type Desk, desk } from './desk.ts'
import { assertParity } from './parity.ts'
import { relay } from './relay.ts'
import { run } from './suite.ts'
import { CHECKS, origin } from './unseen.ts'

/** Where a fault shows: in a scenario of a suite, or in a check of our own because no suite sees it. */
type Shows =
  | { readonly leg: 'server' | 'client'; readonly revision: '2025-11-25' | '2026-07-28'; readonly scenario: string }
  | { readonly check: string }

const SHOWS: Readonly<Record<Fault, Shows>> = {
  'buffers streams': { leg: 'server', revision: '2025-11-25', scenario: 'tools-call-elicitation' },
  'answers DELETE itself': { leg: 'server', revision: '2025-11-25', scenario: 'server-session-lifecycle' },
  'drops Last-Event-ID': { leg: 'server', revision: '2025-11-25', scenario: 'server-sse-polling' },
  'decodes Mcp-Param-*': { leg: 'server', revision: '2026-07-28', scenario: 'http-custom-header-server-validation' },
  'drops WWW-Authenticate': {
    leg: 'client',
    revision: '2025-11-25',
    scenario: 'auth/scope-from-www-authenticate',
  },
  'holds heads back': { check: 'the head of a stream comes before its first byte' },
  'ignores disconnects': { check: 'a disconnect before the head arrives' },
  'sends POST twice': { check: 'a POST arrives once' },
  'drops Origin': { check: 'Origin arrives' },
  'drops queries': { check: 'the query arrives' },
  'turns 202 into 200': { check: 'an acknowledgement stays 202 without a body' },
  'retries 503': { check: 'no answer is asked for twice' },
  'drops Cache-Control': { check: 'headers about caches come back' },
  'writes JSON anew': { check: 'JSON keeps its bytes' },
}

const SERVERS = { '2025-11-25': legacyReference, '2026-07-28': modernReference }

/** A difference is what is looked for. */
const AT_ONCE = { agreeing: 2, differing: 1 }

/** All scenarios of a revision, or one. */
async function serverParity(
  t: TestContext,
  revision: keyof typeof SERVERS,
  fault?: Fault,
  scenario?: string,
): Promise<void> {
  const server = await SERVERS[revision]()
  const behind = await SERVERS[revision]()
  const front = await brokenProxy(behind.url, fault)
  t.after(() => Promise.all([front.close(), server.close(), behind.close()]))
  const suite = { release: '0.2', leg: 'server', revision } as const
  const timeout = scenario === undefined ? '15000' : '3000'
  const at = (url: string) => (again?: string) =>
    run(suite, ['--url', url, '--timeout', timeout], { scenario: again ?? scenario })
  await assertParity(t, at(server.url), at(`${front.url}/mcp`), fault && AT_ONCE)
}

async function clientParity(
  t: TestContext,
  revision: keyof typeof SERVERS,
  fault: Fault | undefined,
  scenario: string,
): Promise<void> {
  const upstream = await relay()
  const front = await brokenProxy(`http://127.0.0.1:${upstream.port}`, fault)
  const direct = await desk([{}])
  const through = await desk([{ front: { port: Number(new URL(front.url).port), relay: upstream } }])
  t.after(() => Promise.all([front, upstream, direct, through].map((one) => one.close())))
  const suite = { release: '0.2', leg: 'client', revision } as const
  const of = (one: Desk) => () => run(suite, ['--command', one.command], { scenario })
  await assertParity(t, of(direct), of(through), fault && AT_ONCE)
}

async function check(t: TestContext, name: string, fault?: Fault): Promise<void> {
  const behind = await origin()
  const front = await brokenProxy(behind.url, fault)
  t.after(() => Promise.all([front.close(), behind.close()]))
  const run = CHECKS[name] ?? (() => assert.fail(`there is no check "${name}"`))
  await run(`${front.url}/mcp`, behind)
}

function shown(t: TestContext, shows: Shows, fault?: Fault): Promise<void> {
  if ('check' in shows) return check(t, shows.check, fault)
  const { leg, revision, scenario } = shows
  return leg === 'server' ? serverParity(t, revision, fault, scenario) : clientParity(t, revision, fault, scenario)
}

/** What a test of transparency says, rather than one that is broken itself. */
function isFinding(error: unknown): boolean {
  const { code, name } = error as { code?: unknown; name?: unknown }
  return code === 'ERR_ASSERTION' || name === 'TimeoutError' || name === 'AbortError'
}

describe('a proxy without a fault passes', { timeout: 90_000, concurrency: 2 }, () => {
  for (const revision of ['2025-11-25', '2026-07-28'] as const) {
    it(`all that ${revision} requires`, (t) => serverParity(t, revision))
  }
  for (const shows of Object.values(SHOWS)) {
    if ('leg' in shows && shows.leg === 'client') it(shows.scenario, (t) => shown(t, shows))
  }
  for (const name of Object.keys(CHECKS)) it(name, (t) => check(t, name))
})

describe('a proxy with a fault is noticed', { timeout: 90_000, concurrency: 2 }, () => {
  for (const fault of FAULTS) {
    const shows = SHOWS[fault]
    it(`${fault}: ${'check' in shows ? shows.check : shows.scenario}`, (t) =>
      assert.rejects(shown(t, shows, fault), isFinding))
  }
})
