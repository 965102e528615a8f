/** The settings of the log: what is accepted, what is refused, and what they come to. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { log } from '../../src/config/settings-log.ts'
import { LOG_MODULES } from '../../src/telemetry/log-levels.ts'
import { loaded, refused } from './load-with.ts'

test('everything that can be said of the log', async () => {
  const yaml = `
log:
  level: warn
  levels: { upstream: debug, access: info }
  format: console
  destination: /var/log/sidelight.log
  queue: 1MiB
  access: true
  filter: { sample: 0.25, minDuration: 50ms, outcomes: [tool_error, unknown] }
  slow: { default: 2s, methods: { tools/list: 500ms, subscriptions/listen: 1h }, tools: { 'search_*': 30s, echo: 0 } }`
  assert.deepEqual((await loaded({ yaml })).config.log, {
    level: 'warn',
    levels: { upstream: 'debug', access: 'info' },
    format: 'console',
    destination: '/var/log/sidelight.log',
    queue: 1024 * 1024,
    access: true,
    filter: { sample: 0.25, minDuration: 50, outcomes: ['tool_error', 'unknown'] },
    slow: {
      default: 2000,
      methods: { 'tools/list': 500, 'subscriptions/listen': 3_600_000 },
      tools: { 'search_*': 30_000, echo: 0 },
    },
  })
})

test('every fault is told at once, with its place', async () => {
  const yaml = `
log:
  levels: { upstreams: debug, session: loud }
  format: xml
  destination: relative.log
  filter: { sample: 1.5, minDuration: soon, outcomes: [slow] }
  slow: { default: -1, tools: { echo: 5 seconds } }`
  const places = (await refused({ yaml })).map((error) => error.slice(0, error.indexOf(':')))
  assert.deepEqual(places.sort(), [
    'log.destination',
    'log.filter.minDuration',
    'log.filter.outcomes[0]',
    'log.filter.sample',
    'log.format',
    'log.levels.session',
    'log.levels.upstreams',
    'log.slow.default',
    'log.slow.tools.echo',
  ])
})

test('a module that is misspelt is told its name', async () => {
  const [error] = await refused({ yaml: 'log: { levels: { upstreams: debug } }' })
  assert.match(error ?? '', /did you mean upstream\?/)
})

test('levels are for the modules that write, and each of those is a part of src', () => {
  const named = Object.keys(log.properties?.levels?.properties ?? {})
  assert.deepEqual(named, [...LOG_MODULES])
  const folders = readdirSync(new URL('../../src', import.meta.url), { withFileTypes: true })
  const parts = ['access', 'main', ...folders.filter((entry) => entry.isDirectory()).map(({ name }) => name)]
  assert.deepEqual(
    named.filter((name) => !parts.includes(name)),
    [],
  )
})
