/** Precedence, defaults and what a configuration implies. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { withUpstream } from '../../src/config/config.ts'
import { certificateAuthority } from '../support/certificates.ts'
import { loaded } from './load-with.ts'

const url = 'http://127.0.0.1:3001/mcp'
const otlp = { protocol: 'grpc', headers: {}, timeout: 10_000, gzip: false }

test('without anything, every setting has its default and there is no upstream', async () => {
  const { command, config, warnings } = await loaded({})
  assert.equal(command, 'run')
  assert.deepEqual(warnings, [])
  assert.deepEqual(config, {
    listen: { host: '127.0.0.1', port: 8080, tls: undefined, hosts: undefined, origins: undefined, trustedProxies: [] },
    admin: {
      host: '127.0.0.1',
      port: 9090,
      hosts: undefined,
      origins: undefined,
      token: undefined,
      tokens: [],
      limits: { connections: 256 },
      profiles: { longest: 60_000, pause: 5_000 },
    },
    limits: {
      requestBytes: 4 * 1024 * 1024,
      headBytes: 16 * 1024,
      headTimeout: 10_000,
      bodyTimeout: 30_000,
      keepAlive: 75_000,
      connections: 20_000,
    },
    upstreams: {},
    routes: [],
    interceptors: [],
    sessions: { max: 10_000, idle: 1_800_000, heartbeat: 30_000, resume: 60_000, abandonAfter: 600_000 },
    inspection: { inflatedBytes: 64 * 1024 * 1024, inflatedRatio: 100, namesFor: 3_600_000 },
    telemetry: {
      enabled: true,
      resource: {},
      metrics: { exporters: undefined, views: [], interval: 60_000, timeout: 30_000, otlp },
      rules: [],
      traces: config.telemetry.traces,
    },
    health: { eventLoopDelay: 200, memoryShare: 90, checks: [] },
    errors: { kinds: 500, samples: 5, messages: false },
    alerts: config.alerts,
    drain: { lag: 5000, deadline: 25_000 },
    reload: { watch: false },
    log: {
      level: 'info',
      levels: {},
      format: 'json',
      destination: 'stdout',
      queue: 4 * 1024 * 1024,
      access: true,
      filter: { sample: 1, minDuration: 0, outcomes: [] },
      slow: { default: 5000, methods: {}, tools: {} },
    },
  })
})

test('--upstream adds a required upstream and a route at the path of its URL', async () => {
  const { config } = await loaded({ argv: ['--upstream', url] })
  assert.deepEqual(config.upstreams, {
    default: {
      url,
      required: true,
      tls: {},
      limits: { calls: 256, streams: 10_000, queue: 1024, queueTimeout: 5000 },
      keepAlive: 4000,
      probe: {
        enabled: true,
        interval: 10_000,
        timeout: 2000,
        successThreshold: 1,
        failureThreshold: 2,
        traffic: true,
        headers: {},
        tools: [],
        learnNames: false,
        listInterval: 60_000,
      },
    },
  })
  assert.deepEqual(config.routes, [
    {
      path: '/mcp',
      hostnames: [],
      upstream: 'default',
      host: 'upstream',
      invalidRequests: 'refuse',
      traceMeta: false,
      publicUrl: undefined,
      passthrough: ['/.well-known/*'],
      deadlines: { connect: 1000, responseHead: 300_000, bodyIdle: 60_000 },
    },
  ])
})

test('withUpstream gives what --upstream gives', async () => {
  const flagged = await loaded({ argv: ['--upstream', url] })
  const plain = await loaded({})
  assert.deepEqual(withUpstream(plain.config, url), flagged.config)
})

test('withUpstream leaves the routes and upstreams that are there', async () => {
  const { config } = await loaded({ yaml: `upstreams: { a: { url: "${url}" } }` })
  const more = withUpstream(config, 'http://127.0.0.1:9/other')
  assert.deepEqual(more.routes, config.routes)
  assert.deepEqual(Object.keys(more.upstreams), ['a', 'default'])
  assert.equal(more.upstreams.default?.required, false)
})

test('an upstream at the root of its host gets the route /', async () => {
  const { config } = await loaded({ argv: ['--upstream', 'http://127.0.0.1:3001'] })
  assert.equal(config.routes[0]?.path, '/')
})

test('flags go over the environment, the environment over the file, the file over defaults', async () => {
  const yaml = 'listen: { port: 1001, host: 127.0.0.11 }\nadmin: { port: 1002 }\nlog: { level: warn }'
  const env = { SIDELIGHT_PORT: '2001', SIDELIGHT_ADMIN_PORT: '2002', SIDELIGHT_LOG_LEVEL: '' }
  const { config } = await loaded({ yaml, env, argv: ['--port', '3001'] })
  assert.equal(config.listen.port, 3001)
  assert.equal(config.admin.port, 2002)
  assert.equal(config.listen.host, '127.0.0.11')
  assert.equal(config.log.level, 'warn')
  assert.equal(config.admin.host, '127.0.0.1')
})

test('every run flag works, and as a variable too', async () => {
  const argv = [
    '--upstream',
    url,
    '--host=::1',
    '--port=1',
    '--admin-host',
    '::1',
    '--admin-port',
    '2',
    '--log-level',
    'debug',
  ]
  const beside = ['--passthrough', '/sse', '--passthrough', '/messages/*']
  const flagged = await loaded({ argv: [...argv, ...beside] })
  const env = {
    SIDELIGHT_UPSTREAM: url,
    SIDELIGHT_HOST: '::1',
    SIDELIGHT_PORT: '1',
    SIDELIGHT_ADMIN_HOST: '::1',
    SIDELIGHT_ADMIN_PORT: '2',
    SIDELIGHT_LOG_LEVEL: 'debug',
    SIDELIGHT_PASSTHROUGH: '/sse, /messages/*',
  }
  assert.deepEqual((await loaded({ env })).config, flagged.config)
  assert.deepEqual(flagged.config.routes[0]?.passthrough, ['/.well-known/*', '/sse', '/messages/*'])
  assert.equal(flagged.config.log.level, 'debug')
  assert.deepEqual([flagged.config.listen.port, flagged.config.admin.port], [1, 2])
})

test('SIDELIGHT_CONFIG names the file', async () => {
  const { config } = await loaded({
    files: { 'a.json': '{"listen": {"port": 77}}' },
    env: { SIDELIGHT_CONFIG: 'a.json' },
  })
  assert.equal(config.listen.port, 77)
})

test('--upstream overrides the URL of the upstream default in the file and keeps the rest of it', async () => {
  const yaml = 'upstreams: { default: { url: http://a/b, keepAlive: 9s } }\nroutes: [{ path: /x }]'
  const { config } = await loaded({ yaml, argv: ['--upstream', url] })
  assert.equal(config.upstreams.default?.url, url)
  assert.equal(config.upstreams.default?.keepAlive, 9000)
  assert.equal(config.routes[0]?.path, '/x')
})

test('of several upstreams none is required unless it says so', async () => {
  const yaml = `upstreams: { a: { url: "${url}" }, b: { url: "${url}", required: true } }
routes: [{ path: /a, upstream: a }, { path: /b, upstream: b, hostnames: [Files.Example.COM] }]`
  const { config } = await loaded({ yaml })
  assert.deepEqual([config.upstreams.a?.required, config.upstreams.b?.required], [false, true])
  assert.deepEqual(config.routes[1]?.hostnames, ['files.example.com'])
})

test('durations, sizes and origins are normalised', async () => {
  const yaml = `
listen: { origins: ["HTTPS://App.Example.com:443", "vscode-webview://ABC", "*"] }
limits: { headTimeout: 1500ms, bodyTimeout: 2m, keepAlive: 1h, requestBytes: 1MB, headBytes: 2048 }
drain: { lag: 0, deadline: 250 }`
  const { config } = await loaded({ yaml })
  assert.deepEqual(config.listen.origins, ['https://app.example.com', 'vscode-webview://abc', '*'])
  const { headTimeout, bodyTimeout, keepAlive, requestBytes, headBytes } = config.limits
  assert.deepEqual(
    [headTimeout, bodyTimeout, keepAlive, requestBytes, headBytes],
    [1500, 120_000, 3_600_000, 1e6, 2048],
  )
  assert.deepEqual(config.drain, { lag: 0, deadline: 250 })
})

test('file paths resolve against the folder of the file, packages stay names', async () => {
  const yaml = `
listen: { tls: { cert: ../tls/a.pem, key: ../tls/a.pem } }
upstreams: { a: { url: https://a/mcp, tls: { ca: ../tls/a.pem } } }
interceptors: [{ module: ./redact.mjs }, { module: "@acme/redact", name: acme, options: { n: 1.5 }, failOpen: true }]`
  const { cert } = await certificateAuthority()
  const files = { 'etc/g.yaml': yaml, 'etc/redact.mjs': '', 'tls/a.pem': cert }
  const { config, folder } = await loaded({ files, argv: ['--config', 'etc/g.yaml'] })
  const pem = join(folder, 'tls/a.pem')
  assert.deepEqual(config.listen.tls, { cert: pem, key: pem })
  assert.deepEqual(config.upstreams.a?.tls, { ca: pem })
  assert.deepEqual(config.interceptors, [
    { module: join(folder, 'etc/redact.mjs'), name: undefined, options: {}, failOpen: false, mutates: false },
    { module: '@acme/redact', name: 'acme', options: { n: 1.5 }, failOpen: true, mutates: false },
  ])
})

test('what has no effect is warned of', async () => {
  const yaml = `upstreams: { a: { url: http://a/a, tls: { servername: x } }, b: { url: http://b/b } }
routes: [{ path: /a, upstream: a }]`
  const { warnings } = await loaded({ yaml, argv: ['--passthrough', '/sse'] })
  assert.deepEqual(warnings, [
    'upstreams.a.tls: has no effect, the URL is http',
    'upstreams.b: no route leads to it',
    '--passthrough: has no effect, it is for the route that --upstream implies',
  ])
})

test('several routes may pass /.well-known/* on', async () => {
  const yaml =
    'upstreams: { a: { url: http://a/a }, b: { url: http://b/b } }\nroutes: [{ path: /a, upstream: a }, { path: /b, upstream: b }]'
  const { config, warnings } = await loaded({ yaml })
  assert.deepEqual([config.routes.length, warnings], [2, []])
})

test('the same path on other host names is another route', async () => {
  const yaml = `upstreams: { a: { url: http://a/a }, b: { url: http://b/b } }
routes: [{ path: /m, upstream: a }, { path: /m, upstream: b, hostnames: [b.example] }]`
  assert.equal((await loaded({ yaml })).config.routes.length, 2)
})
