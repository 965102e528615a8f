/** The settings of the admin listener: its tokens, what makes a bad one, and that none is ever shown. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { loaded, refused } from './load-with.ts'

const SECRET = 'canary-0123456789abcdef'
const OTHER = 'canary-fedcba9876543210'

test('everything that can be said of tokens', async () => {
  const yaml = `
admin:
  token: ${SECRET}
  tokens:
    - { name: on-call, tokenFile: tokens/oncall, rights: [read, reveal, profile, write] }
    - { name: prometheus_1.2, token: "\${PROMETHEUS}" }
  limits: { connections: 50 }
  profiles: { longest: 30s, pause: 1m }`
  const files = { 'tokens/oncall': `${OTHER}\n` }
  const { config, folder } = await loaded({ yaml, files, env: { PROMETHEUS: 'from-the-environment' } })
  assert.deepEqual(config.admin, {
    host: '127.0.0.1',
    port: 9090,
    hosts: undefined,
    origins: undefined,
    token: SECRET,
    tokens: [
      { name: 'on-call', tokenFile: join(folder, 'tokens/oncall'), rights: ['read', 'reveal', 'profile', 'write'] },
      { name: 'prometheus_1.2', token: 'from-the-environment', rights: ['read'] },
    ],
    limits: { connections: 50 },
    profiles: { longest: 30_000, pause: 60_000 },
  })
})

test('the shortest way is a variable, which goes over the file', async () => {
  const env = { SIDELIGHT_ADMIN_TOKEN: SECRET }
  assert.equal((await loaded({ env })).config.admin.token, SECRET)
  const yaml = 'admin: { token: another-token-0123456789 }'
  assert.equal((await loaded({ env, yaml })).config.admin.token, SECRET)
})

test('there is no flag for it: everybody on the machine can read a command line', async () => {
  const errors = await refused({ argv: ['--admin-token', SECRET] })
  assert.match(errors.join('\n'), /^--admin-token: is not a known flag/)
  assert.doesNotMatch(errors.join('\n'), /canary/)
})

test('every fault is told at once, with its place, and without the secret', async () => {
  const yaml = `
admin:
  token: canary-short
  tokens:
    - { name: both, token: ${SECRET}, tokenFile: good }
    - { name: neither }
    - { name: gone, tokenFile: nowhere }
    - { name: weak, tokenFile: weak }
    - { name: empty, tokenFile: empty }
    - { name: spaced, token: "canary 0123456789 abcdef" }
    - { name: a name, token: ${SECRET} }
    - { name: number, token: 12345678901234567 }
    - { name: nothing, token: ${SECRET}, rights: [all] }`
  const files = { good: SECRET, weak: 'canary-weak', empty: '\n' }
  const errors = await refused({ yaml, files })
  const text = errors.join('\n')
  assert.doesNotMatch(text, /canary|12345678/)
  const faults: readonly (readonly [place: string, words: RegExp])[] = [
    ['admin.token', /at least 16 visible ASCII characters, not this one/],
    ['admin.tokens[2].tokenFile', /does not exist/],
    ['admin.tokens[3].tokenFile', /fewer than 16 characters.*openssl rand/],
    ['admin.tokens[4].tokenFile', /fewer than 16 characters/],
    ['admin.tokens[5].token', /visible ASCII characters, not this one/],
    ['admin.tokens[6].name', /must be a text/],
    ['admin.tokens[7].token', /not a number/],
    ['admin.tokens[8].rights[0]', /one of read, reveal, profile, write/],
  ]
  for (const [place, words] of faults) {
    const error = errors.find((line) => line.startsWith(`${place}: `))
    assert.match(error ?? text, words, place)
  }
  const weak = await refused({ env: { SIDELIGHT_ADMIN_TOKEN: 'canary-short' } })
  assert.match(weak.join('\n'), /^SIDELIGHT_ADMIN_TOKEN: must be a text of at least 16/)
  assert.doesNotMatch(weak.join('\n'), /canary/)
})

test('what no single setting can tell is told when they are sound', async () => {
  const yaml = `
admin:
  tokens:
    - { name: both, token: ${SECRET}, tokenFile: good }
    - { name: neither }
    - { name: twice, token: ${OTHER} }
    - { name: twice, token: x-${OTHER}, rights: [] }`
  assert.deepEqual(await refused({ yaml, files: { good: SECRET } }), [
    'admin.tokens[0].token: stands beside tokenFile (remove one of the two)',
    'admin.tokens[1].tokenFile: is missing (or give token)',
    'admin.tokens[3].rights: is empty (name what the token may do, or remove it)',
    'admin.tokens[3].name: is the name of another token too (twice) (choose another)',
  ])
})

test('two tokens that are the same are told with both places, wherever they come from', async () => {
  const yaml = `
admin:
  tokens:
    - { name: file, tokenFile: one }
    - { name: plain, token: ${OTHER} }
    - { name: link, tokenFile: two, rights: [write] }
    - { name: variable, token: "\${TOKEN}" }
    - { name: gone, tokenFile: nowhere }
    - { name: gone-too, tokenFile: nowhere }`
  const files = { one: `${SECRET}\n`, two: SECRET }
  const errors = await refused({ yaml, files, env: { TOKEN: OTHER, SIDELIGHT_ADMIN_TOKEN: SECRET } })
  assert.doesNotMatch(errors.join('\n'), /canary/)
  const same = errors.filter((line) => !line.includes('does not exist'))
  assert.deepEqual(same, [
    'admin.tokens[2].tokenFile: is the same token as admin.tokens[0].tokenFile (give each its own)',
    'admin.tokens[3].token: is the same token as admin.tokens[1].token (give each its own)',
    'SIDELIGHT_ADMIN_TOKEN: is the same token as admin.tokens[0].tokenFile (give each its own)',
  ])
  assert.equal(errors.length, 5)
})

test('no secret of other settings is in the words of an error', async () => {
  const yaml = `
upstreams:
  one: { url: "http://user:canary@h/mcp", probe: { headers: { authorization: ["canary"] } } }
  two: { url: http://h/mcp, probe: { headers: { authorization: "canary\\u0001" } } }
telemetry: { traces: { otlp: { headers: { x-key: "canary\\n" } } } }`
  const text = (await refused({ yaml })).join('\n')
  assert.match(text, /probe\.headers\.authorization: must be a text, not a list/)
  assert.doesNotMatch(text, /canary/)
})
