/** The settings of errors and alerts: their defaults, and what is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loaded, refused } from './load-with.ts'

test('there are two rules unless others are set', async () => {
  const { config } = await loaded({})
  assert.deepEqual(config.errors, { kinds: 500, samples: 5, messages: false })
  assert.deepEqual(config.alerts.webhook, undefined)
  assert.deepEqual(
    config.alerts.rules.map(({ name, down, errors }) => [name, down, errors?.count]),
    [
      ['UpstreamDown', 120_000, undefined],
      ['GatewayErrors', undefined, 10],
    ],
  )
  assert.deepEqual((await loaded({ yaml: 'alerts: { rules: [] }' })).config.alerts.rules, [])
})

test('everything that can be said of alerts', async () => {
  const yaml = `
upstreams: { files: { url: http://127.0.0.1:3001/mcp } }
alerts:
  rules:
    - { name: SearchFails, severity: warning, upstream: files, errors: { outcomes: [timeout, tool_error], method: tools/call, tool: 'search_*', count: 20, window: 10m } }
    - { name: Down, down: 30s }
  labels: { team: search }
  link: https://gateway.example.com/admin
  webhook:
    urls: ['https://hooks.example.com/x?key=1']
    format: alertmanager
    headers: { authorization: 'Bearer \${HOOK_TOKEN}' }
    timeout: 1s
    retries: 2`
  const { config } = await loaded({ yaml, env: { HOOK_TOKEN: 'abc' } })
  assert.deepEqual(config.alerts, {
    rules: [
      {
        name: 'SearchFails',
        severity: 'warning',
        upstream: 'files',
        errors: {
          outcomes: ['timeout', 'tool_error'],
          method: 'tools/call',
          tool: 'search_*',
          count: 20,
          window: 600_000,
        },
        down: undefined,
      },
      { name: 'Down', severity: 'critical', upstream: undefined, errors: undefined, down: 30_000 },
    ],
    labels: { team: 'search' },
    link: 'https://gateway.example.com/admin',
    webhook: {
      urls: ['https://hooks.example.com/x?key=1'],
      format: 'alertmanager',
      headers: { authorization: 'Bearer abc' },
      timeout: 1_000,
      retries: 2,
    },
  })
})

test('what cannot be meant is refused, each with its place', async () => {
  const yaml = `
upstreams: { files: { url: http://127.0.0.1:3001/mcp } }
alerts:
  rules:
    - { name: Twice, down: 30s }
    - { name: Twice, down: 30s }
    - { name: Neither }
    - { name: Both, down: 30s, errors: { count: 1 } }
    - { name: Nowhere, upstream: file, down: 1m }
  labels: { severity: x }
  webhook: { urls: [] }`
  assert.deepEqual(await refused({ yaml }), [
    'alerts.rules[1].name: is the name of alerts.rules[0] too (choose another name)',
    'alerts.rules[2]: needs either errors or down (for example down: 2m)',
    'alerts.rules[3]: needs either errors or down (for example down: 2m)',
    'alerts.rules[4].upstream: names no upstream: file (one of files)',
    'alerts.labels.severity: is a label that alerts have of themselves',
    'alerts.webhook.urls: is empty (name a URL, or leave webhook out)',
  ])
})

test('the URL of a webhook is never shown, because it may be a secret', async () => {
  for (const url of ['hooks.example.com/canary', 'https://me:canary@hooks.example.com/', 'http://[canary'])
    assert.doesNotMatch(
      (await refused({ yaml: `alerts: { webhook: { urls: ['${url}'] } }` })).join('\n'),
      /canary/,
      url,
    )
})

test('there are at most as many rules as there are series for them', async () => {
  const rules = Array.from({ length: 33 }, (_, i) => `{ name: Rule${i}, down: 1m }`)
  const yaml = `alerts: { rules: [${rules.join(', ')}] }`
  assert.deepEqual(await refused({ yaml }), ['alerts.rules: has 33 rules, and may have 32'])
})
