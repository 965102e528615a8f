/** The file: YAML faults, substitution, and every class of error in its settings. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loaded, refused } from './load-with.ts'

test('a file that is missing or no mapping is an error', async () => {
  assert.deepEqual(await refused({ argv: ['--config', 'no.yaml'] }), [
    'no.yaml: does not exist (check the path and its permissions)',
  ])
  assert.match((await refused({ argv: ['--config', '.'] }))[0] ?? '', /^\.: is a folder/)
  assert.match((await refused({ yaml: '[1]' }))[0] ?? '', /^gateway.yaml: must hold a mapping of settings/)
})

test('an empty file is a file with no settings', async () => {
  assert.equal((await loaded({ yaml: '# nothing\n' })).config.listen.port, 8080)
})

test('YAML faults are told with line and column, beside faulty flags', async () => {
  const errors = await refused({ yaml: 'log: {}\nlisten: {}\nlog: {}\nadmin: [\n', argv: ['--port', 'x'] })
  assert.equal(errors[0], 'gateway.yaml:3:1: is a duplicate key (remove one of the two)')
  assert.match(errors[1] ?? '', /^gateway.yaml:\d+:\d+: is not valid YAML: /)
  assert.match(errors.at(-1) ?? '', /^--port: must be an integer/)
})

test('unknown tags, unknown aliases, several documents and aliases inside themselves are errors', async () => {
  assert.match((await refused({ yaml: 'log: !x {}' }))[0] ?? '', /^gateway.yaml:1:6: is not valid YAML: Unresolved tag/)
  assert.match((await refused({ yaml: 'log: *x' }))[0] ?? '', /not valid YAML: .*Unresolved alias/)
  assert.match((await refused({ yaml: 'log: {}\n---\nlog: {}' }))[0] ?? '', /^gateway.yaml:2:1: is not valid YAML/)
  assert.match((await refused({ yaml: 'log: &x { level: *x }' }))[0] ?? '', /^log.level: contains itself/)
})

test('anchors and merge keys work', async () => {
  const yaml = `upstreams:
  a: &a { url: http://a/a, keepAlive: 3s }
  b: { <<: *a, url: http://b/b }
routes: [{ path: /a, upstream: a }, { path: /b, upstream: b }]`
  assert.equal((await loaded({ yaml })).config.upstreams.b?.keepAlive, 3000)
})

test('variables are put into values, also where a number or a boolean is meant', async () => {
  const yaml = `
listen: { port: "\${PORT}", host: "\${HOST:-127.0.0.9}" }
log: { access: "\${ACCESS:-false}", level: "\${EMPTY:-warn}" }
limits: { headTimeout: "\${SECONDS}s", connections: "\${MANY}" }
interceptors: [{ module: a, options: { deep: ["\${PORT}/$\${PORT}"], empty: "\${EMPTY}", url: "\${U:-http://x/y?a:-b}" } }]`
  const { config } = await loaded({ yaml, env: { PORT: '81', ACCESS: '', EMPTY: '', SECONDS: '7', MANY: '5' } })
  assert.deepEqual([config.listen.port, config.listen.host], [81, '127.0.0.9'])
  assert.deepEqual([config.log.access, config.log.level], [false, 'warn'])
  assert.deepEqual([config.limits.headTimeout, config.limits.connections], [7000, 5])
  assert.deepEqual(config.interceptors[0]?.options, { deep: [`81/\${PORT}`], empty: '', url: 'http://x/y?a:-b' })
})

test('without a variable, a text does not stand for a number', async () => {
  const errors = await refused({ yaml: 'listen: { port: "81" }' })
  assert.deepEqual(errors, ['listen.port: must be an integer from 0 to 65535, not "81" (for example 8080)'])
})

test('a missing variable and a malformed one are errors with their path', async () => {
  const errors = await refused({
    yaml: `listen: { port: "\${PORT}" }\nupstreams: { a: { url: "http://\${A-B}/mcp" } }\nlog: { level: "\${OPEN" }`,
  })
  assert.deepEqual(errors, [
    `listen.port: needs the environment variable PORT, which is not set (set it, or give a default: \${PORT:-…})`,
    `upstreams.a.url: holds \${A-B}, which is no variable (write \${NAME} or \${NAME:-default}, or $\${ for a plain \${)`,
    `log.level: holds \${OPEN, which is no variable (write \${NAME} or \${NAME:-default}, or $\${ for a plain \${)`,
  ])
})

test('a missing variable does not matter where a flag overrides the value', async () => {
  assert.equal((await loaded({ yaml: `listen: { port: "\${PORT}" }`, argv: ['--port', '5'] })).config.listen.port, 5)
})

test('many errors are told at once', async () => {
  const yaml = `
listne: {}
listen: { port: 65536, hosts: ["http://a"], origins: ["https://a/"], trustedProxies: [10.0.0.0/33, nonsense, "::/129", 10.0.0.1] }
admin:
limits: { requestbytes: 1MiB, headTimeout: 10 s, keepAlive: 0, bodyTimeout: 600h, connections: 1.5 }
upstreams:
  a b: { url: http://x/y }
  everything: { urll: http://x/y, probe: { headers: { "x y": a, z: "a\\nb" } } }
  secret: { url: "http://user:pass@h/p?q#f" }
routes: [{ path: mcp, upstream: everything, host: preserv, deadlines: 5s }, 7]
interceptors: { module: x }
drain: { lag: 26s }`
  assert.deepEqual(await refused({ yaml }), [
    'listen.port: must be an integer from 0 to 65535, not 65536 (for example 8080)',
    'listen.hosts[0]: must be a host name without scheme and port (IPv6 in brackets), not "http://a" (for example gateway.example.com)',
    'listen.origins[0]: must be an origin (scheme://host[:port], nothing after it) or *, not "https://a/" (for example https://app.example.com)',
    'listen.trustedProxies[0]: is not an IP address or CIDR network (for example 10.0.0.0/8)',
    'listen.trustedProxies[1]: is not an IP address or CIDR network (for example 10.0.0.0/8)',
    'listen.trustedProxies[2]: is not an IP address or CIDR network (for example 10.0.0.0/8)',
    'admin: must be a mapping, and is empty (give it a value, or remove the line)',
    'limits.headTimeout: must be a duration (500ms, 10s, 5m, 1h), not "10 s" (for example 10s)',
    'limits.bodyTimeout: must be at most 2147483647 milliseconds',
    'limits.keepAlive: must be a duration (500ms, 10s, 5m, 1h), not 0 (for example 75s)',
    'limits.connections: must be an integer from 1 to 1000000, not 1.5 (for example 20000)',
    'limits.requestbytes: is not a known setting (did you mean requestBytes?)',
    'upstreams["a b"]: is not a valid name (names match ^[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}$)',
    'upstreams.everything.url: is missing (add url: http://127.0.0.1:3001/mcp)',
    'upstreams.everything.probe.headers["x y"]: is not a valid name (names match ^[!#$%&\'*+.^_`|~0-9A-Za-z-]+$)',
    'upstreams.everything.probe.headers.z: holds a character that a header must not have (no line ends, no control characters, Latin-1 only)',
    'upstreams.everything.urll: is not a known setting (did you mean url?)',
    'upstreams.secret.url: must not carry credentials (remove the part before the @)',
    'upstreams.secret.url: must not carry a query (remove everything from the ? on)',
    'upstreams.secret.url: must not carry a fragment (remove everything from the # on)',
    'routes[0].path: must be a path that begins with / (no query, no *), not "mcp" (for example /mcp)',
    'routes[0].host: must be one of upstream, preserve, not "preserv" (did you mean preserve?)',
    'routes[0].deadlines: must be a mapping, not "5s"',
    'routes[1]: must be a mapping, not 7',
    'interceptors: must be a list, not a mapping',
    'listne: is not a known setting (did you mean listen?)',
    'drain.lag: must not be longer than drain.deadline (the deadline counts from the signal on, lag included)',
  ])
})

test('a password in a URL that is refused is not shown', async () => {
  const [error] = await refused({ yaml: 'upstreams: { a: { url: "ftp://user:pass@h" } }' })
  assert.doesNotMatch(error ?? '', /pass@|user/)
  assert.match(error ?? '', /^upstreams.a.url: must be an http or https URL/)
})
