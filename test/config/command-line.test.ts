/** Commands, flags and variables, and how mistakes in them are told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flags, variables } from '../../src/config/flags.ts'
import { formatErrors } from '../../src/config/report.ts'
import { usage } from '../../src/config/usage.ts'
import { loaded, loadWith, refused } from './load-with.ts'

test('help and version are answered whatever else is wrong', async () => {
  const commands = []
  for (const argv of [['--help'], ['-h', '--prot'], ['--version'], ['-v', 'nonsense']]) {
    commands.push((await loaded({ argv, env: { SIDELIGHT_NONSENSE: '1' } })).command)
  }
  assert.deepEqual(commands, ['help', 'help', 'version', 'version'])
})

test('schema and check are commands', async () => {
  assert.equal((await loaded({ argv: ['schema'] })).command, 'schema')
  assert.equal((await loaded({ argv: ['check', 'gateway.yaml'], yaml: 'log: { level: warn }' })).command, 'check')
  assert.deepEqual(await refused({ argv: ['check', 'gateway.yaml'], yaml: 'log: { level: 1 }' }), [
    'log.level: must be one of trace, debug, info, warn, error, fatal, silent, not 1 (for example info)',
  ])
})

test('check without a file, surplus words and unknown commands are errors', async () => {
  assert.deepEqual(await refused({ argv: ['check'] }), ['check: needs a file (sidelight check FILE)'])
  assert.deepEqual(await refused({ argv: ['schema', 'x'] }), ['x: is one argument too many for schema (remove it)'])
  assert.deepEqual(await refused({ argv: ['chekc'] }), ['chekc: is not a command (did you mean check?)'])
  const bare = await refused({ argv: ['http://a/mcp'] })
  assert.deepEqual(bare, ['http://a/mcp: is not a command (to stand in front of it: --upstream http://a/mcp)'])
})

test('every faulty flag and variable is told by its own name, with a suggestion', async () => {
  const argv = [
    '--prot',
    '8081',
    '--admin-port',
    'x',
    '--host',
    '--log-level=inof',
    '--passthrough',
    'sse',
    '--upstream',
    'ftp://a',
  ]
  const env = { SIDELIGHT_PROT: '1', SIDELIGHT_ADMIN_HOST: '127.0.0.1', SIDELIGHT_ZZZZZZZZZZ: '1' }
  assert.deepEqual(await refused({ argv, env }), [
    '--prot: is not a known flag (did you mean --port?)',
    '--host: needs a value (--host HOST)',
    'SIDELIGHT_PROT: is not a known variable (did you mean SIDELIGHT_PORT?)',
    `SIDELIGHT_ZZZZZZZZZZ: is not a known variable (the variables are ${variables.map((f) => f.variable).join(', ')})`,
    '--admin-port: must be an integer from 0 to 65535, not "x" (for example 9090)',
    '--upstream: must be an http or https URL, not "ftp://a" (for example http://127.0.0.1:3001/mcp)',
    '--log-level: must be one of trace, debug, info, warn, error, fatal, silent, not "inof" (did you mean info?)',
    '--passthrough[0]: must be a path that begins with / and may end in /*, not "sse" (for example /.well-known/*)',
  ])
})

test('a faulty variable is told by its name, unless a flag overrides it', async () => {
  const env = { SIDELIGHT_PORT: '70000' }
  assert.deepEqual(await refused({ env }), [
    'SIDELIGHT_PORT: must be an integer from 0 to 65535, not 70000 (for example 8080)',
  ])
  assert.equal((await loaded({ env, argv: ['--port', '7'] })).config.listen.port, 7)
})

test('faults that parts have with each other are told by flag too', async () => {
  const [error] = await refused({ argv: ['--port', '9000', '--admin-port', '9000'] })
  assert.match(error ?? '', /^--admin-port: is the port of the proxy listener too \(9000\)/)
})

test('paths of --passthrough are separated by commas, as in its variable, and by repetition', async () => {
  const upstream = ['--upstream', 'http://a/mcp']
  const expected = ['/.well-known/*', '/sse', '/messages', '/x']
  for (const argv of [
    ['--passthrough', '/sse,/messages', '--passthrough', '/x'],
    ['--passthrough=/sse, /messages,,/x,'],
  ]) {
    const { config } = await loaded({ argv: [...upstream, ...argv] })
    assert.deepEqual(config.routes[0]?.passthrough, expected)
  }
  const { config } = await loaded({ argv: upstream, env: { SIDELIGHT_PASSTHROUGH: '/sse,/messages,/x' } })
  assert.deepEqual(config.routes[0]?.passthrough, expected)
})

test('the variables that Kubernetes sets for Services called sidelight are ignored with a warning', async () => {
  const links = {
    SIDELIGHT_SERVICE_HOST: '10.0.0.1',
    SIDELIGHT_SERVICE_PORT: '8080',
    SIDELIGHT_SERVICE_PORT_HTTP_MCP: '8080',
    SIDELIGHT_PORT: 'tcp://10.0.0.1:8080',
    SIDELIGHT_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
    SIDELIGHT_PORT_8080_TCP_PROTO: 'tcp',
    SIDELIGHT_PORT_8080_TCP_PORT: '8080',
    SIDELIGHT_PORT_8080_TCP_ADDR: '10.0.0.1',
    SIDELIGHT_ADMIN_SERVICE_HOST: 'fd00::1',
    SIDELIGHT_ADMIN_PORT: 'tcp://[fd00::1]:9090',
    SIDELIGHT_ADMIN_PORT_9090_TCP_ADDR: 'fd00::1',
  }
  const { config, warnings } = await loaded({ env: links })
  assert.deepEqual([config.listen.port, config.admin.port], [8080, 9090])
  assert.equal(warnings.length, 1)
  for (const name of Object.keys(links)) assert.ok(warnings[0]?.includes(name), name)
})

test('a variable that only looks a little like a service link is an error', async () => {
  for (const [name, value] of [
    ['SIDELIGHT_SERVICE_HOST', 'files.internal'],
    ['SIDELIGHT_SERVICE_PORT', 'http'],
    ['SIDELIGHT_POTR', 'x'],
  ] as const) {
    const [error] = await refused({ env: { [name]: value } })
    assert.ok(error?.startsWith(`${name}: is not a known variable`), error)
  }
})

test('the help text tells every flag once, with defaults', () => {
  const text = usage()
  for (const { name } of flags) assert.equal(text.split(`  --${name} `).length, 2, name)
  assert.match(text, /--port PORT .*\(8080\)/)
  assert.match(text, /sidelight check FILE/)
})

test('the report has a block for each error', async () => {
  const outcome = await loadWith({ argv: ['--port', 'x', '--bogus-flag'] })
  assert.ok('errors' in outcome)
  assert.equal(
    formatErrors(outcome.errors),
    `sidelight: 2 errors in the configuration

  --bogus-flag
    is not a known flag
    → sidelight --help lists them

  --port
    must be an integer from 0 to 65535, not "x"
    → for example 8080
`,
  )
})

test('a switch takes no value, its variable true or false, and a flag goes over it', async () => {
  const yaml = 'log: { level: warn }'
  const watch = async (argv: readonly string[], value = '') =>
    (await loaded({ argv, env: { SIDELIGHT_WATCH: value }, yaml })).config.reload.watch
  assert.deepEqual(
    [await watch([]), await watch(['--watch']), await watch([], 'true'), await watch(['--watch'], 'false')],
    [false, true, true, true],
  )
  assert.deepEqual(await refused({ argv: ['--watch=yes'], yaml }), ['--watch: takes no value (only --watch)'])
  assert.deepEqual(await refused({ env: { SIDELIGHT_WATCH: 'maybe' }, yaml }), [
    'SIDELIGHT_WATCH: must be true or false, not "maybe" (for example false)',
  ])
})

test('watching without a file is told to have no effect', async () => {
  assert.deepEqual((await loaded({ argv: ['--watch'] })).warnings, [
    'reload.watch: has no effect, there is no configuration file',
  ])
})
