/** Health checks in the configuration: each kind has what it needs, and no more. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MOST_CHECKS } from '../../src/config/checks-health.ts'
import { loaded, refused } from './load-with.ts'

const yaml = (...checks: readonly string[]) => `health: { checks: [${checks.join(', ')}] }`

test('each kind of check with what it needs is accepted', async () => {
  const { config } = await loaded({
    yaml: yaml(
      '{ name: a, kind: http, url: "http://127.0.0.1:1/x", status: [204], headers: { x: y } }',
      '{ name: b, kind: tcp, host: db, port: 5432, required: true, interval: 1m }',
      '{ name: c, kind: mcp, url: "http://127.0.0.1:1/mcp", tokenFile: token }',
      '{ name: d, kind: command, command: [/bin/true, "--x"], timeout: 1s }',
    ),
    files: { token: 'a-token-that-is-long-enough' },
  })
  const [, tcp] = config.health.checks
  assert.deepEqual([tcp?.interval, tcp?.timeout, tcp?.failureThreshold, tcp?.required], [60_000, 5_000, 1, true])
  assert.deepEqual(
    config.health.checks.map(({ kind }) => kind),
    ['http', 'tcp', 'mcp', 'command'],
  )
})

test('what a kind lacks, and what means nothing to it, is told by its place', async () => {
  assert.deepEqual(
    await refused({
      yaml: yaml(
        '{ name: a, kind: http }',
        '{ name: a, kind: tcp, host: db, port: 1, url: "http://x/" }',
        '{ name: c, kind: command, headers: { x: y }, status: [200] }',
      ),
    }),
    [
      'health.checks[0].url: is missing: kind http needs it',
      'health.checks[1].name: is the name of health.checks[0] too (choose another name)',
      'health.checks[1].url: has no meaning for kind tcp (remove it)',
      'health.checks[2].command: is missing: kind command needs it',
      'health.checks[2].headers: has no meaning for kind command (remove it)',
      'health.checks[2].status: has no meaning for kind command (remove it)',
    ],
  )
})

test('there may be so many checks and no more', async () => {
  const checks = Array.from({ length: MOST_CHECKS + 1 }, (_, i) => `{ name: c${i}, kind: command, command: [x] }`)
  assert.match((await refused({ yaml: yaml(...checks) })).join(), /^health\.checks: has 33 checks, and may have 32$/)
})
